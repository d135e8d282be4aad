/**
 * What must hold between the files of an identity before anything is served with it. A mistake is told here, at start,
 * by the name of its file: later it would be a failed handshake on some node, at best.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { OperatorError } from '../runtime/errors.ts';
import { OID, readBer } from './asn1.ts';
import { partsOf } from './certificate.ts';
import { readPeerCertificate } from './peer-certificate.ts';
import { readFixedProfile } from './profiles.ts';

/** A PEM text and what to call it in messages. */
export interface NamedPem {
  readonly file: string;
  readonly pem: string;
}

export interface IdentityParts {
  readonly ca: NamedPem;
  readonly server: NamedPem;
  readonly serverKey: NamedPem;
}

const KEY_BITS_MIN = 2048;
const STRONG_SIGNATURES: readonly string[] = [OID.sha256WithRsa, OID.sha384WithRsa, OID.sha512WithRsa];

/** Throws an OperatorError on what cannot work; returns notes on what works but should be looked after. */
export function checkIdentity(parts: IdentityParts, now: Date): string[] {
  const ca = authorityOf(parts.ca);
  const notes = isEarly(ca, now) ? [earlyNote(parts.ca, ca, now)] : [];
  if (notes.length === 0) checkValidity(parts.ca, ca, now);
  const server = certificateOf(parts.server);
  checkStrength(parts.server, server);
  checkKeyFits(parts.server, server, parts.serverKey);
  if (!server.checkIssued(ca) || !server.verify(ca.publicKey)) {
    throw new OperatorError(
      `The server certificate in ${parts.server.file} was not issued by the authority in ${parts.ca.file}.`,
      'Restore both from the same backup, or remove server.pem and server.key to get a new server certificate.',
    );
  }
  checkServerName(parts.server, server);
  // Nodes let an expired server certificate pass with a warning, so it is no reason to leave them without an arbiter.
  if (!isValidAt(server, now)) notes.push(`The server certificate ${validityText(parts.server, server, now)}`);
  return notes;
}

/** The certificate of an authority that can be signed with at `now`. */
export function checkAuthority(named: NamedPem, now: Date): X509Certificate {
  const ca = authorityOf(named);
  checkValidity(named, ca, now);
  return ca;
}

function authorityOf(named: NamedPem): X509Certificate {
  const ca = certificateOf(named);
  if (!ca.ca) {
    throw new OperatorError(
      `The certificate in ${named.file} is not that of an authority (CA:TRUE is missing).`,
      'Put the authority certificate there, or restore it from a backup.',
    );
  }
  checkStrength(named, ca);
  if (!ca.verify(ca.publicKey)) {
    throw new OperatorError(
      `The authority certificate in ${named.file} is not signed by itself.`,
      'Put the certificate of a root authority there, or restore it from a backup.',
    );
  }
  return ca;
}

function checkValidity(named: NamedPem, ca: X509Certificate, now: Date): void {
  if (isValidAt(ca, now)) return;
  throw new OperatorError(
    `The authority certificate ${validityText(named, ca, now)}`,
    isEarly(ca, now)
      ? 'Set the clock right and try again.'
      : 'Set the clock right, or start a new authority in an empty directory and set up the nodes again.',
  );
}

/** A board without a battery starts in the past; it serves as soon as the network has told it the time. */
function earlyNote(named: NamedPem, ca: X509Certificate, now: Date): string {
  const seen = `The authority certificate ${validityText(named, ca, now)}`;
  return `${seen} Set the clock right: until then the certificates of nodes are refused.`;
}

/** The private key, which must be that of the certificate. */
export function checkKeyFits(named: NamedPem, certificate: X509Certificate, key: NamedPem): KeyObject {
  const privateKey = privateKeyOf(key);
  if (certificate.checkPrivateKey(privateKey)) return privateKey;
  throw new OperatorError(
    `The key in ${key.file} does not belong to the certificate in ${named.file}.`,
    'Restore both from the same backup.',
  );
}

export function privateKeyOf(named: NamedPem): KeyObject {
  try {
    return createPrivateKey(named.pem);
  } catch (cause) {
    throw new OperatorError(
      `${named.file} holds no private key that can be read without a password.`,
      'Restore it from a backup, as PEM without a password.',
      1,
      { cause },
    );
  }
}

export function certificateOf(named: NamedPem): X509Certificate {
  try {
    const certificate = new X509Certificate(named.pem);
    assertWhole(certificate);
    return certificate;
  } catch (cause) {
    throw new OperatorError(`${named.file} holds no certificate.`, 'Restore it from a backup, as PEM.', 1, { cause });
  }
}

/** OpenSSL reads a certificate part by part: a key or a date that makes no sense is met only when it is asked for. */
function assertWhole(certificate: X509Certificate): void {
  const { publicKey, validFrom, validTo, raw } = certificate;
  const hasDates = Number.isFinite(Date.parse(validFrom)) && Number.isFinite(Date.parse(validTo));
  partsOf(readBer(raw));
  if (publicKey.type !== 'public' || !hasDates) throw new Error('a key or a date that cannot be read');
}

function checkStrength(named: NamedPem, certificate: X509Certificate): void {
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  const keyBits = asymmetricKeyDetails?.modulusLength ?? 0;
  const weakness = (() => {
    if (asymmetricKeyType !== 'rsa') return `a key of type ${asymmetricKeyType ?? 'unknown'} where RSA is needed`;
    if (keyBits < KEY_BITS_MIN) return `a key of only ${keyBits} bits`;
    const { signatureOid } = partsOf(readBer(certificate.raw));
    return STRONG_SIGNATURES.includes(signatureOid) ? undefined : 'a signature weaker than SHA-256 with RSA';
  })();
  if (weakness === undefined) return;
  throw new OperatorError(
    `The certificate in ${named.file} has ${weakness}, which current TLS libraries refuse.`,
    'Start a new authority in an empty directory and set up the nodes again.',
  );
}

function checkServerName(named: NamedPem, server: X509Certificate): void {
  const expected = readFixedProfile('server').subject.commonName;
  const { commonName, dnsNames } = readPeerCertificate(server.raw);
  const isNamed = commonName === expected && (dnsNames.length === 0 || dnsNames.includes(expected));
  if (isNamed) return;
  throw new OperatorError(
    `The certificate in ${named.file} is not for "${expected}", the name that every node expects.`,
    'Restore server.pem and server.key from a backup, or remove both to get a new server certificate.',
  );
}

function isEarly(certificate: X509Certificate, now: Date): boolean {
  return now.getTime() < Date.parse(certificate.validFrom);
}

function isValidAt(certificate: X509Certificate, now: Date): boolean {
  return Date.parse(certificate.validFrom) <= now.getTime() && now.getTime() <= Date.parse(certificate.validTo);
}

function validityText(named: NamedPem, certificate: X509Certificate, now: Date): string {
  const from = new Date(certificate.validFrom).toISOString();
  const to = new Date(certificate.validTo).toISOString();
  return `in ${named.file} is valid from ${from} to ${to}, and the clock here says ${now.toISOString()}.`;
}
