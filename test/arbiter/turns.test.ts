/** Nobody gets more than a bounded share at once, and nothing is lost or reordered for it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCluster, newMember, withMember } from '../../src/arbiter/cluster.ts';
import { nodeListOf } from '../../src/arbiter/node-list.ts';
import { WORK_PER_TURN, workOf } from '../../src/arbiter/turns.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { nodeInfos, World } from './world.ts';

const ECHOES = 5 * WORK_PER_TURN;

function echoes(count: number): Uint8Array {
  const frames = Array.from({ length: count }, (_, index) => encodeMessage('echoRequest', { msgSeqNumber: index }));
  return Uint8Array.from(frames.flatMap((frame) => [...frame]));
}

const seqs = (world: World, client: number) => world.heard(client).map(({ options }) => options.msgSeqNumber);

test('a flood is answered share by share, in order, and nothing more is read meanwhile', () => {
  const world = new World();
  world.join(1, 1);
  world.bytes(1, echoes(ECHOES));
  const answered = seqs(world, 1);
  assert.equal(answered.length, WORK_PER_TURN);
  assert.deepEqual([...world.paused], [1]);
  let turns = 1;
  for (; world.paused.has(1); turns += 1) {
    assert.equal(world.arbiter.nextDeadlineMs(), world.nowMs, 'it wants to go on at once');
    world.tick(world.nowMs + 1);
    answered.push(...seqs(world, 1));
  }
  assert.deepEqual(
    answered,
    Array.from({ length: ECHOES }, (_, index) => index),
  );
  assert.ok(turns >= ECHOES / WORK_PER_TURN, `${turns} turns`);
  assert.notEqual(world.arbiter.nextDeadlineMs(), world.nowMs, 'and then waits for silence again');
});

test('while one cluster has more to do, another is served at once', () => {
  const world = new World();
  world.join(1, 1, { cluster: 'busy' });
  world.join(2, 1, { cluster: 'other' });
  world.bytes(1, echoes(ECHOES));
  world.bytes(2, echoes(1));
  assert.deepEqual(seqs(world, 2), [0]);
  assert.equal(world.paused.has(2), false);
});

test('nodes of a busy cluster queue up behind each other and take turns', () => {
  const world = new World();
  for (const client of [1, 2]) world.join(client, client);
  world.bytes(1, echoes(ECHOES));
  world.bytes(2, echoes(2));
  assert.deepEqual(seqs(world, 2), [], 'its turn comes');
  assert.deepEqual([...world.paused].sort(), [1, 2]);
  world.tick(1);
  world.tick(2);
  assert.deepEqual(seqs(world, 2), [0, 1]);
  assert.equal(world.paused.has(2), false);
});

test('what is said behind a wait stays behind it', () => {
  const world = new World();
  world.join(1, 1);
  world.bytes(1, echoes(WORK_PER_TURN + 1));
  world.heard(1);
  world.bytes(1, encodeMessage('echoRequest', { msgSeqNumber: 4711 }));
  assert.deepEqual(seqs(world, 1), []);
  world.tick(1);
  assert.deepEqual(seqs(world, 1), [WORK_PER_TURN, 4711]);
});

test('a client that leaves while it waits is forgotten', () => {
  const world = new World();
  for (const client of [1, 2]) world.join(client, client);
  world.bytes(1, echoes(ECHOES));
  world.leave(1);
  world.bytes(2, echoes(1));
  assert.deepEqual(seqs(world, 2).at(-1), 0, 'the cluster is not busy any more');
  assert.notEqual(world.arbiter.nextDeadlineMs(), world.nowMs);
});

test('long lists make a message dear', () => {
  const world = new World();
  world.join(1, 1);
  const ids = Array.from({ length: 2000 }, (_, index) => index + 1);
  assert.equal(workOf(undefined, 8), 1);
  assert.equal(workOf(newCluster('x', false), 255), 1);
  world.config(1, ids);
  world.heard(1);
  world.bytes(1, echoes(ECHOES));
  assert.ok(seqs(world, 1).length < WORK_PER_TURN / 7, 'a list of 2000 entries costs like eight messages');
});

test('work grows with what is stored', () => {
  const world = new World();
  world.join(1, 1);
  const [member] = world.arbiter.snapshot(0).clusters[0]?.nodes ?? [];
  assert.ok(member);
  const list = nodeListOf(nodeInfos(Array.from({ length: 512 }, (_, index) => index + 1)));
  const cluster = withMember(newCluster('x', false), {
    ...newMember({
      client: 1,
      nodeId: 1,
      algorithm: 'ffsplit',
      tieBreaker: { mode: 'lowest' },
      heartbeatMs: 8000,
      castBoundMs: undefined,
      keepActivePartition: false,
      ringId: member.ringId,
    }),
    config: list,
    members: list,
  });
  assert.equal(workOf(cluster, 8), 5);
});
