/** vote_safety=strict through the whole core: windows W1 to W8 and W19 of upstream, one after the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterOf, LMS, TEST, TWO_NODE_LMS } from './cluster-of.ts';

/** T and the margin at a heartbeat of 8 s. */
const AFTER_FIN_MS = 11_002;
const AFTER_SILENCE_MS = 27_002;

/** Two halves, the first with the vote. */
function split(nodes: readonly number[] = [1, 2]): ClusterOf {
  const cluster = new ClusterOf({ nodes });
  cluster.up();
  const half = nodes.length / 2;
  cluster.report(nodes.slice(half), 12);
  cluster.report(nodes.slice(0, half), 12);
  assert.deepEqual(
    cluster.nodes().map(({ granted }) => granted),
    nodes.map((_, index) => index < half),
  );
  return cluster;
}

test('W2: the holder closes; the other half has to wait until corosync has forgotten the last cast', () => {
  const cluster = split();
  assert.deepEqual(cluster.vanish(1), {});
  const { clusters, voteCounts } = cluster.world.arbiter.snapshot(cluster.world.nowMs + 2);
  assert.deepEqual(clusters[0]?.vote.held, {
    partition: [2],
    sinceMs: 2,
    waitsFor: [{ nodeId: 1, reason: 'lease', remainingMs: AFTER_FIN_MS - 2 }],
    recordFailure: undefined,
  });
  assert.equal(voteCounts?.held, 1);
  assert.equal(clusters[0]?.nodes[0]?.granted, false);
  assert.deepEqual(cluster.pass(AFTER_FIN_MS - 2), {});
  assert.deepEqual(cluster.pass(2), { 2: ['ack'] });
});

test('W1: the holder falls silent; the other half has to wait for longer', () => {
  const cluster = split();
  assert.deepEqual(cluster.pass(12_000, [1]), {});
  assert.ok(cluster.world.closed.has(1), 'it is taken for dead after 1.5 heartbeats');
  assert.deepEqual(cluster.pass(AFTER_SILENCE_MS - 12_002, [1]), {});
  assert.deepEqual(cluster.pass(2, [1]), { 2: ['ack'] });
});

test('a first failure costs nothing: the lost node was in the membership of those who are left', () => {
  for (const finished of [true, false]) {
    const cluster = new ClusterOf({ nodes: [1, 2] });
    cluster.up();
    assert.deepEqual(cluster.vanish(1, finished), { 2: ['ack'] }, 'as upstream: its list of both is a majority');
    assert.deepEqual(cluster.report([2], 12), { 2: ['ack'] });
  }
});

test('of four nodes two are lost at once: nobody waits either', () => {
  const cluster = new ClusterOf({ nodes: [1, 2, 3, 4] });
  cluster.up();
  cluster.vanish(1, false);
  cluster.vanish(2, false);
  assert.deepEqual(cluster.report([3, 4], 12), { 3: ['(waitForReply)', 'ack'], 4: ['ack'] });
});

test('a holder that comes back confirms that it has none, and nobody waits for its time any more', () => {
  const cluster = split([1, 2, 3, 4]);
  cluster.vanish(1, false);
  cluster.vanish(2, false);
  assert.deepEqual(cluster.pass(1_000), {});
  cluster.join(1);
  cluster.join(2);
  // Each for itself: together they would be the half with the tie-breaker.
  cluster.report([1], 16);
  assert.deepEqual(cluster.report([2], 16), { 1: ['nack'], 2: ['nack'], 3: ['ack'], 4: ['ack'] });
});

test('W4: a late confirmation cancels nothing', () => {
  const cluster = new ClusterOf();
  cluster.up();
  cluster.holding.add(1).add(2);
  cluster.world.confirm(1, 99);
  const before = cluster.nodes()[0];
  assert.ok(before);
  cluster.report([1], 12);
  cluster.world.membership(2, [2, 12n], [2]);
  const [nack] = cluster.world.heard(2);
  for (let seq = 1; seq < 9; seq += 1) cluster.world.confirm(1, seq);
  cluster.holding.clear();
  cluster.world.confirm(2, nack?.options.msgSeqNumber ?? 0);
  assert.deepEqual(cluster.heard(), { 1: ['ack'] });
});

test('W5: a leaver is not counted: the vote moves at once to the half with more connected nodes', () => {
  const cluster = split([1, 2, 3, 4]);
  cluster.vanish(1);
  const heard = cluster.pass(AFTER_FIN_MS);
  // Node 2 is told first; node 1 may be casting for [1,2] a while.
  assert.deepEqual(heard, { 3: ['ack'], 4: ['ack'] });
});

test('W8: a loser that never confirms is closed, and its lease applies', () => {
  const cluster = new ClusterOf();
  cluster.up();
  cluster.holding.add(2);
  cluster.report([2], 12);
  assert.deepEqual(cluster.report([1], 12), { 2: ['nack'] });
  assert.deepEqual(cluster.pass(11_500), {});
  assert.deepEqual(cluster.pass(500), { 1: ['ack'] }, 'what it had was a vote for both of them');
  assert.ok(cluster.world.closed.has(2));
  assert.ok(cluster.world.reports.some(({ what }) => what === 'unconfirmed'));
});

test('W19, lms: whoever loses is told and confirms before the other is granted', () => {
  const cluster = new ClusterOf({ algorithm: LMS, heartbeatMs: 4_000 });
  cluster.up();
  cluster.report([1], 12);
  cluster.report([2], 12);
  cluster.quorum(1);
  cluster.quorum(2);
  cluster.pass(2_000);
  assert.deepEqual(
    cluster.nodes().map(({ granted }) => granted),
    [true, false],
  );
  cluster.world.say(1, 'heuristicsChange', { msgSeqNumber: 7, heuristics: 'fail' });
  cluster.holding.add(1);
  assert.deepEqual(cluster.quorum(2), { 1: ['nack'], 2: ['(waitForReply)'] });
  assert.deepEqual(cluster.confirm(1), { 2: ['ack'] });
});

test('2nodelms: better heuristics take the vote over, but not before the holder has confirmed', () => {
  const cluster = new ClusterOf({ algorithm: TWO_NODE_LMS });
  cluster.up();
  assert.deepEqual(cluster.report([1], 12), { 1: ['(waitForReply)', 'ack'] }, 'once it is written down');
  assert.deepEqual(cluster.report([2], 12), { 2: ['(nack)'] });
  cluster.world.membership(2, [2, 16n], [2], 'pass');
  assert.deepEqual(cluster.heard(), { 1: ['nack'], 2: ['(waitForReply)', 'ack'] });
});

for (const [name, algorithm] of [
  ['lms', LMS],
  ['2nodelms', TWO_NODE_LMS],
] as const) {
  test(`W12, ${name}: a holder dies, and who was refused because of it is judged again without a word of its own`, () => {
    const cluster = new ClusterOf({ algorithm, castBoundMs: 6_000, heartbeatMs: 4_000 });
    cluster.up();
    for (const id of [1, 2]) cluster.report([id], 12);
    for (const id of [1, 2]) cluster.quorum(id);
    cluster.pass(2_000);
    assert.deepEqual(
      cluster.nodes().map(({ granted }) => granted),
      [true, false],
    );
    assert.deepEqual(cluster.vanish(1, false), {});
    assert.deepEqual(cluster.pass(1_000), {});
    const { held } = cluster.world.arbiter.snapshot(cluster.world.nowMs).clusters[0]?.vote ?? {};
    assert.deepEqual(held?.waitsFor, [{ nodeId: 1, reason: 'lease', remainingMs: 5_500 }]);
    assert.deepEqual(cluster.pass(5_500), { 2: ['ack'] });
  });
}

test('2nodelms: so is a newcomer that was refused for the sake of a holder', () => {
  const cluster = new ClusterOf({ algorithm: TWO_NODE_LMS, castBoundMs: 6_000, heartbeatMs: 4_000 });
  cluster.up();
  for (const id of [1, 2]) cluster.report([id], 12);
  cluster.vanish(2);
  cluster.join(2);
  assert.deepEqual(cluster.report([2], 12), { 2: ['(nack)'] });
  cluster.vanish(1, false);
  assert.deepEqual(cluster.pass(6_500), { 2: ['ack'] });
});

for (const [name, algorithm] of [
  ['lms', LMS],
  ['2nodelms', TWO_NODE_LMS],
] as const) {
  test(`${name}: so is a newcomer that reported the ring of both before the holder did`, () => {
    const records = { byCluster: new Map([['tst', []]]), startedAtMs: 0 };
    const cluster = new ClusterOf({ algorithm, heartbeatMs: 4_000, records });
    cluster.join(1);
    cluster.report([1], 8);
    cluster.quorum(1);
    cluster.pass(2_000);
    assert.deepEqual(
      cluster.nodes().map(({ granted }) => granted),
      [true],
    );
    cluster.join(2);
    assert.deepEqual(cluster.report([1, 2], 12, [2]), { 2: ['(nack)'] });
    assert.deepEqual(cluster.pass(8_000), {}, 'as long as the holder has said nothing');
    cluster.report([1, 2], 12, [1]);
    assert.deepEqual(cluster.pass(1_500), { 2: ['ack'] });
    assert.deepEqual(
      cluster.nodes().map(({ granted }) => granted),
      [true, true],
    );
  });
}

test('2nodelms: so is who was refused for the sake of a peer that was only there, after a restart of the arbiter', () => {
  const alone = { nodeId: 1, members: [1], leaseMs: Number.POSITIVE_INFINITY };
  const records = { byCluster: new Map([['tst', [alone]]]), startedAtMs: 0 };
  const cluster = new ClusterOf({ algorithm: TWO_NODE_LMS, heartbeatMs: 4_000, records });
  cluster.join(1);
  cluster.join(2);
  assert.deepEqual(cluster.report([2], 12), { 2: ['(nack)'] }, 'the lowest is there, though not judged yet');
  cluster.vanish(1);
  assert.deepEqual(cluster.pass(60_000), {}, 'no time ends what the record says');
  cluster.world.release('tst', 1);
  assert.deepEqual(cluster.heard(), { 2: ['ack'] });
});

test('2nodelms: so is who was asked for the vote, when he who got it is refused by a report of his own', () => {
  const cluster = new ClusterOf({ algorithm: TWO_NODE_LMS, heartbeatMs: 4_000 });
  cluster.up();
  for (const id of [1, 2]) cluster.report([id], 12);
  cluster.world.membership(2, [2, 16n], [2], 'pass');
  assert.deepEqual(cluster.heard(), { 1: ['nack'], 2: ['(waitForReply)', 'ack'] });
  assert.deepEqual(cluster.report([2], 20), { 2: ['(nack)'] });
  assert.deepEqual(cluster.pass(1_500), { 1: ['ack'], 2: ['nack'] });
});

test('test: whoever was asked for the vote is given it again when the other is gone', () => {
  const cluster = new ClusterOf({ algorithm: TEST, castBoundMs: 6_000, heartbeatMs: 4_000 });
  cluster.up();
  cluster.report([1], 12);
  assert.deepEqual(cluster.report([2], 12), { 1: ['nack'], 2: ['(waitForReply)', 'ack'] });
  cluster.vanish(2, false);
  assert.deepEqual(cluster.pass(6_500), { 1: ['ack'] });
});

test('who is still refused when somebody leaves is not told so again', () => {
  const cluster = new ClusterOf({ algorithm: LMS, nodes: [1, 2, 3, 4, 5], heartbeatMs: 4_000 });
  cluster.up();
  for (const half of [
    [1, 2, 3],
    [4, 5],
  ])
    cluster.report(half, 12);
  for (const id of [1, 2, 3, 4, 5]) cluster.quorum(id);
  cluster.pass(2_000);
  assert.deepEqual(
    cluster.nodes().map(({ granted }) => granted),
    [true, true, true, false, false],
  );
  cluster.vanish(5);
  assert.deepEqual(cluster.pass(4_000), {});
});

test('lms: a holder that is gone may cast for ever; only its return frees the vote', () => {
  const cluster = new ClusterOf({ algorithm: LMS, heartbeatMs: 4_000 });
  cluster.up();
  for (const id of [1, 2]) cluster.report([id], 12);
  for (const id of [1, 2]) cluster.quorum(id);
  cluster.pass(2_000);
  cluster.vanish(1);
  assert.deepEqual(cluster.quorum(2), { 2: ['(waitForReply)'] });
  assert.deepEqual(cluster.pass(3_600_000 / 4), {});
  cluster.join(1);
  assert.deepEqual(cluster.report([1, 2], 16)[2]?.at(-1), 'ack');
});

test('our own node says how long it may cast, and that it has withdrawn', () => {
  const own = new ClusterOf({ castBoundMs: 6_000, heartbeatMs: 4_000 });
  own.up();
  own.report([2], 12);
  own.report([1], 12);
  assert.deepEqual(own.vanish(1, false), {});
  assert.deepEqual(own.pass(6_500), { 2: ['ack'] });

  const orderly = new ClusterOf({ castBoundMs: 6_000 });
  orderly.up();
  orderly.report([2], 12);
  orderly.report([1], 12);
  orderly.world.say(1, 'echoRequest', { msgSeqNumber: 9, voteWithdrawn: 1 });
  assert.deepEqual(orderly.vanish(1), { 2: ['ack'] });
});
