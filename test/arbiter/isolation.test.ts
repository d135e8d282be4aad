/** A failure while one cluster is decided ends that cluster's connections and nothing else. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Algorithm } from '../../src/arbiter/algorithms/algorithm.ts';
import { ALGORITHMS } from '../../src/arbiter/algorithms/all.ts';
import { ffsplit } from '../../src/arbiter/algorithms/ffsplit.ts';
import { votesIn, World } from './world.ts';

const POISON = 666;
const poisoned: Algorithm = {
  ...ffsplit,
  membershipList(cluster, from, content, nowMs) {
    const outcome = ffsplit.membershipList(cluster, from, content, nowMs);
    if (content.members.ids.has(POISON)) throw new Error('a defect of ours');
    return outcome;
  },
  leave(cluster, leaver, nowMs) {
    if (leaver.nodeId === POISON) throw new Error('a defect of ours');
    return ffsplit.leave(cluster, leaver, nowMs);
  },
};

function twoClusters(): World {
  const world = new World({}, { ...ALGORITHMS, ffsplit: poisoned });
  for (const [client, nodeId, cluster] of [
    [1, 1, 'sick'],
    [2, 2, 'sick'],
    [3, 1, 'well'],
    [4, 2, 'well'],
  ] as const) {
    world.join(client, nodeId, { cluster });
    world.config(client, [1, 2]);
    world.membership(client, [1, 8n], [1, 2]);
  }
  for (const client of [1, 2, 3, 4]) world.heard(client);
  return world;
}

function assertOnlySickIsClosed(world: World): void {
  assert.deepEqual([...world.closed].sort(), [1, 2]);
  assert.deepEqual(world.arbiter.counts(), { clients: 2, clusters: 1 });
  assert.deepEqual([...world.heard(1), ...world.heard(2)], [], 'nothing half decided went out');
  const failed = world.reports.filter((report) => report.what === 'clusterFailed');
  assert.deepEqual(failed, [{ what: 'clusterFailed', cluster: 'sick', error: 'a defect of ours' }]);
  world.membership(3, [1, 12n], [1]);
  world.membership(4, [2, 12n], [2]);
  assert.deepEqual(votesIn(world.heard(4)), ['nack#2', 'noChange']);
  world.join(5, 1, { cluster: 'sick' });
  world.config(5, [1, 2]);
  world.membership(5, [1, 16n], [1]);
  assert.deepEqual(votesIn(world.heard(5)), ['askLater', 'ack#1', 'noChange'], 'the sick cluster starts clean');
}

test('a defect while a message is decided', () => {
  const world = twoClusters();
  world.membership(1, [1, 12n], [1, POISON]);
  assertOnlySickIsClosed(world);
});

test('a defect while a leaving node is decided', () => {
  const world = twoClusters();
  world.join(9, POISON, { cluster: 'sick' });
  world.heard(9);
  for (const client of [1, 2]) world.heard(client);
  world.leave(9);
  assertOnlySickIsClosed(world);
});

test('two nodes that only did INIT, one leaves: upstream dies here, with it every cluster', () => {
  for (const mode of ['lowest', 'highest'] as const) {
    const world = twoClusters();
    for (const [client, nodeId] of [
      [11, 1],
      [12, 2],
    ] as const) {
      world.join(client, nodeId, { cluster: 'bare', tieBreaker: { mode } });
    }
    world.leave(11);
    assert.deepEqual(votesIn(world.heard(12)), ['nack#1']);
    world.say(3, 'echoRequest', { msgSeqNumber: 1 });
    assert.equal(world.heard(3).length, 1);
    assert.equal(
      world.reports.some((report) => report.what === 'clusterFailed'),
      false,
    );
  }
});

test('a winner that a late confirmation kept from being told is named', () => {
  const world = new World();
  for (const client of [1, 2]) {
    world.join(client, client);
    world.config(client, [1, 2]);
  }
  world.membership(1, [1, 8n], [1, 2]);
  world.membership(2, [1, 8n], [1, 2]);
  const owed = world.heard(1).findLast(({ name }) => name === 'voteInfo')?.options.msgSeqNumber ?? 0;
  world.membership(1, [1, 12n], [1]);
  world.membership(2, [2, 12n], [2]);
  world.confirm(1, owed);
  const refusal = world.heard(2).findLast(({ name }) => name === 'voteInfo')?.options.msgSeqNumber ?? 0;
  world.confirm(2, refusal);
  const settled = world.reports.findLast(({ what }) => what === 'settled');
  assert.deepEqual(settled, { what: 'settled', cluster: 'tst', holders: [], leftOut: [1] });
});
