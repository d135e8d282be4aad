/** Who holds the vote is on disk before anybody hears ACK, and what a start makes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecord, recordText } from '../../../src/arbiter/safety/record-text.ts';
import { ClusterOf, LMS } from './cluster-of.ts';

const AFTER_SILENCE_MS = 27_002;
const NO_RECORD = { byCluster: new Map(), startedAtMs: 0 };

test('no ACK leaves before the record says so, and one write does for all nodes of a partition', () => {
  const cluster = new ClusterOf();
  cluster.world.writesEnd = false;
  for (const id of [1, 2]) cluster.join(id);
  assert.deepEqual(cluster.report([1, 2], 8), { 1: ['(waitForReply)'] });
  assert.equal(cluster.world.writes.length, 1);
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 1: ['ack'], 2: ['ack'] });
  assert.deepEqual(cluster.report([1, 2], 12), { 1: ['(waitForReply)', 'ack'], 2: ['ack'] });
  assert.equal(cluster.world.writes.length, 0, 'the same nodes need no other');
});

test('a change of holder is written before its ACK leaves, and says what may still be cast', () => {
  const cluster = new ClusterOf();
  cluster.up();
  cluster.world.writesEnd = false;
  cluster.report([2], 12);
  assert.deepEqual(cluster.report([1], 12), { 2: ['nack'] });
  assert.deepEqual(
    cluster.world.writes.map(({ grants }) => grants.map(({ nodeId, members }) => [nodeId, members])),
    [
      [
        [1, [1]],
        [1, [1, 2]],
        [2, [1, 2]],
      ],
    ],
  );
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 1: ['ack'] });
});

test('a write that fails withholds the vote, is told, and is tried again', () => {
  const cluster = new ClusterOf();
  cluster.world.writesEnd = false;
  for (const id of [1, 2]) cluster.join(id);
  cluster.report([1, 2], 8);
  cluster.world.finishWrite('ENOSPC');
  assert.deepEqual(cluster.heard(), {});
  assert.ok(cluster.world.reports.some((report) => report.what === 'recordFailed' && report.reason === 'ENOSPC'));
  assert.deepEqual(cluster.pass(2_000), {});
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 1: ['ack'], 2: ['ack'] });
});

/** A cluster of four, half of it with the vote, and an arbiter that is started again. */
function restarted(halves: readonly (readonly number[])[], connect: readonly number[]): ClusterOf {
  const before = new ClusterOf({ nodes: [1, 2, 3, 4] });
  before.up();
  before.report([3, 4], 12);
  before.report([1, 2], 12);
  const after = new ClusterOf({ nodes: [1, 2, 3, 4], records: { byCluster: before.world.disk, startedAtMs: 0 } });
  for (const id of connect) after.join(id);
  for (const half of halves) after.report(half, 12);
  return after;
}

const holders = (cluster: ClusterOf) => cluster.nodes().flatMap(({ nodeId, granted }) => (granted ? [nodeId] : []));

test('after a restart the recorded side gets the vote at once', () => {
  assert.deepEqual(holders(restarted([[1, 2]], [1, 2])), [1, 2]);
});

test('after a restart everybody else waits until the recorded side cannot cast any more', () => {
  const cluster = restarted([[3, 4]], [3, 4]);
  assert.deepEqual(cluster.pass(AFTER_SILENCE_MS - 2), {});
  assert.deepEqual(cluster.pass(2), { 3: ['ack'], 4: ['ack'] });
});

test('without a record the complete cluster gets the vote at once', () => {
  const cluster = new ClusterOf({ nodes: [1, 2], records: NO_RECORD });
  for (const id of [1, 2]) cluster.join(id);
  assert.deepEqual(cluster.report([1, 2], 8), { 1: ['(waitForReply)', 'ack'], 2: ['ack'] });
});

test('without a record everybody else waits until a vote could have run out', () => {
  for (const partition of [[1], [1, 2]]) {
    const cluster = new ClusterOf({ nodes: [1, 2], records: NO_RECORD });
    cluster.join(1);
    assert.deepEqual(cluster.report(partition, 8, [1]), {});
    assert.deepEqual(cluster.pass(AFTER_SILENCE_MS - 2), {});
    assert.deepEqual(cluster.pass(2), { 1: ['ack'] });
  }
});

test('without a record a short bound of those who are here does not bind somebody who is not', () => {
  const cluster = new ClusterOf({ nodes: [1, 2], records: NO_RECORD, castBoundMs: 2_000 });
  cluster.join(1);
  assert.deepEqual(cluster.report([1], 8, [1]), {});
  assert.deepEqual(cluster.pass(AFTER_SILENCE_MS - 2), {});
  assert.deepEqual(cluster.pass(2), { 1: ['ack'] });
});

test('without a record and with all others there to confirm that they hold nothing, nobody waits', () => {
  const cluster = new ClusterOf({ nodes: [1, 2], records: NO_RECORD });
  for (const id of [1, 2]) cluster.join(id);
  cluster.holding.add(1);
  assert.deepEqual(cluster.report([2], 8), { 1: ['nack'] });
  assert.deepEqual(cluster.confirm(1), { 2: ['ack'] });
});

test('without a record no time helps lms, where stock nodes may cast unconnected', () => {
  const cluster = new ClusterOf({ nodes: [1, 2], records: NO_RECORD, algorithm: LMS });
  cluster.join(1);
  assert.deepEqual(cluster.report([1], 8), { 1: ['(waitForReply)'] });
  assert.deepEqual(cluster.pass(600_000), {});
  cluster.join(2);
  cluster.report([1, 2], 12);
  cluster.quorum(1);
  cluster.pass(4_000);
  assert.deepEqual(holders(cluster), [1, 2]);
});

test('a cluster that everybody has left is known until it comes back, and given up after a month', () => {
  const cluster = new ClusterOf();
  cluster.up();
  for (const id of [1, 2]) cluster.vanish(id);
  cluster.pass(AFTER_SILENCE_MS);
  cluster.join(1);
  assert.deepEqual(cluster.report([1], 16), { 1: ['ack'] }, 'there is nobody to wait for');
  cluster.vanish(1);
  cluster.world.pass(31 * 24 * 3_600_000);
  assert.equal(cluster.world.disk.size, 0);
  assert.equal(cluster.world.arbiter.nextDeadlineMs(), undefined);
});

test('a record reads as it was written', () => {
  const record = {
    cluster: 'a/\u00ff"\u0000',
    grants: [
      { nodeId: 1, members: [1, 2], leaseMs: 27_002 },
      { nodeId: 4_294_967_295, members: [], leaseMs: Number.POSITIVE_INFINITY },
    ],
  };
  assert.deepEqual(readRecord(recordText(record)), record);
});

test('what is no record is none', () => {
  const good = recordText({ cluster: 'c', grants: [{ nodeId: 1, members: [1], leaseMs: 5 }] });
  for (let length = 0; length < good.length - 1; length += 1)
    assert.equal(readRecord(good.slice(0, length)), undefined);
  for (const text of [
    'null',
    '[]',
    good.replace('"format":1', '"format":2'),
    good.replace('"c"', '1'),
    good.replace('[1]', '["1"]'),
    good.replace('[1]', '1'),
    good.replace('5', '-5'),
    good.replace('"nodeId":1', '"nodeId":1.5'),
    good.replace('"grants":[', '"grants":[null,'),
  ]) {
    assert.equal(readRecord(text), undefined, text);
  }
});
