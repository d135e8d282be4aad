/** Status commands start fast because they load little: what is imported before anything is asked for. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const CLI = new URL('../../src/cli/', import.meta.url);

/** Packages that a module and everything it statically imports load. */
async function packagesOf(entry: URL): Promise<string[]> {
  const seen = new Set([entry.href]);
  const packages = new Set<string>();
  for (const href of seen) {
    const source = await readFile(new URL(href), 'utf8');
    for (const [, clause = '', name = ''] of source.matchAll(
      /^(import\b[^;]*?from|import|export[^;]*?from) '([^']+)';$/gm,
    )) {
      if (/^import type /.test(clause)) continue;
      if (name.startsWith('.')) seen.add(new URL(name, href).href);
      else if (!name.startsWith('node:')) packages.add(name);
    }
  }
  return [...packages].sort();
}

test('upstream-compatible status tool loads no package at all', async () => {
  assert.deepEqual(await packagesOf(new URL('bin/corosync-qnetd-tool.ts', CLI)), []);
});

test('qnetd loads its command line parser, and for a status nothing more', async () => {
  assert.deepEqual(await packagesOf(new URL('bin/qnetd.ts', CLI)), ['yargs']);
  assert.deepEqual(await packagesOf(new URL('qnetd-status.ts', CLI)), []);
});

test('wrong switches of the daemon are told before anything large is loaded', async () => {
  const small = await packagesOf(new URL('bin/corosync-qnetd.ts', CLI));
  assert.deepEqual(
    small.filter((name) => ['node-forge', 'pino', 'pino-pretty', 'systemd-notify', 'yargs'].includes(name)),
    [],
  );
});

async function qnetd(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', new URL('bin/qnetd.ts', CLI).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code: Number(code), ...text };
}

test('mistakes of usage are two sentences and exit code 1', async () => {
  const bad = [
    [],
    ['foo'],
    ['run', 'status'],
    ['run', '--nonsense'],
    ['run', '--port'],
    ['run', '--tls', 'maybe'],
    ['sign'],
    ['run', '--port', '0', '--port', 'x'],
  ];
  for (const args of bad) {
    const { code, stdout, stderr } = await qnetd(...args);
    assert.deepEqual([code, stdout], [1, ''], args.join(' '));
    assert.match(stderr, /^[^\n]+\. (See qnetd --help|Give a number from 1 to 65535)\.\n$/, args.join(' '));
  }
});

test('help and version are no mistakes', async () => {
  const help = await qnetd('--help');
  assert.equal(help.code, 0);
  for (const command of ['run', 'status', 'init', 'sign']) assert.match(help.stdout, new RegExp(`qnetd ${command} `));
  assert.match((await qnetd('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('no arbiter: says where it looked and what to do, exit code 3', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'status-'));
  const { code, stderr } = await qnetd('status', '--run-dir', directory, '-v', '--json');
  await rm(directory, { recursive: true });
  assert.equal(code, 3);
  assert.ok(stderr.startsWith(`No arbiter can be reached on ${directory}/corosync-qnetd.sock: `), stderr);
});
