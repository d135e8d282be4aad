/** A node that is connected comes again: whether the first connection is asked, what its silence means, and what not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMember } from '../../src/arbiter/cluster.ts';
import { nodeListOf } from '../../src/arbiter/node-list.ts';
import { SecondConnections } from '../../src/arbiter/second-connections.ts';
import { newSession } from '../../src/arbiter/session.ts';
import type { ArbiterSettings } from '../../src/arbiter/settings.ts';
import { nodeInfos, votesIn, World } from './world.ts';

const DUPLICATE = 17;
const WAIT_MS = 2_000;
const LEASE_MS = 27_002;
const certificate = (fingerprint: string) => ({ commonName: 'tst', dnsNames: [], ipAddresses: [], fingerprint });

interface Machine {
  readonly host?: string;
  readonly fingerprint?: string;
  readonly heartbeatMs?: number;
}

/** Nodes 1 and 2, on connections 1 and 2, from hosts of their own with upstream's one certificate. */
class Site {
  readonly world: World;

  constructor(settings: Partial<ArbiterSettings> = {}) {
    this.world = new World({ voteSafety: 'strict', ...settings });
    for (const id of [1, 2]) {
      this.comes(id, id);
      this.lists(id, [1, 2], 8);
    }
    this.answer(1, 2);
  }

  comes(client: number, nodeId: number, { host, fingerprint = 'shared', heartbeatMs = 8_000 }: Machine = {}): void {
    this.world.connect(client, `${host ?? `192.0.2.${nodeId}`}:${1_000 + client}`);
    if (fingerprint !== '') this.world.secured(client, certificate(fingerprint));
    this.world.preinit(client);
    this.world.heard(client);
    this.world.init(client, nodeId, { heartbeatMs });
  }

  /** As a daemon sends them once it is let in. */
  lists(client: number, members: readonly number[], seq: number): void {
    this.world.config(client, [1, 2]);
    this.world.membership(client, [members[0] ?? 0, BigInt(seq)], members);
  }

  /** Everything that these have heard is confirmed; the words. */
  answer(...clients: readonly number[]): string[] {
    return clients.flatMap((client) => {
      const heard = this.world.heard(client).filter(({ name }) => name !== 'echoReply');
      for (const { name, options } of heard) {
        if (name === 'voteInfo') this.world.confirm(client, options.msgSeqNumber ?? 0);
      }
      return votesIn(heard);
    });
  }

  nodes(): [number, number][] {
    const [cluster] = this.world.arbiter.snapshot(this.world.nowMs).clusters;
    return (cluster?.nodes ?? []).map(({ nodeId, client }) => [nodeId, client]);
  }

  counts() {
    return this.world.arbiter.snapshot(this.world.nowMs).secondConnections;
  }

  echo(...clients: readonly number[]): void {
    for (const client of clients) this.world.say(client, 'echoRequest', { msgSeqNumber: 1 });
  }

  told(what: string): boolean {
    return this.world.reports.some((report) => report.what === what);
  }
}

test('the first connection does not answer: after a quarter of its heartbeat the second takes its place', () => {
  const site = new Site();
  site.comes(3, 1);
  assert.deepEqual(site.world.heard(3), [], 'it has to wait');
  assert.ok(site.world.paused.has(3), 'and nothing is read of it');
  const [question, ...more] = site.world.heard(1);
  assert.deepEqual(more, []);
  assert.deepEqual(question, {
    name: 'voteInfo',
    options: { msgSeqNumber: 0, vote: 'noChange', ringId: { nodeId: 1, seq: 8n } },
  });
  site.world.pass(WAIT_MS - 1);
  assert.deepEqual(site.nodes(), [
    [1, 1],
    [2, 2],
  ]);
  site.world.pass(1);
  assert.equal(site.world.code(3), 0);
  assert.ok(site.world.closed.has(1));
  assert.ok(!site.world.paused.has(3));
  assert.deepEqual(site.nodes(), [
    [1, 3],
    [2, 2],
  ]);
  assert.ok(site.told('firstAsked') && site.told('firstSilent'));
  assert.deepEqual(site.counts(), { asked: 1, answered: 0, silent: 1, ended: 0 });
});

test('what the second said behind its INIT is read when that is answered', () => {
  const site = new Site();
  site.comes(3, 1);
  site.lists(3, [1], 12);
  assert.deepEqual(site.world.heard(3), []);
  site.world.pass(WAIT_MS);
  assert.deepEqual(
    site.world.heard(3).map(({ name }) => name),
    ['initReply', 'nodeListReply', 'nodeListReply'],
  );
});

test('a machine that has come back answers with a reset: the second is in at once', () => {
  const site = new Site();
  site.comes(3, 1);
  site.world.leave(1, false);
  assert.equal(site.world.code(3), 0);
  assert.deepEqual(site.counts(), { asked: 1, answered: 0, silent: 0, ended: 1 });
});

for (const [what, say] of [
  ['the question', (site: Site) => void site.answer(1)],
  ['with a heartbeat', (site: Site) => site.echo(1)],
  ['with something that nobody understands', (site: Site) => site.world.bytes(1, Uint8Array.of(0, 99, 0, 0, 0, 0))],
] as const) {
  test(`the first connection answers ${what}: the second is refused as upstream does it, and nothing has changed`, () => {
    const site = new Site();
    const before = site.world.arbiter.snapshot(0).clusters;
    site.comes(3, 1);
    say(site);
    assert.equal(site.world.code(3), DUPLICATE);
    assert.ok(!site.world.paused.has(3));
    assert.deepEqual(site.world.arbiter.snapshot(0).clusters, before);
    assert.ok(site.told('firstAnswered'));
    assert.deepEqual(site.counts(), { asked: 1, answered: 1, silent: 0, ended: 0 });
    site.world.pass(WAIT_MS);
    assert.ok(!site.world.closed.has(1));
  });
}

for (const { what, machine, settings } of [
  { what: 'another address: a second machine with the same id', machine: { host: '192.0.2.9' } },
  { what: 'another port of another address', machine: { host: '192.0.2.11' } },
  { what: 'another certificate', machine: { fingerprint: 'own' } },
  { what: 'no certificate', machine: { fingerprint: '' } },
  { what: 'vote_safety=upstream', settings: { voteSafety: 'upstream' as const } },
]) {
  test(`${what}: refused at once, and nobody is asked`, () => {
    const site = new Site(settings);
    site.comes(3, 1, machine);
    assert.equal(site.world.code(3), DUPLICATE);
    assert.deepEqual(site.world.heard(1), []);
  });
}

test('without certificates on either side dead-peer detection decides', () => {
  const site = new Site();
  for (const client of [3, 4]) site.comes(client, 5, { fingerprint: '' });
  assert.equal(site.world.code(3), 0);
  assert.equal(site.world.code(4), DUPLICATE);
});

test('a node that has not sent its lists is not asked: a stock daemon would end itself', () => {
  const site = new Site();
  site.comes(3, 3);
  assert.equal(site.world.code(3), 0);
  site.comes(4, 3);
  assert.equal(site.world.code(4), DUPLICATE);
  assert.deepEqual(site.world.heard(3), []);
});

test('one question at a time, one second waits, and a second later at the earliest comes the next question', () => {
  const site = new Site();
  site.comes(3, 1);
  site.comes(4, 1);
  assert.equal(site.world.code(4), DUPLICATE);
  assert.equal(site.answer(1).length, 1);
  assert.equal(site.world.code(3), DUPLICATE);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    site.world.init(3, 1);
    assert.equal(site.world.code(3), DUPLICATE);
  }
  assert.deepEqual(site.world.heard(1), []);
  site.world.pass(1_000);
  site.world.init(3, 1);
  assert.equal(site.answer(1).length, 1);
});

test('the second gives up meanwhile: the first stays, and is not closed for its silence', () => {
  const site = new Site();
  site.comes(3, 1);
  site.world.leave(3);
  site.world.pass(WAIT_MS);
  assert.ok(!site.world.closed.has(1));
  site.comes(4, 1);
  site.world.pass(WAIT_MS);
  assert.equal(site.world.code(4), 0);
});

test('if it was us who came late the answer may lie there unread: it is read first', () => {
  const site = new Site();
  site.comes(3, 1);
  site.world.tick(WAIT_MS + 500);
  assert.ok(!site.world.closed.has(1));
  assert.equal(site.answer(1).length, 1);
  assert.equal(site.world.code(3), DUPLICATE);
});

test('however late we are, it is not put off twice', () => {
  const site = new Site();
  site.comes(3, 1);
  site.world.tick(WAIT_MS + 500);
  site.world.tick(WAIT_MS + 1_500);
  assert.equal(site.world.code(3), 0);
});

test('we were away for so long that both are found dead at once', () => {
  const site = new Site();
  const machine = { heartbeatMs: 1_000 };
  site.comes(3, 3, machine);
  site.lists(3, [3], 4);
  site.comes(4, 3, machine);
  site.world.tick(10_000);
  assert.ok(site.world.closed.has(3) && site.world.closed.has(4));
});

test('the wait is a quarter of the heartbeat, at least 0.5 and at most 3 s', () => {
  for (const [heartbeatMs, waitMs] of [
    [1_000, 500],
    [3_200, 800],
    [60_000, 3_000],
  ] as const) {
    const site = new Site();
    site.comes(3, 3, { heartbeatMs });
    site.world.config(3, [1, 2, 3]);
    site.world.membership(3, [3, 4n], [3]);
    site.comes(4, 3, { heartbeatMs });
    site.world.pass(waitMs - 1);
    assert.ok(!site.world.closed.has(3), `${heartbeatMs}`);
    site.world.pass(1);
    assert.ok(site.world.closed.has(3), `${heartbeatMs}`);
  }
});

/** Node 1 alone has the vote, node 2 does not. */
function split(): Site {
  const site = new Site();
  site.world.membership(2, [2, 12n], [2]);
  site.world.membership(1, [1, 12n], [1]);
  for (let round = 0; round < 3; round += 1) site.answer(1, 2);
  const [one, two] = site.world.arbiter.snapshot(0).clusters[0]?.nodes ?? [];
  assert.deepEqual([one?.granted, two?.granted], [true, false]);
  return site;
}

test('what the first was granted is a lease: the other half has to wait until the node has confirmed', () => {
  const site = split();
  site.comes(3, 1);
  site.world.pass(WAIT_MS);
  assert.equal(site.world.code(3), 0);
  assert.deepEqual(site.answer(2), [], 'the first may still be casting');
  const held = site.world.arbiter.snapshot(site.world.nowMs).clusters[0]?.vote.held;
  assert.deepEqual(
    held?.waitsFor.map(({ nodeId, reason }) => [nodeId, reason]),
    [[1, 'lease']],
  );
  // Rebooted, and alone again: it gets back what it had, and node 2 is told that it does not.
  site.lists(3, [1], 16);
  assert.deepEqual(site.answer(2), ['nack#4']);
  assert.deepEqual(site.answer(3), ['askLater', 'noChange', 'ack#1']);
  assert.deepEqual(site.answer(2), []);
});

test('a node that comes back without a word keeps the other half waiting for the time of a lease, and no longer', () => {
  const site = split();
  site.comes(3, 1);
  site.world.pass(WAIT_MS);
  site.world.heard(3);
  for (let passedMs = WAIT_MS; passedMs + 500 < LEASE_MS; passedMs += 500) {
    site.world.pass(500);
    site.echo(2, 3);
    assert.deepEqual(site.answer(2), []);
    site.world.heard(3);
  }
  site.world.pass(500);
  assert.deepEqual(site.answer(2), ['ack#3']);
});

test('a first connection whose words wait for a turn has not been silent: they are read before it is judged', () => {
  const seconds = new SecondConnections();
  const [first, second] = [1, 2].map((client) => ({
    ...newSession(client, `192.0.2.1:${client}`, 0),
    certificate: certificate('shared'),
  }));
  assert.ok(first && second);
  const list = nodeListOf(nodeInfos([1, 2]));
  const member = {
    ...newMember({
      client: 1,
      nodeId: 1,
      algorithm: 'ffsplit',
      tieBreaker: { mode: 'lowest' },
      heartbeatMs: 8_000,
      castBoundMs: undefined,
      keepActivePartition: false,
      ringId: { nodeId: 1, seq: 4n },
    }),
    config: list,
    members: list,
  };
  assert.ok(seconds.ask(first, member, second, {}, 0));
  const asked: number[] = [];
  const hasSpoken = (client: number) => asked.push(client) < 3;
  for (const lookMs of [WAIT_MS, WAIT_MS + 250]) assert.deepEqual(seconds.takeSilent(lookMs, hasSpoken), []);
  assert.deepEqual(seconds.takeSilent(WAIT_MS + 499, hasSpoken), [], 'not before it is looked at again');
  assert.deepEqual(seconds.takeSilent(WAIT_MS + 500, hasSpoken), [1]);
  assert.deepEqual(asked, [1, 1, 1]);
});
