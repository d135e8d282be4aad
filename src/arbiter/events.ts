/** Everything that can happen to the arbiter. The shell feeds these in, one at a time, with a monotonic clock. */

import type { ByteString } from '../protocol/values.ts';
/** One TCP connection, numbered by the shell, never reused while the process lives. */
export type ClientId = number;

/** What the peer's certificate says, read by the certs port. Text as in the certificate, one character a byte kept. */
export interface PeerCertificate {
  /** The last CN of the subject in encoding order, or undefined if it has none. */
  readonly commonName: string | undefined;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** SHA-256 of the whole certificate, lower case hexadecimal. */
  readonly fingerprint: string;
}

export type ArbiterEvent =
  /** A TCP connection was accepted. `address` is `ADDR:PORT` as upstream prints it (IPv6 without brackets). */
  | { readonly kind: 'connected'; readonly client: ClientId; readonly address: string }
  /** Bytes arrived: in the clear before TLS, decrypted after. */
  | { readonly kind: 'bytes'; readonly client: ClientId; readonly bytes: Uint8Array }
  /** The TLS handshake asked for by a startTls effect is done. No certificate: none was asked for or presented. */
  | { readonly kind: 'secured'; readonly client: ClientId; readonly certificate: PeerCertificate | undefined }
  /**
   * The connection is gone: EOF, error, failed handshake, or because an effect asked for it. `finished`: the peer's FIN
   * was read, so that no process of its has the connection any more.
   */
  | { readonly kind: 'disconnected'; readonly client: ClientId; readonly reason: string; readonly finished?: boolean }
  /** What a record effect asked for is on disk; `failure`: it could not be written, and why. */
  | {
      readonly kind: 'recorded';
      readonly cluster: ByteString;
      readonly version: number;
      readonly failure?: string | undefined;
    }
  /**
   * An operator's word that nothing on this node can be casting a vote: it is powered off, or its corosync is stopped.
   * Of no effect unless somebody waits for it, and while it is connected.
   */
  | { readonly kind: 'release'; readonly cluster: ByteString; readonly nodeId: number }
  /** These certificates, all that are so, open nothing any more; by fingerprint. */
  | { readonly kind: 'revoked'; readonly fingerprints: ReadonlySet<string> }
  /** The moment that nextDeadlineMs() named has come. */
  | { readonly kind: 'tick' }
  /** The service stops: every client is closed, nothing is decided any more, nobody is told a vote. */
  | { readonly kind: 'shutdown' };
