/** Nobody gets more than a bounded share at once, and nothing is lost or reordered for it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCluster, newMember, withMember } from '../../src/arbiter/cluster.ts';
import { nodeListOf } from '../../src/arbiter/node-list.ts';
import { CREDIT_MS, Turns, UNITS_PER_MS, WORK_PER_TURN, workOf } from '../../src/arbiter/turns.ts';
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

/** Both nodes of a busy cluster have more to say than is ever listened to; what each has been answered, after so long. */
function flood(world: World, ms: number): number[] {
  const CHUNK = 10 * WORK_PER_TURN;
  const said = [0, 0];
  const answered = [0, 0];
  const untilMs = world.nowMs + ms;
  for (; world.nowMs < untilMs; world.pass(1)) {
    for (const at of [0, 1]) {
      const client = at + 1;
      while (!world.paused.has(client)) {
        const from = said[at] ?? 0;
        const seqsOf = Array.from({ length: CHUNK }, (_, index) => from + index);
        said[at] = from + CHUNK;
        world.bytes(
          client,
          Buffer.concat(seqsOf.map((msgSeqNumber) => encodeMessage('echoRequest', { msgSeqNumber }))),
        );
      }
      for (const seq of seqs(world, client)) {
        assert.equal(seq, answered[at], 'nothing is lost, nothing comes before its turn');
        answered[at] = (answered[at] ?? 0) + 1;
      }
    }
  }
  return answered;
}

test('who never stops has his credit, then a tenth of the time, and his own cluster shares it', () => {
  const world = new World();
  for (const client of [1, 2]) world.join(client, client, { cluster: 'busy' });
  world.join(3, 1, { cluster: 'other' });
  const credit = CREDIT_MS * UNITS_PER_MS;
  const [first = 0, second = 0] = flood(world, 2_000);
  const most = credit + 2_000 * UNITS_PER_MS + 2 * WORK_PER_TURN;
  assert.ok(first + second <= most, `${first + second} of ${most}`);
  assert.ok(first + second > 0.9 * most, `and no less: ${first + second} of ${most}`);
  assert.ok(Math.abs(first - second) <= credit, 'one after the other');
  world.bytes(3, echoes(1));
  assert.deepEqual(seqs(world, 3), [0], 'whoever owes nothing is served at once');
});

test('silence pays, up to the whole credit and no further', () => {
  const world = new World();
  for (const client of [1, 2]) world.join(client, client, { cluster: 'busy' });
  flood(world, 1_000);
  for (const client of [1, 2]) world.leave(client);
  world.join(3, 1, { cluster: 'busy' });
  world.bytes(3, echoes(1));
  assert.deepEqual(seqs(world, 3), [], 'another connection of the same cluster owes the same');
  world.pass(2 * CREDIT_MS);
  assert.deepEqual(seqs(world, 3), [0]);
  const turns = new Turns();
  turns.spend(1, 'busy', CREDIT_MS * UNITS_PER_MS, world.nowMs);
  assert.equal(turns.isFree(1, 'busy', world.nowMs), true);
  turns.spend(1, 'busy', UNITS_PER_MS, world.nowMs);
  assert.equal(turns.isFree(1, 'busy', world.nowMs), false);
  assert.equal(turns.isFree(1, 'busy', world.nowMs + 1), true);
});

test('a node that waits for its turn is not taken for silent, and one that is silent is', () => {
  const world = new World({ maxReceiveBytes: 1 << 20 });
  const many = Array.from({ length: 20_000 }, (_, index) => index + 1);
  const large = Array.from({ length: 30 }, (_, index) => index + 1);
  for (const client of large) {
    world.join(client, client, { cluster: 'busy', heartbeatMs: 120_000 });
    world.config(client, many);
    world.pass(1_000);
  }
  for (const client of [31, 32]) world.join(client, client, { cluster: 'busy', heartbeatMs: 1_000 });
  for (const client of large) world.bytes(client, echoes(2));
  world.bytes(31, echoes(1));
  world.pass(2_000);
  assert.deepEqual(seqs(world, 31), [], 'it waits longer than it may be silent');
  assert.deepEqual([world.closed.has(31), world.closed.has(32)], [false, true]);
  world.pass(10_000);
  assert.deepEqual(seqs(world, 31), [0]);
});

test('accounts of those that owe nothing are not kept', () => {
  const turns = new Turns();
  for (let client = 1; client < 10_000; client += 1) turns.spend(client, undefined, 1, client);
  assert.ok(turns.heldAccounts < 200, `${turns.heldAccounts}`);
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

test('what comes of a message is in its price: votes for a whole cluster', () => {
  const nodes = Array.from({ length: 32 }, (_, index) => index + 1);
  const reports = 10;
  /** How many of its reports are heeded in one turn, if it is one of so many. */
  const heeded = (ids: readonly number[]) => {
    const world = new World();
    for (const id of ids) world.join(id, id);
    for (const id of ids) world.config(id, nodes);
    for (const id of ids) world.membership(id, [1, 4n], nodes);
    world.pass(CREDIT_MS);
    world.heard(1);
    const nodeInfo = nodeInfos(nodes);
    const report = { msgSeqNumber: 5, nodeListType: 'membership', ringId: { nodeId: 1, seq: 4n }, nodeInfo } as const;
    world.bytes(1, Buffer.concat(Array.from({ length: reports }, () => encodeMessage('nodeList', report))));
    return world.heard(1).filter(({ name }) => name === 'nodeListReply').length;
  };
  assert.equal(heeded([1]), reports);
  assert.equal(heeded(nodes), 2);
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
