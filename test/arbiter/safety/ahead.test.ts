/** A record that is begun before the decision: it saves time, and never makes anybody wait or vote who otherwise would not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterOf } from './cluster-of.ts';

const FOUR = { nodes: [1, 2, 3, 4] };

function up(cluster: ClusterOf): ClusterOf {
  cluster.up();
  cluster.world.writesEnd = false;
  return cluster;
}

/** Node and partition, in the record that is being written. */
function writing(cluster: ClusterOf): (readonly [number, readonly number[]])[] {
  const [write, ...more] = cluster.world.writes;
  assert.deepEqual(more, [], 'one write of a cluster at a time');
  return (write?.grants ?? []).map(({ nodeId, members }) => [nodeId, members]);
}

const BEFORE = FOUR.nodes.map((nodeId) => [nodeId, FOUR.nodes] as const);

test('the first report of a split begins the record of the half that will win, and its ACK then waits for nothing', () => {
  for (const first of [
    [3, 4],
    [1, 2],
  ]) {
    const cluster = up(new ClusterOf(FOUR));
    cluster.report(first, 12, first.slice(0, 1));
    assert.deepEqual(writing(cluster), [[1, [1, 2]], [2, [1, 2]], ...BEFORE]);
    cluster.world.finishWrite();
    cluster.report(first, 12, first.slice(1));
    const last = first[0] === 1 ? [3, 4] : [1, 2];
    const heard = cluster.report(last, 12);
    assert.deepEqual([heard[1]?.at(-1), heard[2]?.at(-1)], ['ack', 'ack']);
    assert.deepEqual(writing(cluster), [], 'the record covers it already');
  }
});

test('an ACK waits for a record that was begun ahead and is not on disk', () => {
  const cluster = up(new ClusterOf());
  cluster.report([2], 12);
  assert.deepEqual(cluster.report([1], 12), { 2: ['nack'] });
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 1: ['ack'] });
});

test('the half that has to be asked back holds nothing up: the record is begun while it confirms', () => {
  const cluster = up(new ClusterOf());
  cluster.holding.add(2);
  cluster.report([2], 12);
  cluster.report([1], 12);
  assert.deepEqual(writing(cluster), [
    [1, [1]],
    [1, [1, 2]],
    [2, [1, 2]],
  ]);
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), {}, 'on disk or not, nobody hears ACK before the loser has confirmed');
  assert.deepEqual(cluster.confirm(2), { 1: ['ack'] });
});

test('a guess that was wrong is written over, and nobody waits for a vote that was never given', () => {
  const cluster = up(new ClusterOf());
  cluster.report([2], 12);
  cluster.world.finishWrite();
  // Node 1, of which the guess was, does not report: it is gone.
  assert.deepEqual(cluster.vanish(1), {});
  assert.deepEqual(writing(cluster), [
    [2, [2]],
    [1, [1, 2]],
    [2, [1, 2]],
  ]);
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 2: ['ack'] });
});

test('a guess that is still being written when it turns out wrong holds the vote up until the right record is on disk', () => {
  const cluster = up(new ClusterOf());
  cluster.report([2], 12);
  assert.deepEqual(cluster.vanish(1), {});
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), {});
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 2: ['ack'] });
});

test('nothing is begun as long as no record tells who held the vote: a restart would take it for the whole truth', () => {
  const cluster = new ClusterOf({ nodes: [1, 2], records: { byCluster: new Map(), startedAtMs: 0 } });
  cluster.world.writesEnd = false;
  for (const id of [1, 2]) cluster.join(id);
  cluster.holding.add(1);
  assert.deepEqual(cluster.report([2], 12), { 1: ['nack'] });
  assert.deepEqual(writing(cluster), []);
});

test('where the vote moves to the other half the record is begun when the old one is gone, and never has both', () => {
  const cluster = up(new ClusterOf(FOUR));
  cluster.report([3, 4], 12);
  cluster.report([1, 2], 12);
  cluster.world.finishWrite();
  cluster.heard();
  cluster.holding.add(1);
  for (const id of [1, 2])
    cluster.world.say(cluster.client(id), 'heuristicsChange', { msgSeqNumber: 7, heuristics: 'fail' });
  assert.ok(cluster.heard()[1]?.includes('nack'));
  assert.deepEqual(writing(cluster), [], 'node 1 may still be casting');
  cluster.confirm(1);
  assert.deepEqual(writing(cluster), [
    [3, [3, 4]],
    [4, [3, 4]],
  ]);
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 3: ['ack'], 4: ['ack'] });
});

test('a record that cannot be begun ahead is begun again when the vote is due', () => {
  const cluster = up(new ClusterOf());
  cluster.report([2], 12);
  cluster.world.finishWrite('ENOSPC');
  assert.deepEqual(cluster.report([1], 12), { 2: ['nack'] });
  assert.deepEqual(cluster.pass(1_500), {});
  cluster.pass(500);
  cluster.world.finishWrite();
  assert.deepEqual(cluster.heard(), { 1: ['ack'] });
});
