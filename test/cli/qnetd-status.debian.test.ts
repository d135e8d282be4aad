/** `qnetd status` asks our daemon, and says so plainly when another one answers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { qnetdStatus } from '../../src/cli/qnetd-status.ts';
import { startDaemon } from '../interop/daemon.ts';
import { joinCluster } from './wire-client.ts';

const PEOPLE = { verbose: false, json: false, cluster: undefined };

test('of our daemon: for people and for machines', async () => {
  const daemon = await startDaemon('ours');
  const nodes = [];
  try {
    nodes.push(await joinCluster(daemon, 'lab', 2), await joinCluster(daemon, 'b\xc3\xbcro', 1));
    const paths = [`${daemon.localSocket}.none`, daemon.localSocket];
    const people = await qnetdStatus(PEOPLE, paths);
    assert.deepEqual([people.exitCode, people.stderr], [0, '']);
    assert.match(people.stdout, /^Arbiter +127\.0\.0\.1:\d+\nTLS +off\nConnected +2 nodes of 2 clusters$/m);
    assert.match(people.stdout, /^Cluster lab\n {2}Vote +nobody has it$/m);
    const machine = await qnetdStatus({ verbose: false, json: true, cluster: 'b\u00fcro' }, paths);
    const { format, clusters } = JSON.parse(Buffer.from(machine.stdout, 'latin1').toString());
    assert.equal(format, 1);
    assert.deepEqual(
      clusters.map(({ name }: { name: string }) => name),
      ['b\u00fcro'],
    );
  } finally {
    for (const node of nodes) node.destroy();
    await daemon.stop();
  }
});

test("of upstream's daemon: says what it is and what to use", async () => {
  const daemon = await startDaemon('upstream');
  try {
    const { exitCode, stdout, stderr } = await qnetdStatus(PEOPLE, [daemon.localSocket]);
    assert.deepEqual([exitCode, stdout], [4, '']);
    assert.match(
      stderr,
      /^On \S+ upstream's corosync-qnetd runs, .*\. Use corosync-qnetd-tool -s or -lv instead .*\.\n$/,
    );
  } finally {
    await daemon.stop();
  }
});

test('of something else: each answer has its words and its exit code', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'status-'));
  const path = join(directory, 'fake.sock');
  let reply = '';
  const server = createServer((socket) => socket.on('data', () => socket.end(reply, 'latin1'))).listen(path);
  await once(server, 'listening');
  try {
    for (const [answer, exitCode, words] of [
      ['', 3, /closed the connection without an answer/],
      ['OK\n', 2, /does not understand/],
      ['OK\n{"format":99,"clusters":[]}\n', 2, /does not understand/],
      [
        "Error\nCan't get QNetd snapshot\n",
        4,
        /answered: Can't get QNetd snapshot\. Ask for one cluster with --cluster/,
      ],
      ['Error\n\u001b[2J\n', 4, /answered: \\u\{1b\}\[2J\./],
    ] as const) {
      reply = answer;
      const result = await qnetdStatus(PEOPLE, [path]);
      assert.equal(result.exitCode, exitCode, answer);
      assert.match(result.stderr, words);
    }
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});

test('asks for the one cluster alone, in the words of the local socket', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'status-'));
  const path = join(directory, 'fake.sock');
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      asked.push(chunk.toString('latin1'));
      socket.end('OK\n{"format":1,"clusters":[]}\n');
    });
  }).listen(path);
  await once(server, 'listening');
  try {
    for (const cluster of [undefined, 'lab', 'b\u00fc "1"\\', '', 'two\nlines', 'x'.repeat(1_024)]) {
      assert.equal((await qnetdStatus({ ...PEOPLE, json: true, cluster }, [path])).exitCode, 0);
    }
    assert.deepEqual(asked, [
      'snapshot\n',
      'snapshot cluster "lab"\n',
      'snapshot cluster "b\xc3\xbc \\"1\\"\\\\"\n',
      'snapshot\n',
      'snapshot\n',
      'snapshot\n',
    ]);
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});

test('a user who may not ask is told who may, and what lets others in', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'status-'));
  const path = join(directory, 'fake.sock');
  const server = createServer((socket) => socket.end()).listen(path);
  await once(server, 'listening');
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.('nobody');
  else await chmod(directory, 0o000);
  try {
    const { exitCode, stderr } = await qnetdStatus(PEOPLE, [path]);
    assert.equal(exitCode, 3);
    assert.match(
      stderr,
      /^This user may not ask the arbiter on \S+\. Run this as root or as the user of the arbiter; /,
    );
    assert.match(stderr, /local_socket_gid and local_socket_umask let a group in\.\n$/);
  } finally {
    if (isRoot) process.seteuid?.(0);
    else await chmod(directory, 0o700);
    server.close();
    await rm(directory, { recursive: true });
  }
});
