/**
 * One daemon per lock file. Upstream holds a POSIX lock on the file, which Node.js cannot take, so two daemons of ours
 * exclude each other by an abstract Unix socket whose name derives from the file: the kernel gives it to one process
 * alone and takes it back when that process ends, however it ends. An upstream daemon is found in /proc/locks. Not
 * excluded is an upstream daemon that starts after ours; it finds the TCP port taken.
 */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OperatorError } from './errors.ts';

export interface LockFile {
  /** Lets another instance start. The file stays, as upstream's does. */
  release(): Promise<void>;
}

/** Somebody may replace the file between looking at it and holding it. */
const TRIES_MAX = 5;
const HOLD_POLL_MS = 20;

export async function takeLockFile(path: string, pid: number): Promise<LockFile> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const file = await openLockFile(path);
    try {
      const identity = await file.stat({ bigint: true });
      const held = await holdAbstractName(nameOf(identity));
      if (held === undefined) throw anotherInstance(path, await pidIn(path));
      const lock = await keepIfStillThere(path, file, identity, held, pid);
      if (lock !== undefined) return lock;
    } finally {
      await file.close();
    }
  }
  throw new OperatorError(`The lock file ${path} is replaced again and again.`, 'Find out who does that.');
}

/**
 * One after the other among those who may look into the directory of an existing file; nothing is written. Rejects when
 * the others take longer than `waitMs`.
 */
export async function whileHolding<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + waitMs;
  const name = nameOf(await stat(path, { bigint: true }));
  let held = await holdAbstractName(name);
  while (held === undefined) {
    if (performance.now() > deadlineMs) {
      throw new OperatorError(`Another process has been at work on ${path} for long.`, 'Find out what it waits for.');
    }
    await pause(HOLD_POLL_MS);
    held = await holdAbstractName(name);
  }
  try {
    return await work();
  } finally {
    await closed(held);
  }
}

async function keepIfStillThere(
  path: string,
  file: FileHandle,
  identity: BigIntStats,
  held: Server,
  pid: number,
): Promise<LockFile | undefined> {
  try {
    const holder = posixLockHolder(await readFile('/proc/locks', 'latin1').catch(() => ''), identity);
    if (holder !== undefined) throw anotherInstance(path, holder);
    const now = await stat(path, { bigint: true }).catch(() => undefined);
    if (now?.dev !== identity.dev || now.ino !== identity.ino) {
      await closed(held);
      return undefined;
    }
    await writePid(path, file, pid);
  } catch (error) {
    await closed(held);
    throw error;
  }
  return { release: () => closed(held) };
}

async function openLockFile(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { mode: 0o770, recursive: true });
    // 'a+' creates without truncating: what a running instance wrote stays.
    return await open(path, 'a+', 0o640);
  } catch (cause) {
    const problem = `The lock file ${path} cannot be opened (${cause instanceof Error ? cause.message : cause}).`;
    throw new OperatorError(problem, 'Create its directory, or name one that this user may write to.', 1, { cause });
  }
}

async function writePid(path: string, file: FileHandle, pid: number): Promise<void> {
  try {
    await file.truncate();
    await file.write(`${pid}\n`, 0);
  } catch (cause) {
    const problem = `The lock file ${path} cannot be written (${cause instanceof Error ? cause.message : cause}).`;
    const remedy = 'Make room on its disk, which `df -h` and `df -i` show, or name another lock file.';
    throw new OperatorError(problem, remedy, 1, { cause });
  }
}

/**
 * Abstract names are free for all to take. The moment of creation, in nanoseconds, is known only to who may look into
 * the file's directory, so that another user of the machine cannot take the name first and keep the daemon down.
 */
function nameOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `\0qdevice-lock-${dev}-${ino}-${birthtimeNs}`;
}

function holdAbstractName(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

/**
 * The process that holds a POSIX lock on the file, from lines like `1: POSIX  ADVISORY  WRITE 6416 fe:00:2147062 0 EOF`
 * (proc_locks(5)): device in hexadecimal, inode in decimal. A waiting process has `->` before its kind.
 */
export function posixLockHolder(procLocks: string, { dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): number | undefined {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  for (const line of procLocks.split('\n')) {
    const fields = /^\d+: (?:POSIX|OFDLCK) +\S+ +WRITE +(-?\d+) +([\da-f]+):([\da-f]+):(\d+) /.exec(line);
    if (fields === null) continue;
    const [, pid, majorHex, minorHex, inode] = fields;
    if (BigInt(`0x${majorHex}`) !== major || BigInt(`0x${minorHex}`) !== (minor & 0xffffffffn)) continue;
    if (BigInt(inode ?? '0') === ino) return Number(pid);
  }
  return undefined;
}

async function pidIn(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'latin1').catch(() => '');
  return /^\d{1,10}\n$/.test(text) ? Number(text) : undefined;
}

function anotherInstance(path: string, pid: number | undefined): OperatorError {
  const holder = pid === undefined || pid <= 0 ? 'a process' : `process ${pid}`;
  return new OperatorError(
    `Another instance is running: ${holder} holds ${path}.`,
    'Stop it, or name another lock file.',
  );
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
