import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pair, settingsOf } from './pair.ts';

function cluster(size: number): Pair {
  const pair = new Pair();
  const ids = Array.from({ length: size }, (_, index) => index + 1);
  for (const id of ids) pair.add(settingsOf(id, ids));
  pair.ring(ids, 8n);
  return pair;
}

test('two nodes together, cut, healed: the vote is where the rules put it', () => {
  const pair = cluster(2);
  assert.deepEqual(pair.casting(), [1, 2]);
  pair.run(1000);
  pair.ring([1], 12n);
  pair.ring([2], 12n);
  assert.deepEqual(pair.casting(), [1]);
  pair.ring([1, 2], 16n);
  assert.deepEqual(pair.casting(), [1, 2]);
});

test('four nodes, two against two', () => {
  const pair = cluster(4);
  pair.ring([3, 4], 12n);
  pair.ring([1, 2], 12n);
  assert.deepEqual(pair.casting(), [1, 2]);
});

test('the arbiter goes: every vote is withheld at once, and comes back with it', () => {
  const pair = cluster(2);
  pair.run(20_000);
  pair.stopArbiter();
  assert.deepEqual(pair.casting(), []);
  pair.run(60_000);
  assert.deepEqual(pair.casting(), []);
  pair.arbiterUp = true;
  pair.run(80_000);
  assert.deepEqual(pair.casting(), [1, 2]);
  assert.deepEqual(
    [...pair.nodes.values()].map(({ exited }) => exited),
    [undefined, undefined],
  );
});

test('heartbeats keep a quiet connection alive for hours, and the vote is cast again and again', () => {
  const pair = cluster(2);
  pair.run(2 * 3_600_000);
  assert.deepEqual(pair.casting(), [1, 2]);
  const { casts, reports } = pair.node(1);
  assert.equal(reports.filter(({ what }) => what === 'disconnected').length, 0);
  assert.ok(casts.length >= 1439, `${casts.length} casts in two hours at one in 5 s`);
});

test('a stop withholds the vote before the connection is closed', () => {
  const pair = cluster(2);
  pair.feed(1, { kind: 'stop' });
  assert.equal(pair.node(1).exited, 0);
  assert.deepEqual(pair.node(1).casts.at(-1), { ring: '1.8', cast: false });
});
