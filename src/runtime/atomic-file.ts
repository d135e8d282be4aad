/**
 * Files that other programs read, or that hold keys, appear whole or not at all, and with their final mode and owner
 * from the first moment they can be seen: written beside the target under a private name, synced, then moved.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FileAttributes {
  readonly mode: number;
  /** Owner and group are set only when both are given: that takes root. */
  readonly uid?: number;
  readonly gid?: number;
}

/** A leftover this young may belong to a process of another pid namespace that is still writing. */
const LEFTOVER_AGE_MS_MIN = 60_000;

/** Puts `bytes` at `path`, in place of what was there. */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string, attributes: FileAttributes) {
  await throughTemporary(path, bytes, attributes, async (temporary) => {
    await rename(temporary, path);
    return true;
  });
}

/** Puts `bytes` at `path` unless something is there already, which is then left alone: false. Of two writers one wins. */
export function createFileAtomic(path: string, bytes: Uint8Array | string, attributes: FileAttributes) {
  return throughTemporary(path, bytes, attributes, async (temporary) => {
    const created = await link(temporary, path).then(
      () => true,
      (error: unknown) => {
        if (hasErrorCode(error, 'EEXIST')) return false;
        throw error;
      },
    );
    await unlink(temporary);
    return created;
  });
}

/** Takes away what writers that were killed left behind, as far as this process may. */
export async function removeDeadTemporaries(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const pid = /^\.tmp-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > LEFTOVER_AGE_MS_MIN)
      await rm(path, { force: true }).catch(() => undefined);
  }
}

/** Does the error carry one of these system error names, such as ENOENT? */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** Each step is a trip to another thread and back, and a vote may wait for the last one: so the steps are few. */
async function throughTemporary(
  path: string,
  bytes: Uint8Array | string,
  attributes: FileAttributes,
  publish: (temporary: string) => Promise<boolean>,
): Promise<boolean> {
  const directory = dirname(path);
  // The name does not derive from the target's, which may already be as long as a name can be.
  const temporary = join(directory, `.tmp-${process.pid}-${randomBytes(8).toString('hex')}`);
  const folder = Folder.of(directory);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx', 0o600);
    await Promise.all([file.writeFile(bytes), own(file, attributes)]);
    await file.sync();
    const published = await publish(temporary);
    await folder.sync();
    return published;
  } catch (error) {
    folder.disown();
    if (file !== undefined) await rm(temporary, { force: true });
    throw error;
  } finally {
    await Promise.allSettled([file?.close(), folder.release()]);
  }
}

/** A directory that files are being put into. Writers that are done while it is synced share the sync that comes next. */
class Folder {
  static readonly #used = new Map<string, Folder>();
  readonly #directory: string;
  readonly #handle: Promise<FileHandle>;
  #users = 0;
  #running: Promise<void> | undefined;
  /** Has not begun: what is moved before it does is in it. */
  #next: Promise<void> | undefined;

  static of(directory: string): Folder {
    const folder = Folder.#used.get(directory) ?? new Folder(directory);
    Folder.#used.set(directory, folder);
    folder.#users += 1;
    return folder;
  }

  private constructor(directory: string) {
    this.#directory = directory;
    this.#handle = open(directory, 'r');
    this.#handle.catch(() => undefined); // awaited by whoever syncs
  }

  sync(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  /** Whoever comes now opens the directory anew: it may be another one by then. */
  disown(): void {
    if (Folder.#used.get(this.#directory) === this) Folder.#used.delete(this.#directory);
  }

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.disown();
    await (await this.#handle).close();
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    const mine = this.#handle
      .then((handle) => handle.sync())
      .finally(() => {
        if (this.#running === mine) this.#running = undefined;
      });
    this.#running = mine;
    return mine;
  }
}

async function own(file: FileHandle, { mode, uid, gid }: FileAttributes): Promise<void> {
  if (uid !== undefined && gid !== undefined) await file.chown(uid, gid);
  await file.chmod(mode);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrorCode(error, 'ESRCH');
  }
}
