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
import { CA_NICKNAME } from './pkcs12-write.ts';
import { withPrivateDirectory } from './private-directory.ts';
import { MARKER, replaceStateFile } from './state-files.ts';

export interface MirrorContent {
  readonly caPem: string;
  /** undefined: no certificate yet. */
  readonly pkcs12: Buffer | undefined;
}

const TOOL_TIMEOUT_MS = 30_000;
/** pkcs11.txt last: what stands for the database is there when the others are. */
const DATABASE_FILES = ['cert9.db', 'key4.db', MARKER] as const;
const MARKER_TEXT = '# The keys and certificates of this node are in the PEM files beside this one.\n';

const run = promisify(execFile);

/** Sentences for the operator. Without the tools only the marker is made that pcs looks for. */
export async function mirrorToNss(directory: string, content: MirrorContent, attributes: FileAttributes) {
  try {
    await withPrivateDirectory(async (scratch) => {
      await build(scratch, content);
      for (const name of DATABASE_FILES) {
        const bytes = await readFile(join(scratch, name));
        const moved = name === MARKER ? bytes.toString('latin1').replaceAll(scratch, directory) : bytes;
        await replaceStateFile(join(directory, name), moved, attributes);
      }
      await replaceStateFile(join(directory, 'pwdfile.txt'), '', attributes);
    });
    return [];
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) return [`The NSS database in ${directory} is out of date: ${reasonOf(error)}.`];
    await replaceStateFile(join(directory, MARKER), MARKER_TEXT, attributes);
    return [];
  }
}

async function build(scratch: string, { caPem, pkcs12 }: MirrorContent): Promise<void> {
  const [password, ca, p12] = ['pwdfile.txt', 'ca.pem', 'cluster.p12'].map((name) => join(scratch, name));
  if (password === undefined || ca === undefined || p12 === undefined) return;
  await writeFile(password, '', { mode: 0o600 });
  await writeFile(ca, caPem, { mode: 0o600 });
  const database = `sql:${scratch}`;
  await tool('certutil', ['-N', '-d', database, '-f', password]);
  await tool('certutil', ['-A', '-d', database, '-n', CA_NICKNAME, '-t', 'CT,c,c', '-f', password, '-i', ca]);
  if (pkcs12 === undefined) return;
  await writeFile(p12, pkcs12, { mode: 0o600 });
  // No secret is told here: the password of database and file is the empty one.
  await tool('pk12util', ['-i', p12, '-d', database, '-k', password, '-W', '']);
}

async function tool(name: string, args: readonly string[]): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
  await run(name, args, { env, timeout: TOOL_TIMEOUT_MS });
}

function reasonOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  return said.trim().split('\n')[0] || (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
}
