/**
 * What a node shows to the arbiter, and the authority it judges the arbiter by: from PEM files, or imported once from
 * what upstream's tools have left in the same directory, so that no node needs new keys. The PEM files are the source of
 * truth from then on; what they came from stays as it is, for the way back.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode, removeDeadTemporaries } from '../runtime/atomic-file.ts';
import { OperatorError } from '../runtime/errors.ts';
import { certificateOf, checkAuthority, checkKeyFits, type NamedPem } from './identity-checks.ts';
import { certificatePem, keyPem } from './issue.ts';
import {
  exportNssNodeMaterial,
  hasNssDatabase,
  type KeyPair,
  type NodeMaterial,
  newestFirst,
  pairsAmong,
} from './nss-database.ts';
import { readPkcs12 } from './pkcs12.ts';
import {
  CA_CERTIFICATE,
  isDiskFull,
  isWriteRefused,
  readFailure,
  readStateFile,
  replaceStateFile,
} from './state-files.ts';

export interface NodeIdentity {
  readonly caPem: string;
  /** undefined: the node can tell the arbiter, but not the other way round; enough for one that asks for nothing. */
  readonly pair: { readonly certPem: string; readonly keyPem: string } | undefined;
}

export interface LoadedNodeIdentity {
  readonly identity: NodeIdentity;
  readonly origin: 'files' | 'database' | 'pkcs12';
  /** Sentences for the log: nothing is broken, but somebody should know. */
  readonly notes: readonly string[];
}

export const CLUSTER_CERTIFICATE = 'cluster.pem';
export const CLUSTER_KEY = 'cluster.key';
/** What setup tools copy from node to node. */
export const NODE_PKCS12 = 'qdevice-net-node.p12';
const FILE_MODE = 0o600;

/** Every file that an identity may be read from: when one of them changes, it is worth reading again. */
export const NODE_IDENTITY_FILES: readonly string[] = [
  CA_CERTIFICATE,
  CLUSTER_CERTIFICATE,
  CLUSTER_KEY,
  NODE_PKCS12,
  'cert9.db',
  'key4.db',
  'cert8.db',
  'key3.db',
];

/** undefined: there is nothing of the kind. Throws an OperatorError on what is there and cannot be used. */
export async function loadNodeIdentity(
  directory: string,
  clusterNickname: string,
): Promise<LoadedNodeIdentity | undefined> {
  const files = await readPemFiles(directory);
  if (files.certificate !== undefined && files.key !== undefined && files.ca !== undefined) {
    const identity = { caPem: files.ca, pair: { certPem: files.certificate, keyPem: files.key } };
    return { identity, origin: 'files', notes: check(identity, (name) => join(directory, name)) };
  }
  const imported = await importIdentity(directory, clusterNickname);
  if (imported !== undefined) return imported;
  if (files.certificate === undefined && files.key === undefined) {
    if (files.ca === undefined) return undefined;
    const identity = { caPem: files.ca, pair: undefined };
    return { identity, origin: 'files', notes: check(identity, (name) => join(directory, name)) };
  }
  const names = { ca: CA_CERTIFICATE, certificate: CLUSTER_CERTIFICATE, key: CLUSTER_KEY } as const;
  const gone = (['ca', 'certificate', 'key'] as const).filter((part) => files[part] === undefined);
  throw new OperatorError(
    `${directory} is incomplete: ${gone.map((part) => names[part]).join(' and ')} missing.`,
    'Copy the directory from another node of the cluster, or set up the quorum device again.',
  );
}

async function readPemFiles(directory: string) {
  return {
    ca: await readStateFile(directory, CA_CERTIFICATE),
    certificate: await readStateFile(directory, CLUSTER_CERTIFICATE),
    key: await readStateFile(directory, CLUSTER_KEY),
  };
}

/**
 * The database goes first, as it is what upstream's daemon has gone by. Where the tools to read it are missing, or it
 * has no key yet, the file that setup tools copy between nodes does as well.
 */
async function importIdentity(directory: string, clusterNickname: string): Promise<LoadedNodeIdentity | undefined> {
  const pkcs12 = await readPkcs12File(directory);
  const database = (await hasNssDatabase(directory))
    ? await exportNssNodeMaterial(directory, clusterNickname).catch((error: unknown) => {
        if (pkcs12 === undefined) throw error;
        return undefined;
      })
    : undefined;
  const fromDatabase = database && identityFrom(database);
  if (fromDatabase?.pair !== undefined) return await store(directory, fromDatabase, 'database');
  const fromPkcs12 = pkcs12 && identityFrom(await materialOf(pkcs12, join(directory, NODE_PKCS12)));
  if (fromPkcs12?.pair !== undefined) return await store(directory, fromPkcs12, 'pkcs12');
  if (fromDatabase === undefined) return undefined;
  // Without a key the import is not complete: what is missing may come, so nothing is written down.
  const notes = check(fromDatabase, (name) => `the database in ${directory}, exported as ${name}`);
  return { identity: fromDatabase, origin: 'database', notes };
}

async function readPkcs12File(directory: string): Promise<Buffer | undefined> {
  const path = join(directory, NODE_PKCS12);
  try {
    return await readFile(path);
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw await readFailure(error, path);
  }
}

async function materialOf(pkcs12: Buffer, path: string): Promise<NodeMaterial> {
  try {
    const { keys, certificates } = await readPkcs12(pkcs12);
    const authorities = certificates.filter((certificate) => certificate.ca);
    const others = certificates.filter((certificate) => !certificate.ca);
    return { authorities, pairs: pairsAmong(others, keys) };
  } catch (cause) {
    throw new OperatorError(
      `${path} cannot be read as a PKCS#12 file with an empty password.`,
      'Copy it again from the node on which it was made.',
      1,
      { cause },
    );
  }
}

/** Of several pairs the newest that the authority has signed. */
function identityFrom({ authorities, pairs }: NodeMaterial): NodeIdentity | undefined {
  for (const { certificate, key } of newestFirst(pairs)) {
    const issuer = authorities.find((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
    if (issuer !== undefined) return { caPem: certificatePem(issuer.raw), pair: pemOf({ certificate, key }) };
  }
  const [authority] = authorities;
  return authority && { caPem: certificatePem(authority.raw), pair: undefined };
}

function pemOf({ certificate, key }: KeyPair): { certPem: string; keyPem: string } {
  return { certPem: certificatePem(certificate.raw), keyPem: keyPem(key) };
}

/** The certificate comes last: where it is, the others are. */
async function store(
  directory: string,
  identity: NodeIdentity,
  origin: 'database' | 'pkcs12',
): Promise<LoadedNodeIdentity> {
  const notes = check(identity, (name) => `${directory}, imported as ${name}`);
  try {
    await removeDeadTemporaries(directory);
    await replaceStateFile(join(directory, CA_CERTIFICATE), identity.caPem, { mode: FILE_MODE });
    await replaceStateFile(join(directory, CLUSTER_KEY), identity.pair?.keyPem ?? '', { mode: FILE_MODE });
    await replaceStateFile(join(directory, CLUSTER_CERTIFICATE), identity.pair?.certPem ?? '', { mode: FILE_MODE });
  } catch (error) {
    if (!isWriteRefused(error) && !isDiskFull(error)) throw error;
    const note = `The certificates in ${directory} were imported, but PEM files cannot be written there: every start has to import them again.`;
    return { identity, origin, notes: [...notes, note] };
  }
  return { identity, origin, notes };
}

function check({ caPem, pair }: NodeIdentity, fileOf: (name: string) => string): string[] {
  const named = (name: string, pem: string): NamedPem => ({ file: fileOf(name), pem });
  const ca = checkAuthority(named(CA_CERTIFICATE, caPem), new Date());
  if (pair === undefined) return [];
  const file = named(CLUSTER_CERTIFICATE, pair.certPem);
  const certificate = certificateOf(file);
  checkKeyFits(file, certificate, named(CLUSTER_KEY, pair.keyPem));
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) {
    throw new OperatorError(
      `The certificate in ${file.file} was not issued by the authority in ${fileOf(CA_CERTIFICATE)}.`,
      'Copy the directory from another node of the cluster, or set up the quorum device again.',
    );
  }
  const [from, to, now] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo), Date.now()];
  if (from <= now && now <= to) return [];
  return [
    `The certificate in ${file.file} is valid from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}, the clock here says ${new Date(now).toISOString()}: arbiters will refuse it. Set the clock right, or set up the quorum device again.`,
  ];
}
