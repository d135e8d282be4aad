/** Signing the request of a cluster: one certificate, which all its nodes share. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { OperatorError } from '../runtime/errors.ts';
import { readDer } from './asn1.ts';
import { partsOf } from './certificate.ts';
import { clusterFileName, isSameName, readable } from './cluster-name.ts';
import { loadServerIdentity } from './identity.ts';
import { checkAuthority, checkKeyFits } from './identity-checks.ts';
import { issueCertificate } from './issue.ts';
import { readClusterProfile, readFixedProfile } from './profiles.ts';
import { readRequest } from './request.ts';
import { CA_CERTIFICATE, CA_KEY, ownerOf, readFailure, replaceStateFile, requireStateFile } from './state-files.ts';

export interface SigningOrder {
  readonly stateDir: string;
  readonly clusterName: string;
  readonly requestFile: string;
  /** Instead of the place where setup tools look for it. */
  readonly outFile?: string;
  /** Upstream's command does not compare the two names; what it signs is still worth a warning. */
  readonly otherName: 'refuse' | 'warn';
}

export interface SignedCluster {
  readonly certificateFile: string;
  /** Sentences for the operator. */
  readonly notes: readonly string[];
}

const CERTIFICATE_MODE = 0o640;
/** A request is about 600 bytes. */
const REQUEST_BYTES_MAX = 1_048_576;

/** Writes the certificate in DER, which is all that upstream's node tools are promised. Writes nothing on failure. */
export async function signClusterCertificate(order: SigningOrder): Promise<SignedCluster> {
  const { stateDir, clusterName, requestFile } = order;
  const certificateFile = order.outFile ?? join(stateDir, clusterFileName(clusterName));
  const profile = readClusterProfile();
  const request = readRequest(await readLimited(requestFile), requestFile, profile.keyBits);
  refuseOwnNames(request.commonName, requestFile);
  const warning = compareNames(order, request.commonName);
  const { origin, notes } = await loadServerIdentity(stateDir);
  const authority = await loadAuthority(stateDir);
  const der = issueCertificate({ profile, subject: request.subject, publicKey: request.publicKey, ...authority });
  const owner = order.outFile === undefined ? await ownerOf(dirname(stateDir)) : undefined;
  await replaceStateFile(certificateFile, der, { mode: CERTIFICATE_MODE, ...owner });
  const imported = origin === 'imported' ? [`The NSS database in ${stateDir} was imported; it is unchanged.`] : [];
  return { certificateFile, notes: [...imported, ...notes, ...warning] };
}

async function loadAuthority(stateDir: string) {
  const now = new Date();
  const named = { file: join(stateDir, CA_CERTIFICATE), pem: await requireStateFile(stateDir, CA_CERTIFICATE) };
  const key = { file: join(stateDir, CA_KEY), pem: await requireStateFile(stateDir, CA_KEY) };
  const certificate = checkAuthority(named, now);
  const issuerKey = checkKeyFits(named, certificate, key);
  return { issuer: partsOf(readDer(certificate.raw)).subject, issuerKey, now };
}

/** Whoever held such a certificate could pass for this arbiter before the nodes of every other cluster. */
function refuseOwnNames(commonName: string, requestFile: string): void {
  const own = [readFixedProfile('ca'), readFixedProfile('server')].map((profile) => profile.subject.commonName);
  if (!own.some((name) => isSameName(name, commonName))) return;
  throw new OperatorError(
    `The request in ${requestFile} asks for the name "${readable(commonName)}", which belongs to the arbiter itself.`,
    'Give the cluster another name.',
  );
}

function compareNames(order: SigningOrder, commonName: string): string[] {
  if (isSameName(order.clusterName, commonName)) return [];
  const problem = `The request in ${order.requestFile} is for "${readable(commonName)}", not for "${order.clusterName}".`;
  if (order.otherName === 'warn') return [`${problem} Only a cluster of the former name can use the certificate.`];
  throw new OperatorError(problem, 'Name the cluster as its request does, or make a new request on the node.');
}

/** The file may be a pipe, whose size nobody knows. What is cut off here will not pass for a request. */
async function readLimited(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    return await buffer(file.createReadStream({ end: REQUEST_BYTES_MAX - 1 }));
  } catch (error) {
    throw await readFailure(error, path);
  }
}
