/** lms, 2nodelms and test beside what they say on the wire, which is in the scenarios: timers, status, failures. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Algorithm } from '../../src/arbiter/algorithms/algorithm.ts';
import { ALGORITHMS } from '../../src/arbiter/algorithms/all.ts';
import { lms } from '../../src/arbiter/algorithms/lms.ts';
import type { Algorithms } from '../../src/arbiter/clusters.ts';
import { votesIn, World } from './world.ts';

const LMS = 3;

/** Two nodes in ring 1.8, both with the vote. */
function together(algorithms: Algorithms = ALGORITHMS): World {
  const world = new World({ deadPeerDetection: false }, algorithms);
  for (const client of [1, 2]) {
    world.join(client, client, { ring: [1, 8n], algorithm: LMS });
    world.membership(client, [1, 8n], [1, 2]);
    world.heard(client);
  }
  return world;
}

const quorum = (world: World, client: number) =>
  world.say(client, 'nodeList', { msgSeqNumber: 5, nodeListType: 'quorum', quorate: 'quorate', nodeInfo: [] });

const voteOf = (world: World) => {
  const cluster = world.arbiter.snapshot(world.nowMs).clusters[0];
  return { holders: cluster?.nodes.filter(({ granted }) => granted).map(({ nodeId }) => nodeId), ...cluster?.vote };
};

const judgedIn = (world: World) => world.reports.flatMap((report) => (report.what === 'judged' ? [report] : []));

test('who waits is looked at again a quarter of its heartbeat later, and again, until the others agree', () => {
  const world = together();
  assert.equal(world.arbiter.nextDeadlineMs(), undefined);
  world.membership(2, [2, 12n], [2]);
  assert.deepEqual(votesIn(world.heard(2)), ['waitForReply']);
  assert.equal(world.arbiter.nextDeadlineMs(), 2000);
  world.tick(1999);
  world.tick(2000);
  assert.equal(world.arbiter.nextDeadlineMs(), 4000);
  world.membership(1, [1, 12n], [1]);
  world.heard(1);
  world.tick(4000);
  assert.deepEqual(votesIn(world.heard(2)), ['nack#1']);
  assert.deepEqual(votesIn(world.heard(1)), ['ack#1']);
  assert.equal(world.arbiter.nextDeadlineMs(), undefined);
});

test('every list puts the timer off, a verdict ends it, and so does leaving', () => {
  const world = together();
  world.membership(2, [2, 12n], [2]);
  world.tick(1500);
  quorum(world, 2);
  world.heard(2);
  world.tick(2000);
  assert.equal(world.arbiter.nextDeadlineMs(), 3500);
  world.membership(1, [1, 12n], [1]);
  quorum(world, 2);
  assert.deepEqual(votesIn(world.heard(2)), ['nack']);
  world.leave(1);
  world.tick(3500);
  world.tick(10_000);
  assert.deepEqual(votesIn(world.heard(2)), [], 'nobody is told that somebody left');
  assert.equal(world.arbiter.nextDeadlineMs(), undefined);
});

test('an interval too short for a timer leaves the node waiting until it speaks', () => {
  const world = new World({ deadPeerDetection: false, heartbeatMsMin: 1 });
  world.join(1, 1, { ring: [0, 0n], algorithm: LMS, heartbeatMs: 3 });
  world.say(1, 'askForVote', { msgSeqNumber: 5 });
  assert.deepEqual(votesIn(world.heard(1)), ['waitForReply']);
  assert.equal(world.arbiter.nextDeadlineMs(), undefined);
});

test('the status says who was told ACK last, by which rule, and that somebody waits', () => {
  const world = together();
  assert.deepEqual(voteOf(world), { holders: [1, 2], phase: 'settled', winner: [1, 2], rule: 'oneRing', sinceMs: 0 });
  world.membership(2, [2, 12n], [2]);
  assert.equal(voteOf(world).phase, 'waiting');
  assert.deepEqual(voteOf(world).holders, [1]);
  world.membership(1, [1, 12n], [1]);
  world.tick(2000);
  const split = { holders: [1], phase: 'settled', winner: [1], rule: 'lmsTieBreaker', sinceMs: 0 };
  assert.deepEqual(voteOf(world), split);
  world.leave(2);
  assert.deepEqual(voteOf(world), split);
  world.tick(5000);
  world.leave(1);
  world.join(3, 1, { ring: [1, 12n], algorithm: LMS });
  world.membership(3, [1, 12n], [1]);
  world.join(4, 2, { ring: [2, 12n], algorithm: LMS });
  world.leave(3);
  assert.deepEqual(voteOf(world), { holders: [], phase: 'settled', winner: [], rule: 'holderLeft', sinceMs: 0 });
});

test('the log is told once that a newcomer does not get the vote, and the status does not change over it', () => {
  const world = together();
  world.leave(2);
  world.membership(1, [1, 12n], [1]);
  const before = voteOf(world);
  world.join(3, 2, { ring: [2, 12n], algorithm: LMS });
  world.membership(3, [2, 12n], [2]);
  quorum(world, 3);
  assert.deepEqual(voteOf(world), before);
  const told = judgedIn(world).filter(({ rule }) => rule === 'newcomer');
  assert.deepEqual(
    told.map(({ vote, changed }) => [vote, changed]),
    [
      ['nack', true],
      ['nack', false],
    ],
  );
});

test('a cluster whose timer fails is closed, and no other', () => {
  const poisoned: Algorithm = {
    ...lms,
    wake() {
      throw new Error('a defect of ours');
    },
  };
  const world = together({ ...ALGORITHMS, lms: poisoned });
  world.join(3, 1, { cluster: 'well', algorithm: LMS });
  world.membership(2, [2, 12n], [2]);
  world.tick(2000);
  assert.deepEqual([...world.closed].sort(), [1, 2]);
  assert.deepEqual(world.arbiter.counts(), { clients: 1, clusters: 1 });
  world.tick(10_000);
  assert.equal(world.arbiter.nextDeadlineMs(), undefined);
});
