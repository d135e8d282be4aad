/**
 * Reading the keys and certificates of an arbiter that upstream's script has set up, so that no node needs new ones.
 * NSS's own tools read the database, because its format has changed several times. They work on a private copy: the
 * original keeps every byte and serves for the way back.
 */
import { execFile } from 'node:child_process';
import { type KeyObject, X509Certificate } from 'node:crypto';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasErrorCode } from '../runtime/atomic-file.ts';
import { OperatorError } from '../runtime/errors.ts';
import { certificatePem, keyPem } from './issue.ts';
import { readPrivateKeys } from './pkcs12.ts';
import { CA_NICKNAME } from './pkcs12-write.ts';
import { withPrivateDirectory } from './private-directory.ts';
import { hasStateFile, readFailure } from './state-files.ts';

export interface ExportedIdentity {
  readonly caPem: string;
  readonly caKeyPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

/** What a node's database holds; any of it may be missing. */
export interface NodeMaterial {
  readonly authorities: readonly X509Certificate[];
  readonly pairs: readonly KeyPair[];
}

export interface KeyPair {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

interface DatabaseFormat {
  readonly prefix: 'sql:' | 'dbm:';
  /** The first tells that the database is there, the second holds the keys. */
  readonly files: readonly [string, string, ...string[]];
}

interface Scratch {
  readonly directory: string;
  readonly database: string;
  /** Where the database comes from, for messages. */
  readonly origin: string;
}

/** The newer format first: where both lie side by side, the older is what a conversion has left. */
const FORMATS: readonly DatabaseFormat[] = [
  // A journal is there only if a writer was killed; without it the copy would be torn.
  { prefix: 'sql:', files: ['cert9.db', 'key4.db', 'cert9.db-journal', 'key4.db-journal'] },
  { prefix: 'dbm:', files: ['cert8.db', 'key3.db', 'secmod.db'] },
];

export const SERVER_NICKNAME = 'QNetd Cert';
const TOOL_TIMEOUT_MS = 30_000;

const run = promisify(execFile);

export async function hasNssDatabase(stateDir: string): Promise<boolean> {
  return (await formatOf(stateDir)) !== undefined;
}

/** The file that holds the keys: whoever may read it may read keys exported from it. */
export async function nssKeyFile(stateDir: string): Promise<string | undefined> {
  const format = await formatOf(stateDir);
  return format && join(stateDir, format.files[1]);
}

export async function exportNssIdentity(stateDir: string, serverNickname: string): Promise<ExportedIdentity> {
  const format = await formatOf(stateDir);
  if (format === undefined) {
    throw new OperatorError(`There is no certificate database in ${stateDir}.`, 'Name another directory with --state.');
  }
  return await withCopy(stateDir, format, async (scratch) => {
    const ca = await exportPair(scratch, CA_NICKNAME);
    const server = await exportPair(scratch, serverNickname);
    return { caPem: ca.certificate, caKeyPem: ca.key, certPem: server.certificate, keyPem: server.key };
  });
}

/** From a node's database, where the authority has no key and the cluster may have several certificates. */
export async function exportNssNodeMaterial(directory: string, clusterNickname: string): Promise<NodeMaterial> {
  const format = await formatOf(directory);
  if (format === undefined) return { authorities: [], pairs: [] };
  return await withCopy(directory, format, async (scratch) => {
    const listed = await runTool(scratch, 'certutil', ['-L', '-d', scratch.database], 'every certificate');
    const has = (nickname: string) => listed.split('\n').some((line) => line.startsWith(`${nickname} `));
    return {
      authorities: has(CA_NICKNAME) ? await listCertificates(scratch, CA_NICKNAME) : [],
      pairs: has(clusterNickname) ? await exportPairs(scratch, clusterNickname) : [],
    };
  });
}

function withCopy<T>(origin: string, { prefix, files }: DatabaseFormat, work: (scratch: Scratch) => Promise<T>) {
  return withPrivateDirectory(async (directory) => {
    for (const file of files) await copyIfThere(join(origin, file), join(directory, file));
    await writeFile(join(directory, 'password'), '', { mode: 0o600 });
    return await work({ directory, database: `${prefix}${directory}`, origin });
  });
}

async function formatOf(stateDir: string): Promise<DatabaseFormat | undefined> {
  for (const format of FORMATS) {
    if (await hasStateFile(stateDir, format.files[0])) return format;
  }
  return undefined;
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
    await chmod(to, 0o600); // the tools open it for writing, whatever the original allows
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw await readFailure(error, from);
  }
}

/** Of several certificates with one nickname the newest that has its key. */
async function exportPair(scratch: Scratch, nickname: string): Promise<{ certificate: string; key: string }> {
  const [newest] = newestFirst(await exportPairs(scratch, nickname));
  if (newest === undefined) throw missing(scratch, nickname);
  return { certificate: certificatePem(newest.certificate.raw), key: keyPem(newest.key) };
}

/** Certificates without their key are left out. */
export function pairsAmong(certificates: readonly X509Certificate[], keys: readonly KeyObject[]): KeyPair[] {
  return certificates.flatMap((certificate) => {
    const key = keys.find((candidate) => certificate.checkPrivateKey(candidate));
    return key === undefined ? [] : [{ certificate, key }];
  });
}

/** A certificate tells seconds; of two of the same one the later is the one that upstream, which counts them, numbered higher. */
export function newestFirst(pairs: readonly KeyPair[]): KeyPair[] {
  return [...pairs].sort(({ certificate: a }, { certificate: b }) => {
    const laterMs = Date.parse(b.validFrom) - Date.parse(a.validFrom);
    return laterMs !== 0 ? laterMs : compareNumbers(b.serialNumber, a.serialNumber);
  });
}

/** In hexadecimal digits, without a byte of zero in front. */
function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

async function exportPairs(scratch: Scratch, nickname: string): Promise<KeyPair[]> {
  return pairsAmong(await listCertificates(scratch, nickname), await exportKeys(scratch, nickname));
}

async function listCertificates(scratch: Scratch, nickname: string): Promise<X509Certificate[]> {
  const args = ['-L', '-d', scratch.database, '-n', nickname, '-a'];
  return certificatesIn(await runTool(scratch, 'certutil', args, nickname));
}

async function exportKeys(scratch: Scratch, nickname: string): Promise<KeyObject[]> {
  const file = join(scratch.directory, 'export.p12');
  // No secret is told here: upstream's databases have the empty password, and so has the file.
  const password = join(scratch.directory, 'password');
  const args = ['-o', file, '-d', scratch.database, '-n', nickname, '-k', password, '-W', ''];
  await runTool(scratch, 'pk12util', args, nickname);
  try {
    return readPrivateKeys(await readFile(file));
  } catch (cause) {
    throw missing(scratch, nickname, cause);
  }
}

async function runTool(scratch: Scratch, tool: string, args: readonly string[], nickname: string): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
  try {
    return (await run(tool, args, { cwd: scratch.directory, env, timeout: TOOL_TIMEOUT_MS })).stdout;
  } catch (cause) {
    if (wasKilled(cause)) throw cutOff(scratch, tool, cause);
    if (!hasErrorCode(cause, 'ENOENT')) throw missing(scratch, nickname, cause);
    throw new OperatorError(
      `The certificates in ${scratch.origin} are in an NSS database, and the program ${tool} to read it is missing.`,
      'Install the Debian package libnss3-tools and try again.',
      1,
      { cause },
    );
  }
}

/** By the time limit, or by a signal from outside. */
function wasKilled(cause: unknown): boolean {
  return cause instanceof Error && 'signal' in cause && typeof cause.signal === 'string';
}

/** Nothing is known about the database then, least of all that it is broken. */
function cutOff(scratch: Scratch, tool: string, cause: unknown): OperatorError {
  return new OperatorError(
    `The program ${tool}, reading the database in ${scratch.origin}, was stopped or took more than ${TOOL_TIMEOUT_MS / 1_000} s.`,
    'Start again: the database is as it was. If it takes long every time, see what keeps the machine busy.',
    1,
    { cause },
  );
}

function missing(scratch: Scratch, nickname: string, cause?: unknown): OperatorError {
  const said = toolMessage(cause);
  return new OperatorError(
    `The certificate or key "${nickname}" is missing from the database in ${scratch.origin}, or cannot be exported${said}.`,
    'Restore the database from a backup, or empty the directory to start a new authority, which every node must be given.',
    1,
    { cause },
  );
}

/** The tool's own reason, on its first line of standard error. */
function toolMessage(cause: unknown): string {
  if (!(cause instanceof Error) || !('stderr' in cause) || typeof cause.stderr !== 'string') return '';
  const line = cause.stderr.trim().split('\n')[0] ?? '';
  return line === '' ? '' : ` (${line})`;
}

function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
