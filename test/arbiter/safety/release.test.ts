/** An operator's word that a node casts nothing: of whom it is taken, what comes of it, and what is on disk then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterOf, LMS, TWO_NODE_LMS } from './cluster-of.ts';

const CLUSTER = 'tst';

/** Two stock nodes under lms, divided; node 1 had the vote and is gone without end, node 2 waits. */
function waiting(algorithm = LMS): ClusterOf {
  const cluster = new ClusterOf({ algorithm, heartbeatMs: 4_000 });
  cluster.up();
  for (const id of [1, 2]) cluster.report([id], 12);
  for (const id of [1, 2]) cluster.quorum(id);
  cluster.pass(2_000);
  cluster.vanish(1);
  if (algorithm === TWO_NODE_LMS) cluster.report([2], 16);
  else cluster.quorum(2);
  assert.deepEqual(cluster.pass(3_600_000 / 8), {}, 'no time ends it');
  return cluster;
}

const release = (cluster: ClusterOf, nodeId: number, name = CLUSTER): Record<number, string[]> => {
  cluster.world.release(name, nodeId);
  return cluster.heard();
};

const recorded = (cluster: ClusterOf): number[] => [
  ...new Set((cluster.world.disk.get(CLUSTER) ?? []).map(({ nodeId }) => nodeId)),
];

for (const [name, algorithm] of [
  ['lms', LMS],
  ['2nodelms', TWO_NODE_LMS],
] as const) {
  test(`${name}: a holder that will never be back is released, and the vote goes to who waits`, () => {
    const cluster = waiting(algorithm);
    assert.deepEqual(release(cluster, 1), { 2: ['ack'] });
    assert.deepEqual(recorded(cluster), [2], 'the next process does not wait for it either');
    assert.ok(cluster.world.reports.some((report) => report.what === 'released' && report.nodeId === 1));
    assert.equal(cluster.world.arbiter.snapshot(cluster.world.nowMs).voteCounts?.released, 1);
  });
}

test('of nobody else: not of a node that is connected, that nobody waits for, or of another cluster', () => {
  const cluster = waiting();
  for (const nodeId of [2, 3]) assert.deepEqual(release(cluster, nodeId), {});
  assert.deepEqual(release(cluster, 1, 'other'), {});
  cluster.join(1);
  assert.deepEqual(release(cluster, 1), {}, 'it is back, and asked itself');
  assert.ok(!cluster.world.reports.some(({ what }) => what === 'released'));
});

test('a node that was released and is back is a newcomer, and does not take the vote from who has it', () => {
  const cluster = waiting();
  release(cluster, 1);
  cluster.join(1);
  assert.deepEqual(cluster.report([1], 20), { 1: ['(nack)'] });
  assert.deepEqual(
    cluster.nodes().map(({ granted }) => granted),
    [false, true],
  );
});

test('the vote is not given before the record says so, and a record that cannot be written is tried again', () => {
  const cluster = waiting();
  cluster.world.writesEnd = false;
  assert.deepEqual(release(cluster, 1), {});
  cluster.world.finishWrite('ENOSPC');
  assert.deepEqual(cluster.heard(), {});
  assert.deepEqual(recorded(cluster), [1], 'the disk says what it said');
  cluster.world.writesEnd = true;
  assert.deepEqual(cluster.pass(2_500), { 2: ['ack'] });
  assert.deepEqual(recorded(cluster), [2]);
});

test('released while a record is being written that still names it: that record is written anew', () => {
  const cluster = waiting();
  cluster.world.writesEnd = false;
  cluster.join(1);
  cluster.report([1, 2], 20);
  assert.equal(cluster.world.writes.length, 1, 'who gets it next is being written down');
  cluster.vanish(1);
  cluster.report([2], 24);
  cluster.quorum(2);
  cluster.pass(2_000);
  release(cluster, 1);
  cluster.world.finishWrite();
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard()[2]?.at(-1), 'ack');
  assert.deepEqual(recorded(cluster), [2]);
});

test('where the record names both already the vote is given at once, and the node taken out of the record all the same', () => {
  const alone = (nodeId: number) => ({ nodeId, members: [nodeId], leaseMs: Number.POSITIVE_INFINITY });
  const records = { byCluster: new Map([[CLUSTER, [alone(1), alone(2)]]]), startedAtMs: 0 };
  const cluster = new ClusterOf({ algorithm: LMS, records });
  cluster.join(2);
  assert.deepEqual(cluster.report([2], 8), { 2: ['(waitForReply)'] });
  assert.deepEqual(release(cluster, 1), { 2: ['ack'] });
  assert.deepEqual(cluster.world.disk.get(CLUSTER), [alone(2)]);
});

test('a record that could not be mended is tried again, though nobody waits any more', () => {
  const alone = (nodeId: number) => ({ nodeId, members: [nodeId], leaseMs: Number.POSITIVE_INFINITY });
  const records = { byCluster: new Map([[CLUSTER, [alone(1), alone(2)]]]), startedAtMs: 0 };
  const cluster = new ClusterOf({ algorithm: LMS, records });
  cluster.join(2);
  cluster.report([2], 8);
  cluster.world.writesEnd = false;
  assert.deepEqual(release(cluster, 1), { 2: ['ack'] });
  cluster.world.finishWrite('ENOSPC');
  assert.equal(cluster.world.disk.get(CLUSTER), undefined, 'this process has written nothing');
  cluster.world.writesEnd = true;
  cluster.pass(2_500);
  assert.deepEqual(cluster.world.disk.get(CLUSTER), [alone(2)]);
});

test('without a record: a configured node that is not here is released as well', () => {
  const cluster = new ClusterOf({ records: { byCluster: new Map(), startedAtMs: 0 }, algorithm: LMS });
  cluster.join(1);
  assert.deepEqual(cluster.report([1], 8), { 1: ['(waitForReply)'] });
  assert.deepEqual(cluster.pass(600_000), {});
  assert.deepEqual(release(cluster, 2), { 1: ['ack'] });
});
