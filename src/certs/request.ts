/**
 * Certificate requests (PKCS#10) that nodes make: DER as upstream writes them, or PEM, also with text before it. A
 * request is taken only if its signature proves that the sender holds the key.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { OperatorError } from '../runtime/errors.ts';
import { type Asn1, Asn1Error, bitsOf, childrenOf, OID, oidOf, readDer, writeDer } from './asn1.ts';
import { lastCommonName } from './certificate.ts';
import { hasControlCharacters, readable } from './cluster-name.ts';

export interface CertificateRequest {
  /** Copied into the certificate as it is, string types included. */
  readonly subject: Asn1;
  /** One character a byte of UTF-8. */
  readonly commonName: string;
  readonly publicKey: KeyObject;
}

/** SHA-1 will do here: the signature only proves possession, and old NSS signs requests with it. */
const DIGEST_BY_OID: Readonly<Record<string, string>> = {
  [OID.sha1WithRsa]: 'sha1',
  [OID.sha256WithRsa]: 'sha256',
  [OID.sha384WithRsa]: 'sha384',
  [OID.sha512WithRsa]: 'sha512',
};

const PEM = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/;

/** `file` is only for the messages. */
export function readRequest(bytes: Uint8Array, file: string, keyBitsMin: number): CertificateRequest {
  const parts = splitRequest(bytes, file);
  const { asymmetricKeyType: keyType, asymmetricKeyDetails: details } = parts.publicKey;
  const keyBits = details?.modulusLength ?? 0;
  if (keyType !== 'rsa' || keyBits < keyBitsMin || (details?.publicExponent ?? 0n) < 3n) {
    const found = keyType === 'rsa' ? `an RSA key of ${keyBits} bits` : `a key of type ${keyType ?? 'unknown'}`;
    throw new OperatorError(
      `The request in ${file} is for ${found}, but only RSA keys of at least ${keyBitsMin} bits are signed.`,
      'Make a new key and request on the node.',
    );
  }
  const digest = DIGEST_BY_OID[parts.signatureOid];
  if (digest === undefined || !verify(digest, parts.signed, parts.publicKey, parts.signature)) {
    throw new OperatorError(
      `The signature of the request in ${file} does not fit its key.`,
      'Copy the file again, or make a new request on the node.',
    );
  }
  const { subject, commonName } = parts;
  if (commonName === undefined || commonName === '' || hasControlCharacters(readable(commonName))) {
    throw new OperatorError(
      `The request in ${file} names no cluster: its common name is missing or holds control characters.`,
      'Make a new request on the node, with the name from corosync.conf.',
    );
  }
  return { subject, commonName, publicKey: parts.publicKey };
}

function splitRequest(bytes: Uint8Array, file: string) {
  try {
    const [info, algorithm, signature] = childrenOf(readDer(requestDer(bytes)));
    const [, subject, publicKeyInfo] = childrenOf(info);
    if (info === undefined || subject === undefined || publicKeyInfo === undefined) throw new Asn1Error('too short');
    return {
      subject,
      commonName: lastCommonName(subject),
      publicKey: createPublicKey({ key: writeDer(publicKeyInfo), format: 'der', type: 'spki' }),
      signatureOid: oidOf(childrenOf(algorithm)[0]),
      signed: writeDer(info),
      signature: bitsOf(signature),
    };
  } catch (cause) {
    throw new OperatorError(
      `${file} is not a certificate request.`,
      'Name the file that corosync-qdevice-net-certutil -r has made, usually qdevice-net-node.crq.',
      1,
      { cause },
    );
  }
}

/** Of DER itself, or of PEM with whatever stands around it. */
export function requestDer(bytes: Uint8Array): Buffer {
  const base64 = PEM.exec(Buffer.from(bytes).toString('latin1'))?.[1];
  return base64 === undefined ? Buffer.from(bytes) : Buffer.from(base64, 'base64');
}
