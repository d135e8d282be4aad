/** A target as a property: bytes at random, and good inputs with a few edits. */
import fc from 'fast-check';
import { type Edit, edited } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

const EDITS_MAX = 6;
const RANDOM_BYTES_MAX = 400;

export const anyEdit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.nat({ max: 9 }),
  at: fc.nat({ max: 65_535 }),
  value: fc.nat({ max: 255 }),
});

export async function checkTarget(target: FuzzTarget, runs: number): Promise<void> {
  for (const seed of target.seeds) await target.run(seed);
  const { seeds, bytesMax } = target;
  const anySeed = fc.constantFrom(...seeds);
  const anyInput = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: RANDOM_BYTES_MAX }) },
    {
      weight: 5,
      arbitrary: fc
        .tuple(anySeed, fc.array(anyEdit, { maxLength: EDITS_MAX }), anySeed)
        .map(([seed, edits, other]) => edited(seed, edits, bytesMax, other)),
    },
  );
  await fc.assert(
    fc.asyncProperty(anyInput, async (input) => {
      await target.run(input);
    }),
    { numRuns: runs },
  );
}
