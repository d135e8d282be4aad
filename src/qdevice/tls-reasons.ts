/** Why TLS with the arbiter failed, in words: what is wrong and what to do about it. No secret is ever part of them. */
import { X509Certificate } from 'node:crypto';
import { namesInWords } from '../arbiter/certificate-name.ts';
import type { NodeIdentity } from '../certs/node-identity.ts';
import { readPeerCertificate } from '../certs/peer-certificate.ts';
import { codeOf, libraryText } from '../runtime/error-text.ts';
import { printable } from '../status/printable.ts';

export interface TlsContext {
  readonly identity: NodeIdentity;
  /** Where the identity comes from. */
  readonly directory: string;
  /** What the arbiter's certificate has to be for; sent as SNI too. */
  readonly serverName: string;
  readonly host: string;
}

/** Our own code beside OpenSSL's: the chain is good, the name is not. */
export const WRONG_NAME = 'ERR_ARBITER_NAME';

const OTHER_AUTHORITY: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_SIGNATURE_FAILURE',
]);

/** TLS 1.3 has an alert of its own for a certificate that is missing; before, the handshake just fails. */
const CERTIFICATE_MISSING: ReadonlySet<string> = new Set([
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
]);

/** Alerts by which an arbiter refuses what this node presents. */
const REFUSED: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it was signed by an authority that is not the one of the arbiter',
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: 'it was signed by an authority that is not the one of the arbiter',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it has expired, or is not valid yet by the clock of the arbiter',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the certificate of another cluster may have the same number',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'it is not one that the arbiter trusts',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: 'it may not be used by a TLS client',
};

const HANDSHAKE_REASON: Readonly<Record<string, string>> = {
  ECONNRESET: 'it closed the connection during the handshake',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what it answers is not TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it offers only TLS versions older than 1.2',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it takes only TLS versions that are not used here',
};

const SETUP_AGAIN = 'run qdevice remove, then qdevice setup';

/** The words for a certificate of the arbiter that was not accepted. */
export function unacceptedReason(code: string, peer: X509Certificate | undefined, context: TlsContext): string {
  const { host, directory, identity, serverName } = context;
  if (OTHER_AUTHORITY.has(code)) {
    const old = new X509Certificate(identity.caPem).fingerprint256;
    const found = peer?.issuerCertificate?.fingerprint256 ?? peer?.fingerprint256 ?? 'unknown';
    const what = peer?.issuerCertificate === undefined ? 'its certificate' : 'its authority';
    return `the arbiter ${host} presents a certificate of another authority (${what} ${found}, authority in ${directory} ${old}); if ${host} was reinstalled, ${SETUP_AGAIN}`;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return outOfDate(peer, context);
  if (code === WRONG_NAME) {
    const names = peer === undefined ? 'nobody' : printable(namesInWords(readPeerCertificate(peer.raw)));
    return `the certificate of ${host} is for ${names}, not for "${serverName}"; check that quorum.device.net.host and port name the arbiter`;
  }
  return `the certificate of the arbiter ${host} was not accepted (${code}); renew it there`;
}

/** The words for a handshake that did not come to its end, or an alert that came after it. */
export function handshakeReason(error: Error, context: TlsContext): string {
  return refusedReason(error, context) ?? HANDSHAKE_REASON[codeOf(error)] ?? libraryText(error);
}

export function certificateMissing({ host, directory }: TlsContext): string {
  return `the arbiter ${host} requires a client certificate and there is none in ${directory}; set up the quorum device on this node, or copy that directory from another node of the cluster`;
}

/** The arbiter did not accept what this node presented; under TLS 1.3 it says so when all seems well already. */
export function refusedReason(error: Error, context: TlsContext): string | undefined {
  const { identity, host } = context;
  const code = codeOf(error);
  if (identity.pair === undefined) {
    return CERTIFICATE_MISSING.has(code) ? certificateMissing(context) : undefined;
  }
  const reason = REFUSED[code];
  if (reason === undefined) return undefined;
  const { fingerprint256, validFrom, validTo } = new X509Certificate(identity.pair.certPem);
  const facts = `${fingerprint256}, valid from ${isoDate(validFrom)} to ${isoDate(validTo)}, the clock here says ${now()}`;
  return `the arbiter ${host} refused the certificate of this node: ${reason} (${facts}); compare the clocks, or ${SETUP_AGAIN}`;
}

function outOfDate(peer: X509Certificate | undefined, { host, directory }: TlsContext): string {
  if (peer === undefined || isValidNow(peer)) {
    return `the authority certificate in ${directory} is out of date (the clock here says ${now()}); set the clock right, or ${SETUP_AGAIN}`;
  }
  const [from, to] = [isoDate(peer.validFrom), isoDate(peer.validTo)];
  const state = Date.parse(peer.validTo) < Date.now() ? 'has expired' : 'is not valid yet';
  return `the certificate of the arbiter ${host} ${state} (valid from ${from} to ${to}, the clock here says ${now()}); renew it on ${host} (remove server.pem and server.key there and restart the arbiter), or set the clocks right`;
}

function isValidNow({ validFrom, validTo }: X509Certificate): boolean {
  return Date.parse(validFrom) <= Date.now() && Date.now() <= Date.parse(validTo);
}

const isoDate = (text: string): string => new Date(text).toISOString();
const now = (): string => new Date().toISOString();
