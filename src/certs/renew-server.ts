/**
 * A new certificate for the arbiter's own key, long before the old one ends: to the nodes nothing changes, as they go by
 * the authority and the name.
 */
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { OperatorError } from '../runtime/errors.ts';
import { readDer } from './asn1.ts';
import { partsOf } from './certificate.ts';
import { attributesLike } from './identity.ts';
import { checkAuthority, checkKeyFits, privateKeyOf } from './identity-checks.ts';
import { certificatePem, issueCertificate, subjectOf } from './issue.ts';
import { readFixedProfile, VALIDITY_DAYS_MAX } from './profiles.ts';
import {
  CA_CERTIFICATE,
  CA_KEY,
  replaceStateFile,
  requireStateFile,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from './state-files.ts';

const DEFAULT_DAYS = 3_650;

/** The DER of the new certificate, which is stored already. */
export async function renewServerCertificate(stateDir: string, validDays = DEFAULT_DAYS): Promise<Buffer> {
  if (!(Number.isInteger(validDays) && validDays >= 1 && validDays <= VALIDITY_DAYS_MAX)) {
    const remedy = `Choose 1 to ${VALIDITY_DAYS_MAX}; 3650 are ten years.`;
    throw new OperatorError(`A certificate cannot be valid for ${validDays} days.`, remedy, 2);
  }
  const named = async (name: string) => ({ file: join(stateDir, name), pem: await requireStateFile(stateDir, name) });
  const [authority, now] = [await named(CA_CERTIFICATE), new Date()];
  const ca = checkAuthority(authority, now);
  const profile = readFixedProfile('server');
  const der = issueCertificate({
    profile: { ...profile, validityDays: validDays + profile.backdateDays },
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
