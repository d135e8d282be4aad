/**
 * How a cluster that is registered vouches for another request under its name, such as that of a node it has been joined
 * by: its own certificate, and a signature by the key of that over the request. Whoever has the key may speak for the
 * cluster anyway, so nothing is given away by it.
 */
import { sign, verify, X509Certificate } from 'node:crypto';
import { OperatorError } from '../runtime/errors.ts';
import type { IssuedCertificate } from './issued.ts';
import { loadNodeIdentity } from './node-identity.ts';
import { CLUSTER_NICKNAME } from './pkcs12-write.ts';

export const [ENDORSEMENT_BEGIN, ENDORSEMENT_END] = [
  '-----BEGIN QDEVICE ENDORSEMENT-----',
  '-----END QDEVICE ENDORSEMENT-----',
];
const SIGNATURE = new RegExp(`${ENDORSEMENT_BEGIN}([A-Za-z0-9+/=\\s]+)${ENDORSEMENT_END}`);
/** Keeps the signature from meaning anything else anywhere. */
export const PURPOSE_TEXT = 'qdevice: this cluster vouches for the certificate request that follows';
const PURPOSE = Buffer.from(`${PURPOSE_TEXT}\0`);

/** With the key that this node has in use. `request` is the DER of it. */
export async function endorse(directory: string, request: Buffer): Promise<string> {
  const pair = (await loadNodeIdentity(directory, CLUSTER_NICKNAME))?.identity.pair;
  if (pair === undefined) {
    throw new OperatorError(
      `There is no certificate of a cluster in ${directory}.`,
      'Run this on a node that has the certificate of the cluster in use.',
    );
  }
  const signature = sign('sha256', Buffer.concat([PURPOSE, request]), pair.keyPem).toString('base64');
  return `${pair.certPem}${ENDORSEMENT_BEGIN}\n${signature.match(/.{1,64}/g)?.join('\n')}\n${ENDORSEMENT_END}\n`;
}

/** Is it one of these certificates that vouches for the request? */
export function isEndorsed(text: string, request: Buffer, known: readonly IssuedCertificate[]): boolean {
  const base64 = SIGNATURE.exec(text)?.[1];
  const endorser = certificateIn(text);
  if (base64 === undefined || endorser === undefined) return false;
  if (!known.some(({ certificate }) => certificate.raw.equals(endorser.raw))) return false;
  const signed = Buffer.concat([PURPOSE, request]);
  return verify('sha256', signed, endorser.publicKey, Buffer.from(base64, 'base64'));
}

function certificateIn(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}
