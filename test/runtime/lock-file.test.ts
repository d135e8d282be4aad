import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { OperatorError } from '../../src/runtime/errors.ts';
import { posixLockHolder, takeLockFile } from '../../src/runtime/lock-file.ts';

const MODULE = new URL('../../src/runtime/lock-file.ts', import.meta.url).href;

/** Takes the lock when it reads a line, says how that went, and keeps it until it is killed. */
const HOLDER = `
import { takeLockFile } from '${MODULE}';
process.stdin.once('data', async () => {
  try {
    await takeLockFile(process.argv[1], process.pid);
    console.log('held');
  } catch (error) {
    console.log(error.message);
  }
  setInterval(() => undefined, 1_000);
});
console.log('ready');
`;

interface Contender {
  readonly child: ChildProcess;
  /** Tries to take the lock. */
  try(): Promise<string>;
}

async function startContender(path: string): Promise<Contender> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', HOLDER, path];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    child,
    try: async () => {
      child.stdin.write('go\n');
      return String((await lines.next()).value);
    },
  };
}

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lock-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('the file holds the process id, with its mode, in a directory that is made', async () => {
  await withDirectory(async (directory) => {
    const before = process.umask(0);
    try {
      const path = join(directory, 'run', 'qnetd.pid');
      const lock = await takeLockFile(path, 123);
      assert.equal(await readFile(path, 'utf8'), '123\n');
      assert.equal((await stat(path)).mode & 0o777, 0o640);
      assert.equal((await stat(join(directory, 'run'))).mode & 0o777, 0o770);
      await lock.release();
      assert.equal(await readFile(path, 'utf8'), '123\n', 'it stays behind');
      const next = await takeLockFile(path, 7);
      assert.equal(await readFile(path, 'utf8'), '7\n', 'a shorter id leaves nothing of the longer one');
      await next.release();
    } finally {
      process.umask(before);
    }
  });
});

test('missing directories are made, all of them; a path that cannot be one is refused', async () => {
  await withDirectory(async (directory) => {
    const lock = await takeLockFile(join(directory, 'a', 'b', 'qnetd.pid'), 1);
    assert.equal(await readFile(join(directory, 'a', 'b', 'qnetd.pid'), 'utf8'), '1\n');
    await lock.release();
    await assert.rejects(takeLockFile(join(directory, 'a', 'b', 'qnetd.pid', 'c', 'qnetd.pid'), 1), OperatorError);
    await assert.rejects(takeLockFile('', 1), OperatorError);
  });
});

test('a second instance is refused and told who holds the lock; the content is kept', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'qnetd.pid');
    const lock = await takeLockFile(path, 4711);
    await assert.rejects(takeLockFile(path, 2), /^OperatorError: Another instance is running: process 4711 holds /);
    assert.equal(await readFile(path, 'utf8'), '4711\n');
    await lock.release();
  });
});

test('of many that start at once one wins, and when it is killed the next start gets the lock', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'qnetd.pid');
    const contenders = await Promise.all(Array.from({ length: 5 }, () => startContender(path)));
    try {
      const results = await Promise.all(contenders.map((contender) => contender.try()));
      assert.equal(results.filter((result) => result === 'held').length, 1, results.join('\n'));
      for (const result of results) assert.match(result, /^held$|^Another instance is running/);
      const winner = contenders[results.indexOf('held')];
      assert.ok(winner);
      assert.equal(await readFile(path, 'utf8'), `${winner.child.pid}\n`);
      winner.child.kill('SIGKILL');
      await once(winner.child, 'exit');
      const lock = await takeLockFile(path, 1);
      await lock.release();
    } finally {
      for (const { child } of contenders) child.kill('SIGKILL');
    }
  });
});

test('another file is another lock', async () => {
  await withDirectory(async (directory) => {
    const one = await takeLockFile(join(directory, 'one.pid'), 1);
    const other = await takeLockFile(join(directory, 'other.pid'), 2);
    await one.release();
    await other.release();
  });
});

test('a stale file of an older start is taken over', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'qnetd.pid');
    await writeFile(path, '99999\nmore\n');
    const lock = await takeLockFile(path, 5);
    assert.equal(await readFile(path, 'utf8'), '5\n');
    await lock.release();
  });
});

test('a write lock is found by device and inode, a waiting or a reading process is not its holder', () => {
  const file = { dev: 0xfe00n, ino: 2_147_062n };
  const held = '1: POSIX  ADVISORY  WRITE 6416 fe:00:2147062 0 EOF\n';
  assert.equal(posixLockHolder(held, file), 6416);
  assert.equal(posixLockHolder(`3: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n${held}`, file), 6416);
  for (const other of [
    '1: POSIX  ADVISORY  WRITE 6416 fe:00:2147063 0 EOF\n',
    '1: POSIX  ADVISORY  WRITE 6416 fe:01:2147062 0 EOF\n',
    '1: POSIX  ADVISORY  READ  6416 fe:00:2147062 0 EOF\n',
    '1: -> POSIX  ADVISORY  WRITE 6416 fe:00:2147062 0 EOF\n',
    '1: FLOCK  ADVISORY  WRITE 6416 fe:00:2147062 0 EOF\n',
    '',
  ]) {
    assert.equal(posixLockHolder(other, file), undefined, other);
  }
  // makedev(3) spreads large numbers over both halves.
  assert.equal(posixLockHolder('1: POSIX  ADVISORY  WRITE 1 103:fffff:5 0 EOF\n', { dev: 0xfff103ffn, ino: 5n }), 1);
});
