/**
 * The certificates of a node, step by step as setup tools make them: the authority first, then a request, then what the
 * arbiter has made of it. PEM files are the source of truth; beside them lie the files that tools carry from host to
 * host. Whatever fails leaves what was in use before in use: a key that is asked for waits under a name of its own until
 * its certificate is there.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileAttributes } from '../runtime/atomic-file.ts';
import { hasErrorCode, removeDeadTemporaries } from '../runtime/atomic-file.ts';
import { OperatorError } from '../runtime/errors.ts';
import { checkAuthority, privateKeyOf } from './identity-checks.ts';
import { certificatePem, keyPem, makeKey } from './issue.ts';
import { makeRequest } from './make-request.ts';
import { CLUSTER_CERTIFICATE, CLUSTER_KEY, loadNodeIdentity, NODE_PKCS12 } from './node-identity.ts';
import { hasNssDatabase, newestFirst, pairsAmong } from './nss-database.ts';
import { mirrorToNss } from './nss-mirror.ts';
import { readPkcs12 } from './pkcs12.ts';
import { CLUSTER_NICKNAME, writePkcs12 } from './pkcs12-write.ts';
import { readClusterProfile } from './profiles.ts';
import {
  CA_CERTIFICATE,
  hasStateFile,
  NOISE_FILE,
  placeStateFile,
  prepareStateDirectory,
  readFailure,
  readStateFile,
  replaceStateFile,
} from './state-files.ts';

export const NODE_DIRECTORY = '/etc/corosync/qdevice/net/nssdb';
export const NODE_REQUEST = 'qdevice-net-node.crq';

/** As pk12util has them, which upstream's script passes on. */
const EXIT_NOT_READ = 18;
const EXIT_OTHER_AUTHORITY = 19;
/** As certutil's when it cannot read the authority. */
const EXIT_NO_AUTHORITY = 255;

const SECRET: FileAttributes = { mode: 0o600 };
/** Beside them nothing is secret from the group, which is root's. */
const SHARED: FileAttributes = { mode: 0o660 };
const REQUEST_MODE = 0o640;
const PENDING = /^request-[0-9a-f]{16}\.key$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

/** Is there an authority already, of ours or in a database? A directory alone says nothing: tools make it before. */
export async function isNodeInitialised(directory: string): Promise<boolean> {
  return (await hasNssDatabase(directory)) || (await hasStateFile(directory, CA_CERTIFICATE));
}

/** Takes the authority's certificate in, DER or PEM, also with text around it. Returns sentences for the operator. */
export async function initialiseNode(directory: string, caFile: string): Promise<string[]> {
  const ca = readAuthority(await readBytes(caFile), caFile);
  await prepareStateDirectory(directory, 'groupWritable');
  await removeDeadTemporaries(directory);
  await placeStateFile(directory, NOISE_FILE, `${randomBytes(20).toString('hex')}\n`, SHARED);
  const caPem = certificatePem(ca.raw);
  // Before the database, which would count as begun by itself if this were cut off between the two.
  await replaceStateFile(join(directory, CA_CERTIFICATE), caPem, SECRET);
  return await mirrorToNss(directory, { caPem, pkcs12: undefined }, SHARED);
}

/** Makes a key on this node and a request for it. The certificate in use stays in use. */
export async function makeNodeRequest(directory: string, clusterName: string): Promise<string> {
  await requireAuthority(directory);
  const key = await makeKey(readClusterProfile().keyBits);
  const request = makeRequest(clusterName, key);
  await replaceStateFile(join(directory, pendingName(createPublicKey(key))), keyPem(key), SECRET);
  const path = join(directory, NODE_REQUEST);
  await replaceStateFile(path, request, { mode: REQUEST_MODE });
  return path;
}

/** What the arbiter has signed, DER or PEM, together with the key that waits for it. */
export async function importNodeCertificate(directory: string, certificateFile: string) {
  const authority = await requireAuthority(directory);
  const certificate = readCertificate(await readBytes(certificateFile), certificateFile);
  checkIssuer(certificate, authority, certificateFile);
  const key = (await waitingKeys(directory)).find((candidate) => certificate.checkPrivateKey(candidate));
  if (key === undefined) {
    throw new OperatorError(
      `No key in ${directory} belongs to the certificate in ${certificateFile}.`,
      'Import it on the node where its request was made, or make a new request here.',
    );
  }
  const pkcs12 = writePkcs12({ authority, certificate, key });
  const pkcs12File = join(directory, NODE_PKCS12);
  await replaceStateFile(pkcs12File, pkcs12, SECRET);
  const notes = await putInUse(directory, { authority, certificate, key, pkcs12 });
  for (const name of await pendingNames(directory)) await rm(join(directory, name), { force: true });
  return { pkcs12File, notes };
}

/** Key and certificate from another node. To import the same twice is no mistake. */
export async function importNodePkcs12(directory: string, file: string): Promise<string[]> {
  const authority = await requireAuthority(directory);
  const { keys, certificates } = await readPkcs12(await readBytes(file)).catch((cause: unknown) => {
    throw new OperatorError(
      `${file} cannot be read as a PKCS#12 file with an empty password.`,
      'Name the file that corosync-qdevice-net-certutil -M has made, usually qdevice-net-node.p12.',
      EXIT_NOT_READ,
      { cause },
    );
  });
  const pairs = newestFirst(
    pairsAmong(
      certificates.filter(({ ca }) => !ca),
      keys,
    ),
  );
  const [newest] = pairs;
  if (newest === undefined) {
    throw new OperatorError(`There is no certificate with its key in ${file}.`, 'Copy it again.', EXIT_NOT_READ);
  }
  const pair = pairs.find(({ certificate }) => isIssuedBy(certificate, authority)) ?? newest;
  checkIssuer(pair.certificate, authority, file, EXIT_OTHER_AUTHORITY);
  return await putInUse(directory, { authority, ...pair, pkcs12: writePkcs12({ authority, ...pair }) });
}

/** The authority that this node trusts. What upstream's tools have left is imported on the way. */
async function requireAuthority(directory: string): Promise<X509Certificate> {
  if (!(await hasStateFile(directory, CA_CERTIFICATE)) && (await hasNssDatabase(directory))) {
    const loaded = await loadNodeIdentity(directory, CLUSTER_NICKNAME);
    if (loaded !== undefined) await placeStateFile(directory, CA_CERTIFICATE, loaded.identity.caPem, SECRET);
  }
  const pem = await readStateFile(directory, CA_CERTIFICATE);
  if (pem !== undefined) return checkAuthority({ file: join(directory, CA_CERTIFICATE), pem }, new Date());
  throw new OperatorError(
    `${directory} holds no authority.`,
    'Remove it and run -i with the certificate of the arbiter.',
  );
}

/** A daemon that reads between the two finds a key that does not fit, and stays with what it has until the next time. */
async function putInUse(
  directory: string,
  parts: { authority: X509Certificate; certificate: X509Certificate; key: KeyObject; pkcs12: Buffer },
): Promise<string[]> {
  const { authority, certificate, key, pkcs12 } = parts;
  await replaceStateFile(join(directory, CLUSTER_KEY), keyPem(key), SECRET);
  await replaceStateFile(join(directory, CLUSTER_CERTIFICATE), certificatePem(certificate.raw), SECRET);
  return await mirrorToNss(directory, { caPem: certificatePem(authority.raw), pkcs12 }, SHARED);
}

/** Of requests that wait, and the one in use, for a certificate that was renewed with the same key. */
async function waitingKeys(directory: string): Promise<KeyObject[]> {
  const keys: KeyObject[] = [];
  for (const name of [...(await pendingNames(directory)), CLUSTER_KEY]) {
    const pem = await readStateFile(directory, name);
    if (pem !== undefined) keys.push(privateKeyOf({ file: join(directory, name), pem }));
  }
  return keys;
}

async function pendingNames(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => PENDING.test(name));
}

function pendingName(publicKey: KeyObject): string {
  const digest = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return `request-${digest.slice(0, 16)}.key`;
}

function readAuthority(bytes: Buffer, file: string): X509Certificate {
  const certificate = parseCertificate(bytes);
  if (certificate !== undefined) return checkAuthority({ file, pem: certificatePem(certificate.raw) }, new Date());
  throw new OperatorError(
    `${file} holds no certificate.`,
    'Copy qnetd-cacert.crt from the arbiter again.',
    EXIT_NO_AUTHORITY,
  );
}

function readCertificate(bytes: Buffer, file: string): X509Certificate {
  const certificate = parseCertificate(bytes);
  if (certificate === undefined) {
    throw new OperatorError(`${file} holds no certificate.`, 'Copy cluster-NAME.crt from the arbiter again.');
  }
  if (!certificate.ca) return certificate;
  throw new OperatorError(
    `The certificate in ${file} is that of an authority.`,
    "Name the cluster's certificate instead, usually cluster-NAME.crt.",
  );
}

function parseCertificate(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(CERTIFICATE.exec(bytes.toString('latin1'))?.[0] ?? bytes);
  } catch {
    return undefined;
  }
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function checkIssuer(certificate: X509Certificate, authority: X509Certificate, file: string, exitCode = 1): void {
  if (isIssuedBy(certificate, authority)) return;
  throw new OperatorError(
    `The certificate in ${file} is of another authority than the one this node trusts (${authority.fingerprint256}).`,
    `If the arbiter was set up anew, remove this node's certificates and begin with -i.`,
    exitCode,
  );
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw await readFailure(error, path);
    throw new OperatorError(`There is no file ${path}.`, `See what is in ${dirname(path)}.`, 2, { cause: error });
  }
}
