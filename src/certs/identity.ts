/**
 * The identity an arbiter serves with: found, imported from an upstream installation, or made.
 *
 * It is made file by file, each placed only where there is none and each derived from those already on disk. So one that
 * was killed halfway is completed by the next start, and two that run at once build one authority between them; there
 * is no lock that could be left behind.
 */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileAttributes, removeDeadTemporaries } from '../runtime/atomic-file.ts';
import { OperatorError } from '../runtime/errors.ts';
import { readDer } from './asn1.ts';
import { partsOf } from './certificate.ts';
import { certificateOf, checkIdentity, checkKeyFits, privateKeyOf } from './identity-checks.ts';
import { certificatePem, issueCertificate, keyPem, makeKey, subjectOf } from './issue.ts';
import {
  type ExportedIdentity,
  exportNssIdentity,
  hasNssDatabase,
  nssKeyFile,
  SERVER_NICKNAME,
} from './nss-database.ts';
import { readFixedProfile, withValidDays } from './profiles.ts';
import {
  CA_CERTIFICATE,
  CA_EXPORT,
  CA_KEY,
  defaultSharing,
  hasStateFile,
  isDiskFull,
  isRoot,
  isWriteRefused,
  MARKER,
  ownerOf,
  placeStateFile,
  prepareStateDirectory,
  readStateFile,
  replaceStateFile,
  requireStateFile,
  SERVER_CERTIFICATE,
  SERVER_KEY,
  type Sharing,
} from './state-files.ts';

/** What the TLS server needs. */
export interface ServerIdentity {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

export interface LoadedIdentity {
  readonly identity: ServerIdentity;
  readonly origin: 'loaded' | 'created' | 'imported';
  /** Sentences for the log: nothing is broken, but somebody should know. */
  readonly notes: readonly string[];
}

export interface IdentityOptions {
  /** Who may read what is made; the default is private, or for root the group that owns the parent directory. */
  readonly sharing?: Sharing;
  /** Nickname of the server certificate in a database that is imported. */
  readonly serverNickname?: string;
  /** Of a server certificate that is made; left out: what the profile has. */
  readonly validDays?: number | undefined;
}

/**
 * `complete`: PEM files that can be served with. `database`: only an NSS database. `begun`: the making of PEM files was
 * cut off. `nothing`: neither, whatever else lies there.
 */
export type FoundState = 'complete' | 'database' | 'begun' | 'nothing';

/** In the order in which they are made. */
const MADE_IN_ORDER = [CA_KEY, CA_CERTIFICATE, SERVER_KEY, SERVER_CERTIFICATE] as const;
/** The authority's key may be kept elsewhere: it signs, but does not serve. */
const NEEDED_TO_SERVE: readonly string[] = [CA_CERTIFICATE, SERVER_KEY, SERVER_CERTIFICATE];

const MARKER_TEXT = '# The keys and certificates of this arbiter are in the PEM files beside this one.\n';
const CA_EXPORT_MODE = 0o644;

/** At start. */
export async function loadOrCreateServerIdentity(
  stateDir: string,
  options: IdentityOptions = {},
): Promise<LoadedIdentity> {
  const found = await inspectStateDir(stateDir);
  if (found === 'begun' || found === 'nothing') return await create(stateDir, options);
  return await loadServerIdentity(stateDir, options);
}

/** Where nothing is to be made: on reload, and before signing. An upstream database is still imported. */
export async function loadServerIdentity(stateDir: string, options: IdentityOptions = {}): Promise<LoadedIdentity> {
  const found = await inspectStateDir(stateDir);
  if (found === 'complete') return await load(stateDir);
  if (found === 'database') return await importDatabase(stateDir, options);
  throw new OperatorError(
    `There are no certificates in ${stateDir}.`,
    'Make them with `qnetd init` or `corosync-qnetd-certutil -i`.',
  );
}

export async function inspectStateDir(stateDir: string): Promise<FoundState> {
  const present: string[] = [];
  // The last first: while another process makes them, the earlier ones are then never missed.
  for (const name of MADE_IN_ORDER.toReversed()) {
    if (await hasStateFile(stateDir, name)) present.unshift(name);
  }
  if (NEEDED_TO_SERVE.every((name) => present.includes(name))) return 'complete';
  if (await hasNssDatabase(stateDir)) return 'database';
  if (present.length === 0) return 'nothing';
  if (present.every((name, index) => name === MADE_IN_ORDER[index])) return 'begun';
  // No cut-off start leaves this behind: somebody took a file away. Making it anew would be making a second authority.
  const gone = MADE_IN_ORDER.find((name, index) => name !== present[index]);
  throw new OperatorError(
    `${stateDir} holds ${present.join(' and ')}, but ${gone} is missing.`,
    gone === SERVER_KEY
      ? `Restore it from a backup, or remove ${SERVER_CERTIFICATE} to get a new server certificate.`
      : 'Restore it from a backup, or empty the directory to start a new authority, which every node must be given.',
  );
}

async function load(stateDir: string): Promise<LoadedIdentity> {
  const identity = {
    caPem: await requireStateFile(stateDir, CA_CERTIFICATE),
    certPem: await requireStateFile(stateDir, SERVER_CERTIFICATE),
    keyPem: await requireStateFile(stateDir, SERVER_KEY),
  };
  const notes = check(identity, (name) => join(stateDir, name));
  notes.push(...(await placeContractFiles(stateDir, identity.caPem)));
  return { identity, origin: 'loaded', notes };
}

async function create(stateDir: string, options: IdentityOptions): Promise<LoadedIdentity> {
  const attributes = await prepareStateDirectory(stateDir, options.sharing ?? defaultSharing());
  await removeDeadTemporaries(stateDir);
  await makeAuthority(stateDir, attributes);
  await makeServer(stateDir, attributes, options.validDays);
  return { ...(await load(stateDir)), origin: 'created' };
}

async function makeAuthority(stateDir: string, attributes: FileAttributes): Promise<void> {
  const profile = readFixedProfile('ca');
  if (!(await hasStateFile(stateDir, CA_KEY))) {
    await placeStateFile(stateDir, CA_KEY, keyPem(await makeKey(profile.keyBits)), attributes);
  }
  if (await hasStateFile(stateDir, CA_CERTIFICATE)) return;
  const key = await readKey(stateDir, CA_KEY);
  const subject = subjectOf(profile.subject);
  const publicKey = createPublicKey(key);
  const der = issueCertificate({ profile, subject, publicKey, issuer: subject, issuerKey: key, now: new Date() });
  await placeStateFile(stateDir, CA_CERTIFICATE, certificatePem(der), attributes);
}

async function makeServer(stateDir: string, attributes: FileAttributes, validDays?: number): Promise<void> {
  const profile = withValidDays(readFixedProfile('server'), validDays);
  const ca = certificateOf(await namedFile(stateDir, CA_CERTIFICATE));
  const issuerKey = checkKeyFits(await namedFile(stateDir, CA_CERTIFICATE), ca, await namedFile(stateDir, CA_KEY));
  if (!(await hasStateFile(stateDir, SERVER_KEY))) {
    await placeStateFile(stateDir, SERVER_KEY, keyPem(await makeKey(profile.keyBits)), attributes);
  }
  if (await hasStateFile(stateDir, SERVER_CERTIFICATE)) return;
  const der = issueCertificate({
    profile,
    subject: subjectOf(profile.subject),
    publicKey: createPublicKey(await readKey(stateDir, SERVER_KEY)),
    issuer: partsOf(readDer(ca.raw)).subject,
    issuerKey,
    now: new Date(),
  });
  await placeStateFile(stateDir, SERVER_CERTIFICATE, certificatePem(der), attributes);
}

async function importDatabase(stateDir: string, options: IdentityOptions): Promise<LoadedIdentity> {
  const exported = await exportNssIdentity(stateDir, options.serverNickname ?? SERVER_NICKNAME);
  const identity = { caPem: exported.caPem, certPem: exported.certPem, keyPem: exported.keyPem };
  const notes = check(identity, (name) => `the database in ${stateDir}, exported as ${name}`);
  try {
    await storeImported(stateDir, exported);
  } catch (error) {
    return { identity, origin: 'imported', notes: [...notes, notStoredNote(stateDir, error)] };
  }
  return { ...(await load(stateDir)), origin: 'imported' };
}

/** The same people may read the PEM files as the database they come from. */
async function storeImported(stateDir: string, exported: ExportedIdentity): Promise<void> {
  const attributes = await attributesLike((await nssKeyFile(stateDir)) ?? stateDir);
  const contents: readonly (readonly [string, string])[] = [
    [CA_KEY, exported.caKeyPem],
    [CA_CERTIFICATE, exported.caPem],
    [SERVER_KEY, exported.keyPem],
    [SERVER_CERTIFICATE, exported.certPem],
  ];
  await removeDeadTemporaries(stateDir);
  for (const [name, content] of contents) await placeStateFile(stateDir, name, content, attributes);
}

function notStoredNote(stateDir: string, error: unknown): string {
  const again = `The NSS database in ${stateDir} was read, but PEM files cannot be written there: every start has to read it again.`;
  if (isWriteRefused(error)) return `${again} Run \`qnetd init\` as root to store them.`;
  if (error instanceof OperatorError && isDiskFull(error)) return `${again} ${error.message}`;
  throw error;
}

/** Nothing is served with them, so none of them is worth an arbiter that does not start. */
async function placeContractFiles(stateDir: string, caPem: string): Promise<string[]> {
  try {
    await tryContractFiles(stateDir, caPem, await attributesLike(join(stateDir, SERVER_KEY)));
    return [];
  } catch (error) {
    // A daemon that may only read goes without.
    if (isWriteRefused(error)) return [];
    if (error instanceof OperatorError) return [`A file that setup tools look for is not in place. ${error.message}`];
    throw error;
  }
}

/** Files that setup tools look for. A tool may have put a file of the same name there before: only ours counts. */
async function tryContractFiles(stateDir: string, caPem: string, attributes: FileAttributes): Promise<void> {
  const existing = await readStateFile(stateDir, CA_EXPORT);
  if (existing === undefined || !isSameCertificate(existing, caPem)) {
    await replaceStateFile(join(stateDir, CA_EXPORT), caPem, { ...attributes, mode: CA_EXPORT_MODE });
  }
  if (await hasNssDatabase(stateDir)) return;
  if (!(await hasStateFile(stateDir, MARKER))) await placeStateFile(stateDir, MARKER, MARKER_TEXT, attributes);
}

function check(identity: ServerIdentity, fileOf: (name: string) => string): string[] {
  const parts = {
    ca: { file: fileOf(CA_CERTIFICATE), pem: identity.caPem },
    server: { file: fileOf(SERVER_CERTIFICATE), pem: identity.certPem },
    serverKey: { file: fileOf(SERVER_KEY), pem: identity.keyPem },
  };
  return checkIdentity(parts, new Date());
}

/** Owner, group and mode of an existing file, never with rights for everybody. Only root can pass on an owner. */
export async function attributesLike(path: string): Promise<FileAttributes> {
  const { mode } = await stat(path);
  return { mode: mode & 0o660, ...(isRoot() ? await ownerOf(path) : undefined) };
}

async function namedFile(stateDir: string, name: string) {
  return { file: join(stateDir, name), pem: await requireStateFile(stateDir, name) };
}

async function readKey(stateDir: string, name: string) {
  return privateKeyOf(await namedFile(stateDir, name));
}

function isSameCertificate(exported: string, caPem: string): boolean {
  try {
    return new X509Certificate(exported).raw.equals(new X509Certificate(caPem).raw);
  } catch {
    return false;
  }
}
