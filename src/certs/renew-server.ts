/**
 * A new certificate for the arbiter's own key, long before the old one ends: to the nodes nothing changes, as they go by
 * the authority and the name.
 */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { OperatorError } from '../runtime/errors.ts';
import { readDer } from './asn1.ts';
import { partsOf } from './certificate.ts';
import { attributesLike } from './identity.ts';
import { checkAuthority, checkKeyFits, privateKeyOf } from './identity-checks.ts';
import { certificatePem, issueCertificate, subjectOf } from './issue.ts';
import { readFixedProfile, withValidDays } from './profiles.ts';
import {
  CA_CERTIFICATE,
  CA_KEY,
  hasStateFile,
  readStateFile,
  replaceStateFile,
  requireStateFile,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from './state-files.ts';
import { WARN_DAYS } from './validity.ts';

const DAY_MS = 86_400_000;

/** The DER of the new certificate, which is stored already. */
export async function renewServerCertificate(stateDir: string, validDays?: number): Promise<Buffer> {
  const profile = withValidDays(readFixedProfile('server'), validDays);
  const named = async (name: string) => ({ file: join(stateDir, name), pem: await requireStateFile(stateDir, name) });
  const [authority, now] = [await named(CA_CERTIFICATE), new Date()];
  const ca = checkAuthority(authority, now);
  const der = issueCertificate({
    profile,
    subject: subjectOf(profile.subject),
    publicKey: createPublicKey(privateKeyOf(await named(SERVER_KEY))),
    issuer: partsOf(readDer(ca.raw)).subject,
    issuerKey: checkKeyFits(authority, ca, await named(CA_KEY)),
    now,
  });
  const path = join(stateDir, SERVER_CERTIFICATE);
  await replaceStateFile(path, certificatePem(der), await attributesLike(path));
  return der;
}

/**
 * Makes it anew when its time comes, with the same length. False: it is not time yet, or it cannot be done here, because
 * the authority's key is kept elsewhere or nothing may be written; then its end is warned about.
 */
export async function renewServerIfEnding(stateDir: string, now: Date): Promise<boolean> {
  const pem = await readStateFile(stateDir, SERVER_CERTIFICATE);
  if (pem === undefined || !(await hasStateFile(stateDir, CA_KEY))) return false;
  const { validFrom, validTo } = new X509Certificate(pem);
  const totalDays = Math.round((Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS);
  const daysLeft = (Date.parse(validTo) - now.getTime()) / DAY_MS;
  if (daysLeft > Math.min(WARN_DAYS, totalDays / 3)) return false;
  try {
    await renewServerCertificate(stateDir, Math.max(1, totalDays - readFixedProfile('server').backdateDays));
    return true;
  } catch (error) {
    if (error instanceof OperatorError) return false;
    throw error;
  }
}
