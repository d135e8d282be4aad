/**
 * An NSS database beside the PEM files of an arbiter that never had one, with the same keys: the way to upstream's
 * corosync-qnetd, which reads nothing else and would begin a new authority that no node knows.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { attributesLike, loadServerIdentity } from './identity.ts';
import { SERVER_NICKNAME } from './nss-database.ts';
import { mirrorArbiterToNss } from './nss-mirror.ts';
import { CA_NICKNAME, writePkcs12 } from './pkcs12-write.ts';
import { CA_KEY, requireStateFile } from './state-files.ts';

/** Throws an OperatorError where the certificates or the tools are missing. */
export async function mirrorArbiter(stateDir: string): Promise<void> {
  const { identity } = await loadServerIdentity(stateDir);
  const certificate = new X509Certificate(identity.caPem);
  const caKey = createPrivateKey(await requireStateFile(stateDir, CA_KEY));
  const server = { certificate: new X509Certificate(identity.certPem), key: createPrivateKey(identity.keyPem) };
  const content = {
    authority: writePkcs12({ certificate, key: caKey, nickname: CA_NICKNAME }),
    server: writePkcs12({ ...server, nickname: SERVER_NICKNAME }),
  };
  await mirrorArbiterToNss(stateDir, content, await attributesLike(join(stateDir, CA_KEY)));
}
