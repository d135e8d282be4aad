/**
 * Making keys and certificates. Keys and signatures come from OpenSSL, by way of Node; only the structure around them
 * is written here, so that a subject copied from a request stays the same byte for byte.
 */
import { generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import {
  type Asn1,
  bitString,
  boolean,
  context,
  integer,
  nameText,
  nothing,
  OID,
  octetString,
  oid,
  readDer,
  sequence,
  setOf,
  time,
  writeDer,
} from './asn1.ts';
import type { BasicConstraints, CertificateProfile, Digest, FixedSubject } from './profiles.ts';

export interface IssueOrder {
  readonly profile: CertificateProfile;
  readonly subject: Asn1;
  readonly publicKey: KeyObject;
  readonly issuer: Asn1;
  readonly issuerKey: KeyObject;
  readonly now: Date;
}

const DAY_MS = 86_400_000;
const SERIAL_BYTES = 16;
const X509_V3 = Buffer.of(2);

const SIGNATURE_OID: Readonly<Record<Digest, string>> = {
  sha256: OID.sha256WithRsa,
  sha384: OID.sha384WithRsa,
  sha512: OID.sha512WithRsa,
};

/** The certificate in DER. */
export function issueCertificate(order: IssueOrder): Buffer {
  const { profile, now } = order;
  const notBeforeMs = now.getTime() - profile.backdateDays * DAY_MS;
  const notAfterMs = notBeforeMs + profile.validityDays * DAY_MS;
  const algorithm = sequence(oid(SIGNATURE_OID[profile.digest]), nothing());
  const extensions = profile.extensions.map(extensionOf);
  const body = sequence(
    context(0, integer(X509_V3)),
    integer(randomSerial()),
    algorithm,
    order.issuer,
    sequence(time(new Date(notBeforeMs)), time(new Date(notAfterMs))),
    order.subject,
    readDer(order.publicKey.export({ type: 'spki', format: 'der' })),
    ...(extensions.length === 0 ? [] : [context(3, sequence(...extensions))]),
  );
  const signature = sign(profile.digest, writeDer(body), order.issuerKey);
  return writeDer(sequence(body, algorithm, bitString(signature)));
}

export function subjectOf(fixed: FixedSubject): Asn1 {
  return sequence(setOf(sequence(oid(OID.commonName), nameText(fixed.commonName, fixed.stringType))));
}

export async function makeKey(bits: number): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
  return privateKey;
}

export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Random, because every upstream authority has the same name and counts from 101: nodes and arbiters refuse two
 * certificates of the same issuer and serial. The first byte keeps it positive and of full length.
 */
function randomSerial(): Buffer {
  const serial = randomBytes(SERIAL_BYTES);
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0);
  return serial;
}

function extensionOf(extension: BasicConstraints): Asn1 {
  // DER leaves out what has its default value: not critical, not an authority.
  const content = extension.authority ? [boolean(true), integer(Buffer.of(extension.pathLength))] : [];
  const value = octetString(writeDer(sequence(...content)));
  return sequence(oid(OID.basicConstraints), ...(extension.critical ? [boolean(true)] : []), value);
}
