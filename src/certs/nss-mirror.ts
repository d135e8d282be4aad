/**
 * A true NSS database beside a node's PEM files, where the tools for it are installed: `pcs quorum device
 * check_local_qnetd_certs` looks into it with certutil, and upstream's daemon can take over from it. It is made anew from
 * the files each time, in a private place, and moved; whoever reads it finds the old one or the new one. Nothing of ours
 * reads it, so a failure is a note and no more.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FileAttributes, hasErrorCode } from '../runtime/atomic-file.ts';
import { OperatorError } from '../runtime/errors.ts';
import { CA_NICKNAME } from './pkcs12-write.ts';
import { withPrivateDirectory } from './private-directory.ts';
import { hasStateFile, MARKER, placeStateFile, replaceStateFile } from './state-files.ts';

export interface MirrorContent {
  readonly caPem: string;
  /** undefined: no certificate yet. */
  readonly pkcs12: Buffer | undefined;
}

/** Each is a PKCS#12 file under the nickname that upstream's daemon looks for. */
export interface ArbiterContent {
  readonly authority: Buffer;
  readonly server: Buffer;
}

const TOOL_TIMEOUT_MS = 30_000;
const PASSWORD_FILE = 'pwdfile.txt';
/** pkcs11.txt last: what stands for the database is there when the others are. */
const DATABASE_FILES = ['cert9.db', 'key4.db', MARKER] as const;
const MARKER_TEXT = '# The keys and certificates of this node are in the PEM files beside this one.\n';

const run = promisify(execFile);

/** Sentences for the operator. Without the tools only the marker is made that pcs looks for. */
export async function mirrorToNss(directory: string, content: MirrorContent, attributes: FileAttributes) {
  try {
    await place(directory, (scratch) => buildNode(scratch, content), attributes);
    return [];
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) return [`The NSS database in ${directory} is out of date: ${reasonOf(error)}.`];
    await replaceStateFile(join(directory, MARKER), MARKER_TEXT, attributes);
    return [];
  }
}

/** The same for an arbiter, whose database upstream's daemon can go on from: authority and server with their keys. */
export async function mirrorArbiterToNss(directory: string, content: ArbiterContent, attributes: FileAttributes) {
  try {
    await place(directory, (scratch) => buildArbiter(scratch, content), attributes);
  } catch (cause) {
    if (!hasErrorCode(cause, 'ENOENT')) {
      const problem = `The NSS database in ${directory} cannot be made: ${reasonOf(cause)}.`;
      throw new OperatorError(problem, 'Check the certificates with qnetd certs list.', 1, { cause });
    }
    const remedy = 'Install libnss3-tools and try again.';
    throw new OperatorError('certutil and pk12util are not installed.', remedy, 1, { cause });
  }
  // What upstream's script counts its certificates from; ours have random numbers.
  if (!(await hasStateFile(directory, 'serial.txt')))
    await placeStateFile(directory, 'serial.txt', '102\n', attributes);
}

async function place(directory: string, build: (scratch: string) => Promise<void>, attributes: FileAttributes) {
  await withPrivateDirectory(async (scratch) => {
    await writeFile(join(scratch, PASSWORD_FILE), '', { mode: 0o600 });
    await tool('certutil', ['-N', '-d', `sql:${scratch}`, '-f', join(scratch, PASSWORD_FILE)]);
    await build(scratch);
    for (const name of DATABASE_FILES) {
      const bytes = await readFile(join(scratch, name));
      const moved = name === MARKER ? bytes.toString('latin1').replaceAll(scratch, directory) : bytes;
      await replaceStateFile(join(directory, name), moved, attributes);
    }
    await replaceStateFile(join(directory, PASSWORD_FILE), '', attributes);
  });
}

async function buildNode(scratch: string, { caPem, pkcs12 }: MirrorContent): Promise<void> {
  const [password, ca] = [join(scratch, PASSWORD_FILE), join(scratch, 'ca.pem')];
  await writeFile(ca, caPem, { mode: 0o600 });
  await tool('certutil', ['-A', '-d', `sql:${scratch}`, '-n', CA_NICKNAME, '-t', 'CT,c,c', '-f', password, '-i', ca]);
  if (pkcs12 !== undefined) await importPair(scratch, pkcs12);
}

/** A PKCS#12 file carries no trust: the authority gets it afterwards. */
async function buildArbiter(scratch: string, { authority, server }: ArbiterContent): Promise<void> {
  await importPair(scratch, authority);
  const password = join(scratch, PASSWORD_FILE);
  await tool('certutil', ['-M', '-d', `sql:${scratch}`, '-n', CA_NICKNAME, '-t', 'CT,,', '-f', password]);
  await importPair(scratch, server);
}

/** No secret is told here: the password of database and file is the empty one. */
async function importPair(scratch: string, pkcs12: Buffer): Promise<void> {
  const file = join(scratch, 'pair.p12');
  await writeFile(file, pkcs12, { mode: 0o600 });
  const empty = ['-k', join(scratch, PASSWORD_FILE), '-W', ''];
  await tool('pk12util', ['-i', file, '-d', `sql:${scratch}`, ...empty]);
}

async function tool(name: string, args: readonly string[]): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
  await run(name, args, { env, timeout: TOOL_TIMEOUT_MS });
}

function reasonOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  return said.trim().split('\n')[0] || (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
}
