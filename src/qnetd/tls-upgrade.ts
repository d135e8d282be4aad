/**
 * The TLS half of STARTTLS: takes a plain socket in the middle of its life and gives back a secured one with what the
 * peer's certificate says.
 *
 * One tls.Server that never listens serves every connection: Node.js documents that a `connection` event hands it a
 * socket, and it is the documented way to learn why a handshake failed. It does not say which socket a secured one was
 * made of, so the two are matched by their pair of addresses, which no two living connections share.
 *
 * OpenSSL checks the certificate, but Node.js would drop a peer it does not accept without a word of why. So the
 * handshake is let through and the verdict is read here; nobody else gets to see a socket that was not accepted.
 */
import { constants, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../arbiter/events.ts';
import { TLS_SUITES } from '../runtime/tls-suites.ts';
import { certificateReason, handshakeReason } from './reasons.ts';

/** What a TLS server needs; all PEM. `caPem` signs the clients' certificates. */
interface TlsIdentity {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

export type UpgradeResult =
  | { readonly ok: true; readonly secured: TLSSocket; readonly certificate: PeerCertificate | undefined }
  /** `secured` is there if the handshake itself went well: it can still be closed politely. */
  | { readonly ok: false; readonly secured: TLSSocket | undefined; readonly reason: string };

export interface TlsUpgradeOptions {
  readonly identity: TlsIdentity;
  readonly clientCertRequired: boolean;
  readonly readPeerCertificate: (raw: Uint8Array) => PeerCertificate;
}

export class TlsUpgrade {
  /** SHA-256 of the server's certificate, as `openssl x509 -fingerprint -sha256` prints it. */
  readonly fingerprint: string;
  readonly #options: TlsUpgradeOptions;
  readonly #server: Server;
  readonly #waiting = new Map<string, (result: UpgradeResult) => void>();

  /** Throws if certificate and key do not fit together or cannot be read. */
  constructor(options: TlsUpgradeOptions) {
    this.#options = options;
    this.fingerprint = new X509Certificate(options.identity.certPem).fingerprint256;
    this.#server = createServer({
      ca: options.identity.caPem,
      cert: options.identity.certPem,
      key: options.identity.keyPem,
      requestCert: options.clientCertRequired,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: TLS_SUITES,
      honorCipherOrder: true,
      // No tickets, and no session cache is installed either: every connection proves who it is anew.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
    });
    this.#server.on('secureConnection', (secured) => this.#onSecured(secured));
    this.#server.on('tlsClientError', (error, secured) => {
      this.#take(secured)?.({ ok: false, secured: undefined, reason: handshakeReason(error) });
    });
  }

  /**
   * Makes `plain` speak TLS. Output queued on it is sent first, `alreadyRead` goes to the handshake. `done` is called
   * at most once; if the socket dies before the handshake ends it may never be, the socket's own `close` tells that.
   */
  start(plain: Socket, alreadyRead: Uint8Array, done: (result: UpgradeResult) => void): void {
    const key = addressPair(plain);
    if (key === undefined || this.#waiting.has(key)) {
      done({ ok: false, secured: undefined, reason: 'the connection is gone' });
      return;
    }
    this.#waiting.set(key, done);
    plain.once('close', () => {
      if (this.#waiting.get(key) === done) this.#waiting.delete(key);
    });
    plain.pause();
    if (alreadyRead.length > 0) plain.unshift(alreadyRead);
    this.#server.emit('connection', plain);
  }

  #onSecured(secured: TLSSocket): void {
    const done = this.#take(secured);
    if (done === undefined) {
      secured.destroy();
      return;
    }
    done(this.#judge(secured));
  }

  #judge(secured: TLSSocket): UpgradeResult {
    if (!this.#options.clientCertRequired) return { ok: true, secured, certificate: undefined };
    const raw = secured.getPeerX509Certificate()?.raw;
    if (raw === undefined) return { ok: false, secured, reason: 'the client presented no certificate' };
    if (!secured.authorized)
      return { ok: false, secured, reason: certificateReason(String(secured.authorizationError)) };
    try {
      return { ok: true, secured, certificate: this.#options.readPeerCertificate(raw) };
    } catch {
      return { ok: false, secured, reason: "the names in the client's certificate cannot be read" };
    }
  }

  #take(secured: TLSSocket): ((result: UpgradeResult) => void) | undefined {
    const key = addressPair(secured);
    if (key === undefined) return undefined;
    const done = this.#waiting.get(key);
    this.#waiting.delete(key);
    return done;
  }
}

/** What tells one TCP connection from every other, or undefined if it is not connected any more. */
function addressPair(socket: Socket): string | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || localAddress === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
