/** Keys and certificates for one show: the arbiter's own, and the one that the nodes of the cluster share. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDer } from '../certs/asn1.ts';
import { partsOf } from '../certs/certificate.ts';
import { loadOrCreateServerIdentity } from '../certs/identity.ts';
import { certificateOf } from '../certs/identity-checks.ts';
import { certificatePem, issueCertificate, keyPem, makeKey, subjectOf } from '../certs/issue.ts';
import { readClusterProfile } from '../certs/profiles.ts';
import { CA_CERTIFICATE, CA_KEY, requireStateFile } from '../certs/state-files.ts';

export interface CertificatePlaces {
  readonly arbiterDir: string;
  readonly nodeDir: string;
}

const PRIVATE_FILE = { mode: 0o600 };

export async function makeCertificates({ arbiterDir, nodeDir }: CertificatePlaces, clusterName: string): Promise<void> {
  const profile = readClusterProfile();
  // Drawing keys is what takes time.
  const [{ identity }, key] = await Promise.all([
    loadOrCreateServerIdentity(arbiterDir, { sharing: 'private' }),
    makeKey(profile.keyBits),
  ]);
  const authority = certificateOf({ file: join(arbiterDir, CA_CERTIFICATE), pem: identity.caPem });
  const der = issueCertificate({
    profile,
    subject: subjectOf({ commonName: clusterName, stringType: 'utf8' }),
    publicKey: createPublicKey(key),
    issuer: partsOf(readDer(authority.raw)).subject,
    issuerKey: createPrivateKey(await requireStateFile(arbiterDir, CA_KEY)),
    now: new Date(),
  });
  await mkdir(nodeDir, { mode: 0o700 });
  await writeFile(join(nodeDir, 'ca.pem'), identity.caPem, PRIVATE_FILE);
  await writeFile(join(nodeDir, 'cluster.key'), keyPem(key), PRIVATE_FILE);
  await writeFile(join(nodeDir, 'cluster.pem'), certificatePem(der), PRIVATE_FILE);
}
