/** The port on two real nodes: what a membership change looks like from inside, and what blocks meanwhile. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Hosts } from './hosts.ts';
import { shown } from './quorumtool-text.ts';
import { RealNode } from './real-node.ts';

let hosts: Hosts;
let one: RealNode;

before(async () => {
  hosts = await Hosts.create({ count: 2, device: { timeout: 60_000, sync_timeout: 20_000 } });
  await hosts.host(1).startCorosync();
  one = RealNode.start(hosts.host(1));
  await one.ask('connect');
  await one.ask('register', 'Qdevice');
  await one.ask('track');
  await one.until('the first notifications', (heard) => heard.length === 2);
  await one.ask('castVote', ...one.ring, true);
  await one.until('quorum', (heard) => heard.length === 3);
});

after(async () => {
  try {
    await one.end();
  } finally {
    await hosts.close();
  }
});

const events = (from: number) => one.heard.slice(from).map(({ event }) => event);

test('a joining node: node list, expected votes, and quorum only after a vote for the new ring', async () => {
  const from = one.heard.length;
  const [, oldSeq] = one.ring;
  const started = hosts.host(2).startCorosync();
  await one.until('the new ring', (heard) => heard.some(({ event }) => event === 'nodeList'), from);
  const [leader, seq] = one.ring;
  assert.equal(leader, 1);
  assert(BigInt(seq) > BigInt(oldSeq));
  assert.equal(await one.ask('castVote', leader, oldSeq, true), 'outdatedRing');
  await assert.rejects(one.ask('get', 'totem.cluster_name'), /AssertionError: .*waits for our vote/);
  assert.equal(((await one.ask('info', 0)) as { quorum: number }).quorum, 2, 'votequorum still answers');
  assert(!events(from).includes('quorum'), 'corosync waits for the device');
  assert.equal(await one.ask('castVote', leader, seq, true), 'ok');
  await one.until('the end of the synchronisation', (heard) => heard.some(({ event }) => event === 'quorum'), from);
  await started;
  assert.deepEqual([...new Set(events(from))], ['nodeList', 'expectedVotes', 'quorum']);
  assert.deepEqual(one.heard.at(-1), { event: 'quorum', quorate: true, nodes: ['2 member', '1 member'] });
  assert.equal(await one.ask('get', 'totem.cluster_name'), 'qdc');
  assert.deepEqual(shown(await hosts.host(1).quorumtool()), {
    quorate: true,
    expectedVotes: 3,
    totalVotes: 3,
    flags: ['Quorate', 'Qdevice'],
    rows: ['1 1 A,V,NMW', '2 1 NR', '0 1 Qdevice'],
  });
});

test('keys changed during a synchronisation are told after it', async () => {
  const from = one.heard.length;
  const set = (value: string) => {
    return hosts.host(1).tryExec('corosync-cmapctl', '-s', 'quorum.device.heuristics.mode', 'str', value);
  };
  await hosts.host(2).stopCorosync('SIGKILL');
  await one.until('the new ring', (heard) => heard.some(({ event }) => event === 'nodeList'), from);
  // Corosync serves a connection made during a synchronisation, and re-reads its own settings at once.
  assert.equal((await set('on')).exitCode, 0);
  await one.until('expected votes', (heard) => heard.some(({ event }) => event === 'expectedVotes'), from);
  await one.ask('castVote', ...one.ring, true);
  await one.until('the key', (heard) => heard.some(({ event }) => event === 'keys'), from);
  assert.deepEqual(events(from), ['nodeList', 'expectedVotes', 'quorum', 'keys']);
  assert.deepEqual(one.heard.at(-2), { event: 'quorum', quorate: true, nodes: ['2 dead', '1 member'] });
});

test('a registration that waits for a lost peer fails when corosync ends', async () => {
  const from = one.heard.length;
  const started = hosts.host(2).startCorosync();
  await one.until('the new ring', (heard) => heard.some(({ event }) => event === 'nodeList'), from);
  await one.ask('castVote', ...one.ring, true);
  await one.until('the end of the synchronisation', (heard) => heard.some(({ event }) => event === 'quorum'), from);
  await started;
  const two = RealNode.start(hosts.host(2));
  await two.ask('connect');
  hosts.host(1).freezeCorosync();
  try {
    const registration = two.ask('register', 'Qdevice').then(
      () => 'registered',
      (error: Error) => error.message,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await hosts.host(2).stopCorosync('SIGKILL');
    assert.match(await registration, /CorosyncError: .*corosync is not running/);
  } finally {
    hosts.host(1).thawCorosync();
  }
  await two.end();
});
