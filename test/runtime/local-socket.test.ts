import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OperatorError } from '../../src/runtime/errors.ts';
import type { LocalSocketOptions } from '../../src/runtime/local-socket.ts';
import { askLocalSocket, serveLocalSocket } from '../../src/runtime/local-socket.ts';

const LIMITS = { timeoutMs: 10_000, replyBytesMax: 1 << 20 };

async function withPath(use: (options: LocalSocketOptions, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'local-socket-'));
  const sizes = { backlog: 10, maxClients: 10, maxReceiveBytes: 4_096, maxSendBytes: 1 << 20 };
  try {
    await use({ path: join(directory, 'qnetd.sock'), umask: undefined, gid: undefined, ...sizes }, directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const echo = (line: string) => ({ text: `OK\n${line}`, stop: false });

test('asks and answers, names byte for byte, and takes the file away in the end', async () => {
  await withPath(async (options) => {
    const server = await serveLocalSocket(options, echo, assert.fail);
    const { connected, reply, error } = await askLocalSocket(options.path, 'list \xff\x80\n', LIMITS);
    assert.deepEqual([connected, reply.toString('latin1'), error], [true, 'OK\nlist \xff\x80\n', undefined]);
    await server.close();
    assert.equal(existsSync(options.path), false);
    assert.equal((await askLocalSocket(options.path, 'list\n', LIMITS)).error, 'ENOENT');
  });
});

test('a stop is passed on only when its answer is out', async () => {
  await withPath(async (options) => {
    const reply = { text: `OK\n${'x'.repeat(900_000)}`, stop: true };
    let stopped = false;
    const server = await serveLocalSocket(
      options,
      () => reply,
      () => {
        stopped = true;
      },
    );
    const outcome = await askLocalSocket(options.path, 'shutdown\n', LIMITS);
    assert.equal(outcome.reply.length, reply.text.length);
    for (let tries = 0; tries < 100 && !stopped; tries += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(stopped, true);
    await server.close();
  });
});

test('the mask holds for the socket file and for nothing else', async () => {
  await withPath(async (options) => {
    const before = process.umask();
    for (const [umask, mode] of [
      [0o077, 0o700],
      [0o007, 0o770],
      [0o000, 0o777],
    ] as const) {
      const server = await serveLocalSocket({ ...options, umask }, echo, assert.fail);
      assert.equal((await stat(options.path)).mode & 0o777, mode);
      assert.equal(process.umask(), before);
      await server.close();
    }
  });
});

test('the group of the socket file is set', async () => {
  // Without root a process may only give files to groups of its own.
  const gid = process.getuid?.() === 0 ? 4_242 : process.getgid?.();
  assert.ok(gid !== undefined);
  await withPath(async (options) => {
    const server = await serveLocalSocket({ ...options, gid }, echo, assert.fail);
    assert.equal((await stat(options.path)).gid, gid);
    await server.close();
  });
});

test('a socket that a crash left behind is replaced, one that is answered is not', async () => {
  await withPath(async (options) => {
    const program = `require('net').createServer().listen('${options.path}', () => console.log('up'))`;
    const other = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    await assert.rejects(serveLocalSocket(options, echo, assert.fail), isOperatorError(/Another instance is running/));
    other.kill('SIGKILL');
    await once(other, 'exit');
    assert.ok(existsSync(options.path), 'SIGKILL leaves the file');
    const server = await serveLocalSocket(options, echo, assert.fail);
    assert.equal((await askLocalSocket(options.path, 'x\n', LIMITS)).reply.toString(), 'OK\nx\n');
    await server.close();
  });
});

test('what is in the way and is no socket stays', async () => {
  await withPath(async (options) => {
    await writeFile(options.path, 'precious');
    await assert.rejects(serveLocalSocket(options, echo, assert.fail), isOperatorError(/is in the way/));
    assert.equal((await stat(options.path)).size, 8);
  });
});

test('missing directories are made, all of them, for the owner and the group', async () => {
  await withPath(async (options, directory) => {
    const before = process.umask(0);
    try {
      const path = join(directory, 'run', 'qnetd', 'qnetd.sock');
      const server = await serveLocalSocket({ ...options, path }, echo, assert.fail);
      assert.equal((await askLocalSocket(path, 'x\n', LIMITS)).connected, true);
      for (const made of ['run', 'run/qnetd']) assert.equal((await stat(join(directory, made))).mode & 0o777, 0o770);
      await server.close();
    } finally {
      process.umask(before);
    }
  });
});

test('a path that cannot be bound is named', async () => {
  await withPath(async (options, directory) => {
    await writeFile(join(directory, 'file'), '');
    for (const [path, problem] of [
      [join(directory, 'file', 'qnetd.sock'), /cannot be created/],
      ['', /1 to 107 bytes/],
      [join(directory, 'x'.repeat(107)), /1 to 107 bytes/],
    ] as const) {
      await assert.rejects(serveLocalSocket({ ...options, path }, echo, assert.fail), isOperatorError(problem));
    }
    const longest = join(directory, 'x'.repeat(107 - Buffer.byteLength(directory) - 1));
    const server = await serveLocalSocket({ ...options, path: longest }, echo, assert.fail);
    assert.equal((await askLocalSocket(longest, 'x\n', LIMITS)).connected, true);
    await server.close();
  });
});

test('the asking side has limits of its own: for silence and for size', async () => {
  await withPath(async (options) => {
    const server = await serveLocalSocket(options, () => ({ text: 'x'.repeat(500_000), stop: false }), assert.fail);
    const silent = await askLocalSocket(options.path, 'no newline', { ...LIMITS, timeoutMs: 50 });
    assert.equal(silent.error, 'ETIMEDOUT');
    const large = await askLocalSocket(options.path, 'x\n', { ...LIMITS, replyBytesMax: 1_000 });
    assert.equal(large.error, 'EMSGSIZE');
    await server.close();
  });
});

function isOperatorError(problem: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof OperatorError && error.exitCode === 1 && problem.test(error.problem);
}
