/** Any story that the demo can be asked for. */
import fc from 'fast-check';
import { SEED_MAX } from '../../src/demo/random.ts';
import { type Scene, storyOf } from '../../src/demo/story.ts';
import type { DemoAlgorithm } from '../../src/demo/world.ts';

const COUNTS: Readonly<Record<DemoAlgorithm, readonly [number, number]>> = {
  ffsplit: [2, 8],
  lms: [2, 8],
  '2nodelms': [2, 2],
  test: [4, 8],
};

const anyWish = fc.constantFrom<DemoAlgorithm>('ffsplit', 'lms', '2nodelms', 'test').chain((algorithm) => {
  const [min, max] = COUNTS[algorithm];
  return fc.tuple(fc.constant(algorithm), fc.integer({ min, max }), fc.option(fc.integer({ min: 0, max: SEED_MAX })));
});

export const anyStory = anyWish.map(([algorithm, count, seed]): readonly Scene[] =>
  storyOf(count, seed ?? undefined, algorithm),
);
