import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SEED_MAX } from '../../src/demo/random.ts';
import { isEvenSplit } from '../../src/demo/rules.ts';
import { storyOf } from '../../src/demo/story.ts';
import { healthyWorld } from '../../src/demo/world.ts';

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
    fc.property(nodeCounts, fc.option(seeds, { nil: undefined }), (count, seed) => {
      const scenes = storyOf(count, seed);
      const kinds = scenes.map(({ change }) => change.kind);
      const all = ['start', 'split', 'heal', 'loseNode', 'returnNode', 'loseArbiter', 'returnArbiter'];
      assert.deepEqual([...kinds].sort(), all.sort());
      const last = scenes.at(-1);
      assert.deepEqual(last?.world, healthyWorld(count));
      assert.deepEqual(last?.outcome.winner, healthyWorld(count).nodeIds);
      for (const { world } of scenes) {
        assert.deepEqual(
          world.islands.flat().sort((a, b) => a - b),
          world.nodeIds,
        );
      }
    }),
  );
});

test('nothing is left to chance when the arbiter or a node comes back', () => {
  fc.assert(
    fc.property(nodeCounts, seeds, (count, seed) => {
      for (const { change, world } of storyOf(count, seed)) {
        if (change.kind === 'returnArbiter') assert.equal(isEvenSplit(world), false);
        if (change.kind !== 'returnNode') continue;
        assert.ok(world.islands.length === 1 || count % 2 === 0);
      }
    }),
  );
});
