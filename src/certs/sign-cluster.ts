/** Signing the request of a cluster: one certificate, which all its nodes share. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { OperatorError } from '../runtime/errors.ts';
import { whileHolding } from '../runtime/lock-file.ts';
import { readDer } from './asn1.ts';
import { partsOf } from './certificate.ts';
import { clusterFileName, isSameName, readable } from './cluster-name.ts';
import { isEndorsed } from './endorsement.ts';
import { loadServerIdentity } from './identity.ts';
import { checkAuthority, checkKeyFits } from './identity-checks.ts';
import { issueCertificate } from './issue.ts';
import { forgetIssued, recordIssued, validFor } from './issued.ts';
import { readClusterProfile, readFixedProfile, withValidDays } from './profiles.ts';
import { type CertificateRequest, readRequest, requestDer } from './request.ts';
import { CA_CERTIFICATE, CA_KEY, ownerOf, readFailure, replaceStateFile, requireStateFile } from './state-files.ts';

export interface SigningOrder {
  readonly stateDir: string;
  readonly clusterName: string;
  readonly requestFile: string;
  /** Instead of the place where setup tools look for it. */
  readonly outFile?: string;
  /** Upstream's command does not compare the two names; what it signs is still worth a warning. */
  readonly otherName: 'refuse' | 'warn';
  /** What a name needs that has a certificate already; left out: that cluster's word. */
  readonly knownName?: KnownName;
  /** Left out: what the profile has. */
  readonly validDays?: number;
}

/**
 * `endorsed`: a file with the word of the cluster, see endorsement.ts. `replace`: the operator of the arbiter takes the
 * name from whoever had it. `note`: upstream's contract, by which everything is signed; setup tools sign again and again.
 */
export type KnownName =
  | { readonly kind: 'endorsed'; readonly file: string }
  | { readonly kind: 'replace' }
  | { readonly kind: 'note' };

export interface SignedCluster {
  readonly certificateFile: string;
  /** The name had a certificate of another key: said here, and in the notes. */
  readonly takenOver: string | undefined;
  /** Sentences for the operator. */
  readonly notes: readonly string[];
}

const CERTIFICATE_MODE = 0o640;
const SIGNING_MS_MAX = 30_000;
/** A request is about 600 bytes. */
const REQUEST_BYTES_MAX = 1_048_576;

/** Writes the certificate in DER, which is all that upstream's node tools are promised. Writes nothing on failure. */
export async function signClusterCertificate(order: SigningOrder): Promise<SignedCluster> {
  const { stateDir, clusterName, requestFile } = order;
  const certificateFile = order.outFile ?? join(stateDir, clusterFileName(clusterName));
  const profile = withValidDays(readClusterProfile(), order.validDays);
  const bytes = await readLimited(requestFile);
  const request = readRequest(bytes, requestFile, profile.keyBits);
  refuseOwnNames(request.commonName, requestFile);
  const warning = compareNames(order, request.commonName);
  const { origin, notes } = await loadServerIdentity(stateDir);
  // It is what is held below: without it there is a sentence to say.
  await requireStateFile(stateDir, CA_KEY);
  // Two that ask for a name at the same time must not both find it free.
  const { der, takenOver } = await whileHolding(join(stateDir, CA_KEY), SIGNING_MS_MAX, async () => {
    const authority = await loadAuthority(stateDir);
    const taken = await admit(order, request, requestDer(bytes), authority.now);
    const issued = issueCertificate({ profile, subject: request.subject, publicKey: request.publicKey, ...authority });
    // First: a name that is on record without its certificate lets the same request through again.
    await recordIssued(stateDir, issued);
    if (order.knownName?.kind === 'replace') await forgetIssued(stateDir, readable(request.commonName), issued);
    return { der: issued, takenOver: taken };
  });
  const owner = order.outFile === undefined ? await ownerOf(dirname(stateDir)) : undefined;
  await replaceStateFile(certificateFile, der, { mode: CERTIFICATE_MODE, ...owner });
  const imported = origin === 'imported' ? [`The NSS database in ${stateDir} was imported; it is unchanged.`] : [];
  const taken = takenOver === undefined ? [] : [takenOver];
  return { certificateFile, takenOver, notes: [...imported, ...notes, ...warning, ...taken] };
}

/** A name belongs to whoever registered it. Returns what to say where it is given to another key nevertheless. */
async function admit(order: SigningOrder, request: CertificateRequest, der: Buffer, now: Date) {
  const name = readable(request.commonName);
  const known = await validFor(order.stateDir, name, now);
  const hasSameKey = known.some(({ certificate }) => certificate.publicKey.equals(request.publicKey));
  if (known.length === 0 || hasSameKey) return undefined;
  const last = new Date(known[0]?.certificate.validTo ?? now).toISOString().slice(0, 10);
  const before = `The cluster name "${name}" already has a certificate, valid until ${last}`;
  const { knownName } = order;
  if (knownName?.kind === 'replace' || knownName?.kind === 'note') return `${before}: it goes on opening that cluster.`;
  if (knownName === undefined) {
    throw new OperatorError(
      `${before}.`,
      'Let a node of that cluster vouch for the request (qdevice certs endorse, then --endorsement), or give the name away with --replace.',
    );
  }
  if (isEndorsed((await readLimited(knownName.file)).toString('latin1'), der, known)) return undefined;
  throw new OperatorError(
    `${knownName.file} is not the word of the cluster "${name}" for this request.`,
    'Make it with qdevice certs endorse, for this very request, on a node that has its certificate in use.',
  );
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
