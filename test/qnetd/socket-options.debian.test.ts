/** What the kernel is told about every connection, seen from outside by strace. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { askLocalSocket } from '../../src/runtime/local-socket.ts';
import { freePort } from './daemon.ts';
import { NodeClient } from './node-client.ts';
import { expectAnswer } from './rig.ts';

const LIMITS = { timeoutMs: 5_000, replyBytesMax: 100 };
const PROGRAM = fileURLToPath(new URL('../../src/cli/bin/qnetd.ts', import.meta.url));

test('small messages leave at once, dead peers are noticed by the kernel too, and thousands may wait', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'qnetd-strace-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const trace = join(directory, 'trace');
  const port = await freePort();
  const run = ['run', '--tls', 'off', '--port', String(port), '--run-dir', directory, '--log-level', 'silent'];
  const strace = ['-f', '-o', trace, '-e', 'trace=setsockopt,listen', process.execPath, '--import', 'tsx', PROGRAM];
  const daemon = spawn('strace', [...strace, ...run], { stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  t.after(() => daemon.kill('SIGKILL'));
  let client: NodeClient | undefined;
  for (let tries = 0; client === undefined; tries += 1) {
    assert.ok(tries < 400, 'it listens in the end');
    client = await NodeClient.connect(port).catch(() => undefined);
    if (client === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  client.send('preinit', { msgSeqNumber: 1, clusterName: 'tst' });
  await expectAnswer(client, 'preinitReply');
  client.destroy();
  const asked = await askLocalSocket(join(directory, 'corosync-qnetd.sock'), 'shutdown \n', LIMITS);
  assert.equal(asked.reply.toString(), 'OK\n');
  await ended;
  const calls = await readFile(trace, 'utf8');
  assert.match(calls, /setsockopt\(\d+, SOL_TCP, TCP_NODELAY, \[1\]/);
  assert.match(calls, /setsockopt\(\d+, SOL_SOCKET, SO_KEEPALIVE, \[1\]/);
  assert.match(calls, /listen\(\d+, 4096\)/);
});
