/**
 * The files of an arbiter's state directory: who may read them, and what to tell the operator when one cannot be read
 * or written. PEM files are the source of truth; beside them lie the files that setup tools look for.
 */
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rmdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createFileAtomic, type FileAttributes, hasErrorCode, writeFileAtomic } from '../runtime/atomic-file.ts';
import { OperatorError } from '../runtime/errors.ts';

export const CA_KEY = 'ca.key';
export const CA_CERTIFICATE = 'ca.pem';
export const SERVER_KEY = 'server.key';
export const SERVER_CERTIFICATE = 'server.pem';
/** What setup tools copy to the nodes. */
export const CA_EXPORT = 'qnetd-cacert.crt';
/** What pcs takes for the sign of an initialised arbiter where there is no NSS database. */
export const MARKER = 'pkcs11.txt';
/** Nothing here takes noise from a file; upstream's scripts use this one if somebody goes back to them. */
export const NOISE_FILE = 'noise.txt';

/** How far the group of the files reaches. Nobody else ever sees a key. */
export type Sharing = 'private' | 'groupReadable' | 'groupWritable';

const MODES: Readonly<Record<Sharing, { readonly directory: number; readonly file: number }>> = {
  private: { directory: 0o700, file: 0o600 },
  groupReadable: { directory: 0o750, file: 0o640 },
  groupWritable: { directory: 0o770, file: 0o660 },
};

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** As root, the group is one that root chose for the daemon; a user's own group may hold everybody. */
export function defaultSharing(): Sharing {
  return isRoot() ? 'groupReadable' : 'private';
}

/** Makes the directory if it is missing, and says how files in it are to be made. An existing one stays as it is. */
export async function prepareStateDirectory(stateDir: string, sharing: Sharing): Promise<FileAttributes> {
  const modes = MODES[sharing];
  try {
    const parent = dirname(stateDir);
    await mkdir(parent, { recursive: true, mode: 0o755 });
    const owner = await ownerOf(parent);
    if (!(await isDirectory(stateDir))) await makeDirectory(stateDir, { mode: modes.directory, ...owner });
    return { mode: modes.file, ...owner };
  } catch (error) {
    throw writeFailure(error, stateDir);
  }
}

/** As root, files belong to whoever the directory belongs to, as upstream's script has it. Others cannot choose. */
export async function ownerOf(directory: string): Promise<{ uid: number; gid: number } | undefined> {
  if (!isRoot()) return undefined;
  const { uid, gid } = await stat(directory);
  return { uid, gid };
}

/** Undefined: there is no such file. */
export async function readStateFile(stateDir: string, name: string): Promise<string | undefined> {
  const path = join(stateDir, name);
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw await readFailure(error, path);
  }
}

export async function requireStateFile(stateDir: string, name: string): Promise<string> {
  const content = await readStateFile(stateDir, name);
  if (content !== undefined) return content;
  throw new OperatorError(
    `${join(stateDir, name)} is missing.`,
    'Restore it from a backup, or empty the directory to start a new authority, which every node must then be given.',
  );
}

export async function hasStateFile(stateDir: string, name: string): Promise<boolean> {
  const path = join(stateDir, name);
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false;
    throw await readFailure(error, path);
  }
}

/** Puts the file there unless it exists; then the existing one counts. */
export async function placeStateFile(stateDir: string, name: string, content: string, attributes: FileAttributes) {
  const path = join(stateDir, name);
  try {
    await createFileAtomic(path, content, attributes);
  } catch (error) {
    throw writeFailure(error, path);
  }
}

export async function replaceStateFile(path: string, content: string | Uint8Array, attributes: FileAttributes) {
  try {
    await writeFileAtomic(path, content, attributes);
  } catch (error) {
    throw writeFailure(error, path);
  }
}

/** Is this the failure of someone who may not write here, where reading might do? */
export function isWriteRefused(error: unknown): boolean {
  return error instanceof OperatorError && hasErrorCode(error.cause, 'EACCES', 'EPERM', 'EROFS');
}

/** Is the disk, or the user's share of it, full, where reading might do? */
export function isDiskFull(error: unknown): boolean {
  return error instanceof OperatorError && hasErrorCode(error.cause, 'ENOSPC', 'EDQUOT');
}

export async function readFailure(cause: unknown, path: string): Promise<OperatorError> {
  const options = { cause };
  if (hasErrorCode(cause, 'ENOTDIR')) {
    return new OperatorError(`${dirname(path)} is not a directory.`, 'Name another state directory.', 1, options);
  }
  if (!hasErrorCode(cause, 'EACCES', 'EPERM')) {
    return new OperatorError(`${path} cannot be read: ${reasonOf(cause)}.`, 'Check the file and its disk.', 1, options);
  }
  const found = await stat(path).catch(() => undefined);
  const owner = found && ` (owner ${found.uid}, group ${found.gid}, mode ${(found.mode & 0o7777).toString(8)})`;
  return new OperatorError(
    `${path} cannot be read as user ${userName()}${owner ?? ''}.`,
    'Give that user or its group the right to read the directory and the file, with chown, chgrp or chmod.',
    1,
    options,
  );
}

function writeFailure(cause: unknown, path: string): OperatorError {
  if (cause instanceof OperatorError) return cause;
  return new OperatorError(`${path} cannot be written as user ${userName()}: ${reasonOf(cause)}.`, remedyOf(cause), 1, {
    cause,
  });
}

function remedyOf(cause: unknown): string {
  if (hasErrorCode(cause, 'ENOSPC')) return 'Free room on that disk; `df -h` and `df -i` show how much there is.';
  if (hasErrorCode(cause, 'EDQUOT')) return "Free room in that user's quota, or raise it.";
  return 'Let that user write there, run the command as root, or name another directory with --state.';
}

/** Appears with its final owner and mode in one step. Whoever else made it meanwhile may keep theirs. */
async function makeDirectory(path: string, attributes: FileAttributes): Promise<void> {
  const temporary = await mkdtemp(join(dirname(path), '.tmp-'));
  try {
    if (attributes.uid !== undefined && attributes.gid !== undefined) {
      await chown(temporary, attributes.uid, attributes.gid);
    }
    await chmod(temporary, attributes.mode);
    await rename(temporary, path);
  } catch (error) {
    await rmdir(temporary);
    if (!(await isDirectory(path))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Without the call and the path, which the sentence around it names. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split(', ')[0] ?? message;
}

/** A user of a container may have a number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.());
  }
}
