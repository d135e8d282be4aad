import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Deadlines } from '../../src/arbiter/deadlines.ts';
import { World } from './world.ts';

test('a client comes up at the earliest time asked for since it last came up', () => {
  const operation = fc.oneof(
    fc.record({ what: fc.constant('watch' as const), client: fc.nat(5), atMs: fc.nat(100) }),
    fc.record({ what: fc.constant('forget' as const), client: fc.nat(5), atMs: fc.constant(0) }),
    fc.record({ what: fc.constant('take' as const), client: fc.constant(0), atMs: fc.nat(100) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const deadlines = new Deadlines();
      const naive = new Map<number, number>();
      for (const { what, client, atMs } of operations) {
        if (what === 'watch') {
          deadlines.watch(client, atMs);
          naive.set(client, Math.min(atMs, naive.get(client) ?? atMs));
        } else if (what === 'forget') {
          deadlines.forget(client);
          naive.delete(client);
        } else {
          const due = [...naive].filter(([, dueMs]) => dueMs <= atMs).map(([each]) => each);
          for (const each of due) naive.delete(each);
          assert.deepEqual(deadlines.takeDue(atMs).sort(), due.sort());
        }
        assert.equal(deadlines.nextMs(), naive.size === 0 ? undefined : Math.min(...naive.values()));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a look ahead takes those that come up soon together, and is not repeated for those that are put back', () => {
  const deadlines = new Deadlines();
  for (const [client, atMs] of [
    [1, 100],
    [2, 150],
    [3, 400],
  ] as const)
    deadlines.watch(client, atMs);
  assert.deepEqual(deadlines.takeDue(100, 250), [1, 2]);
  deadlines.watch(1, 1_600);
  deadlines.watch(2, 150);
  assert.deepEqual(deadlines.takeDue(120, 250), []);
  assert.equal(deadlines.nextMs(), 150);
  assert.deepEqual(deadlines.takeDue(150, 250), [2]);
});

test('nodes that speak are looked at a few times in a second, however many they are', () => {
  const world = new World();
  const nodes = 40;
  for (let node = 1; node <= nodes; node += 1) world.join(node, node, { heartbeatMs: 1_000 });
  let wakings = 0;
  for (let turn = 0; turn < 400; turn += 1) {
    world.say((turn % nodes) + 1, 'echoRequest', { msgSeqNumber: 1 });
    const untilMs = world.nowMs + 25;
    for (;;) {
      const nextMs = world.arbiter.nextDeadlineMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      wakings += 1;
      world.tick(nextMs);
    }
    world.nowMs = untilMs;
  }
  assert.equal(world.closed.size, 0);
  assert.ok(wakings <= 50, `${wakings} wakings in ten seconds`);
});

test('a silent node is dead at one and a half heartbeats, not a millisecond before', () => {
  const world = new World();
  world.join(1, 1, { heartbeatMs: 8000 });
  world.tick(11_999);
  assert.equal(world.closed.has(1), false);
  assert.equal(world.arbiter.nextDeadlineMs(), 12_000);
  world.tick(12_000);
  assert.equal(world.closed.has(1), true);
});

test('before INIT a peer has 180 seconds', () => {
  const world = new World();
  world.connect(1);
  world.tick(179_999);
  assert.equal(world.closed.has(1), false);
  world.tick(180_000);
  assert.equal(world.closed.has(1), true);
});

test('every whole message is a sign of life, even a bad one; a skipped or half one is not', () => {
  const world = new World();
  for (const client of [1, 2, 3]) world.join(client, client, { cluster: `c${client}`, heartbeatMs: 1000 });
  world.nowMs = 1400;
  world.bytes(1, Uint8Array.of(0, 8, 0, 0, 0, 0));
  world.bytes(2, Uint8Array.of(0x12, 0, 0, 0, 0, 1, 7));
  world.bytes(3, Uint8Array.of(0, 8, 0, 0, 0, 8, 0, 0));
  world.tick(1500);
  assert.deepEqual([...world.closed].sort(), [2, 3]);
  world.tick(2899);
  assert.equal(world.closed.has(1), false);
  world.tick(2900);
  assert.equal(world.closed.has(1), true);
});

test('a shorter interval by SET_OPTION counts at once, a longer one too', () => {
  const world = new World();
  for (const client of [1, 2]) world.join(client, client, { heartbeatMs: 8000 });
  world.nowMs = 100;
  world.say(1, 'setOption', { msgSeqNumber: 9, heartbeatIntervalMs: 1000 });
  world.say(2, 'setOption', { msgSeqNumber: 9, heartbeatIntervalMs: 20_000 });
  world.tick(1600);
  assert.deepEqual([...world.closed], [1]);
  world.tick(30_099);
  assert.deepEqual([...world.closed], [1]);
  world.tick(30_100);
  assert.deepEqual([...world.closed].sort(), [1, 2]);
});

test('with dead-peer detection off nobody is closed for silence', () => {
  const world = new World({ deadPeerDetection: false });
  world.join(1, 1, { heartbeatMs: 1000 });
  assert.equal(world.arbiter.nextDeadlineMs(), undefined);
  world.tick(10_000_000);
  assert.equal(world.closed.size, 0);
});

test('ever shorter intervals leave no trail behind', () => {
  const deadlines = new Deadlines();
  for (let atMs = 1_000_000; atMs > 0; atMs -= 1) deadlines.watch(1, atMs);
  assert.equal(deadlines.nextMs(), 1);
  assert.ok(deadlines.heldEntries < 100, `${deadlines.heldEntries} entries for one client`);
});
