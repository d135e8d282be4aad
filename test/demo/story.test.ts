import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SEED_MAX } from '../../src/demo/random.ts';
import { isEvenSplit } from '../../src/demo/rules.ts';
import { storyOf } from '../../src/demo/story.ts';
import { anyStory } from './any-story.ts';

const nodeCounts = fc.integer({ min: 2, max: 8 });
const seeds = fc.integer({ min: 0, max: SEED_MAX });

test('without a seed it is always the order of the manual', () => {
  const titles = storyOf(4, undefined).map(({ title }) => title);
  assert.deepEqual(titles, [
    'Healthy',
    'Two against two',
    'Healed',
    'A node is lost',
    'The arbiter is lost',
    'The arbiter is back',
    'The node is back',
  ]);
  const [, split] = storyOf(4, undefined);
  assert.deepEqual([split?.outcome.winner, split?.outcome.rule], [[1, 2], 'tieBreaker']);
});

test('a seed draws the same story each time, and seeds draw different ones', () => {
  fc.assert(
    fc.property(nodeCounts, seeds, (count, seed) => assert.deepEqual(storyOf(count, seed), storyOf(count, seed))),
  );
  const drawn = new Set(Array.from({ length: 50 }, (_, seed) => JSON.stringify(storyOf(4, seed))));
  assert.ok(drawn.size > 25, `${drawn.size} different ones of 50`);
});

test('whatever is drawn: each thing happens once and is undone, and the end is as healthy as the beginning', () => {
  fc.assert(
    fc.property(anyStory, (scenes) => {
      const kinds = scenes.map(({ change }) => change.kind);
      const all = ['start', 'split', 'heal', 'loseNodes', 'returnNodes', 'loseArbiter', 'returnArbiter'];
      assert.deepEqual([...kinds].sort(), all.sort());
      const [first, last] = [scenes[0], scenes.at(-1)];
      assert.ok(first && last);
      assert.deepEqual(last.world, first.world);
      assert.deepEqual(last.outcome.winner, first.world.nodeIds);
      for (const { world, outcome } of scenes) {
        assert.deepEqual(
          world.islands.flat().sort((a, b) => a - b),
          world.nodeIds,
        );
        assert.ok(outcome.sides.filter(({ quorate }) => quorate).length <= 1, 'one side goes on at most');
      }
    }),
  );
});

test('nothing is left to chance when the arbiter or nodes come back, or nodes go', () => {
  fc.assert(
    fc.property(anyStory, (scenes) => {
      for (const { change, world } of scenes) {
        const isOne = world.islands.length === 1;
        const isFfsplit = world.algorithm === 'ffsplit';
        if (change.kind === 'returnArbiter') assert.ok(isFfsplit ? !isEvenSplit(world) : isOne);
        if (change.kind === 'returnNodes') assert.ok(isOne || (isFfsplit && world.nodeIds.length % 2 === 0));
        if (change.kind === 'loseNodes') assert.ok(isOne || isFfsplit);
      }
    }),
  );
});

test('the last man goes on alone, and not without the arbiter', () => {
  for (const [algorithm, count] of [
    ['lms', 2],
    ['lms', 5],
    ['2nodelms', 2],
  ] as const) {
    const scenes = storyOf(count, undefined, algorithm);
    const quorate = (kind: string) =>
      scenes.find(({ change }) => change.kind === kind)?.outcome.sides.map((side) => side.quorate);
    assert.deepEqual(quorate('loseNodes'), [true]);
    assert.deepEqual(quorate('loseArbiter'), [false]);
    assert.deepEqual(quorate('returnArbiter'), [true]);
  }
});
