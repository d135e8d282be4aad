/** `qdevice status` beside our own socket, upstream's answers and whatever else may sit there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { qdeviceStatus } from '../../src/cli/qdevice-status.ts';
import { wallClock } from '../../src/qdevice/wall-clock.ts';
import { serveLocalSocket } from '../../src/runtime/local-socket.ts';
import { qdeviceIpcReply } from '../../src/status/qdevice-ipc.ts';
import { FACTS, memberSnapshot } from '../status/member-snapshots.ts';

const PEOPLE = { verbose: false, json: false, explain: false };
const COMMAND = new URL('../../src/cli/bin/qdevice.ts', import.meta.url).pathname;

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'qdevice-status-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function withOurDaemon(use: (path: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const path = join(directory, 'qdevice.sock');
    const limits = { backlog: 10, maxClients: 10, maxReceiveBytes: 4_096, maxSendBytes: 65_536 };
    const snapshot = memberSnapshot({ memberIds: [1, 2] }, { clusterName: 'b\xc3\xbcro' });
    const answer = { facts: FACTS, snapshot, clock: wallClock(), maxSendBytes: limits.maxSendBytes };
    const server = await serveLocalSocket(
      { path, umask: undefined, gid: undefined, ...limits },
      (line) => qdeviceIpcReply(line, answer),
      assert.fail,
    );
    try {
      await use(path);
    } finally {
      await server.close();
    }
  });
}

async function qdevice(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code: Number(code), ...text };
}

test('of our daemon: for people, explained, and for machines', async () => {
  await withOurDaemon(async (path) => {
    const people = await qdevice('status', '--socket', path);
    assert.deepEqual([people.code, people.stderr], [0, '']);
    assert.match(people.stdout, /^Node +1 of cluster b\u00fcro\nVote +held \(A,V,NMW\)$/m);
    assert.doesNotMatch(people.stdout, /Tie-breaker/);
    assert.match((await qdevice('status', '-v', '--socket', path)).stdout, /^Tie-breaker +lowest node id/m);
    assert.match(
      (await qdevice('status', '--explain', '--socket', path)).stdout,
      /^A,V,NMW: The arbiter gave its vote/,
    );
    const { node, vote } = JSON.parse((await qdevice('status', '--json', '--socket', path)).stdout);
    assert.deepEqual([node.cluster, vote.explanation.cause], ['b\u00fcro', 'voteHeld']);
  });
});

test('of something else: each answer has its words and its exit code', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'fake.sock');
    let reply = '';
    const server = createServer((socket) => socket.on('data', () => socket.end(reply, 'latin1'))).listen(path);
    await once(server, 'listening');
    try {
      for (const [answer, exitCode, words] of [
        ['', 3, /closed the connection without an answer/],
        ['OK\n', 2, /does not understand/],
        ['OK\n{"format":99,"node":{},"arbiter":{}}\n', 2, /does not understand/],
        ["Error\nUnknown command 'snapshot'\n", 4, /upstream's corosync-qdevice runs.*corosync-qdevice-tool -s or -sv/],
        ['Error\n\u001b[2J\n', 4, /answered: \\u\{1b\}\[2J\./],
      ] as const) {
        reply = answer;
        const result = await qdeviceStatus(PEOPLE, path);
        assert.deepEqual([result.exitCode, result.stdout], [exitCode, ''], answer);
        assert.match(result.stderr, words);
      }
    } finally {
      server.close();
    }
  });
});

test("upstream's daemon is asked in its own words, and what it says is shown", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'upstream.sock');
    const told =
      'OK\nQdevice information\n-------------------\nModel:\t\t\tNet\nQNetd host:\t\t192.0.2.9:5403\nState:\t\t\t\u001b[2J\n';
    const server = createServer((socket) =>
      socket.on('data', (line) => socket.end(`${line}` === 'status\n' ? told : "Error\nUnknown command 'snapshot'\n")),
    ).listen(path);
    await once(server, 'listening');
    try {
      const { exitCode, stdout } = await qdeviceStatus(PEOPLE, path);
      assert.equal(exitCode, 0);
      assert.match(stdout, /^Upstream's corosync-qdevice runs on this node:\n/);
      assert.match(stdout, /^ {2}QNetd host +192\.0\.2\.9:5403$/m);
      assert.ok(!stdout.includes('\u001b'));
      const { fields } = JSON.parse((await qdeviceStatus({ ...PEOPLE, json: true }, path)).stdout);
      assert.equal(fields['Model'], 'Net');
    } finally {
      server.close();
    }
  });
});

test('no daemon: says where it looked and what to do, and what corosync shows then', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'none.sock');
    const { code, stderr } = await qdevice('status', '--socket', path);
    assert.equal(code, 3);
    assert.equal(
      stderr,
      `No node daemon can be reached on ${path}: there is no such socket. Start it (systemctl start corosync-qdevice), or name its socket with --socket.\n`,
    );
    const explained = await qdeviceStatus({ ...PEOPLE, explain: true }, path);
    assert.match(explained.stderr, /shows NR for a node.*NA,NV for one whose/s);
    assert.match((await qdeviceStatus(PEOPLE, `/${'x'.repeat(200)}`)).stderr, /too long/);
  });
});

test('mistakes of usage are two sentences and exit code 1', async () => {
  const bad = [[], ['foo'], ['status', '--nonsense'], ['run', '-S', 'foo'], ['run', '-S', 'max_cs_try_again=x']];
  for (const args of bad) {
    const { code, stdout, stderr } = await qdevice(...args);
    assert.deepEqual([code, stdout], [1, ''], args.join(' '));
    assert.match(stderr, /^[^\n]+\. (See qdevice --help|corosync-qdevice\(8\) lists [^\n]+)\.\n$/, args.join(' '));
  }
  const help = await qdevice('--help');
  assert.equal(help.code, 0);
  for (const command of ['run', 'status']) assert.match(help.stdout, new RegExp(`qdevice ${command} `));
});
