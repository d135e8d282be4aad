/** What tests need that hold a command of ours against Debian's program: its run, a place for files, a daemon that plays a part. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CommandResult } from '../../src/cli/command-result.ts';

/** Runs a program to its end, under the name that it would have from a PATH; what it prints is one character a byte. */
export async function runProgram(path: string, args: readonly string[]): Promise<CommandResult> {
  const child = spawn(path, args, { argv0: basename(path), stdio: ['ignore', 'pipe', 'pipe'], timeout: 10_000 });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('latin1').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { exitCode: Number(code), ...output };
}

export async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'beside-debian-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** A daemon that answers every request with `reply` and keeps what it was asked. */
export async function withFakeDaemon(
  reply: string,
  use: (path: string, asked: string[]) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const asked: string[] = [];
    const path = join(directory, 'fake.sock');
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let request = '';
      socket.setEncoding('latin1');
      socket.on('error', () => undefined);
      socket.on('data', (text) => {
        request += String(text);
        if (!request.endsWith('\n') || socket.writableEnded) return;
        asked.push(request);
        socket.end(reply, 'latin1');
      });
      socket.on('end', () => socket.end());
    });
    server.listen(path);
    await once(server, 'listening');
    try {
      await use(path, asked);
    } finally {
      server.close();
      await once(server, 'close');
    }
  });
}
