/** No reader of foreign bytes fails in another way than it documents. The long search is `npm run fuzz`. */
import { test } from 'node:test';
import { findsOf } from './finds.ts';
import { checkTarget } from './property.ts';
import { TARGETS } from './targets.ts';

/** A few seconds for all of them; most of it goes into the conversations of the two cores. */
const RUNS = 1500;

for (const target of TARGETS) {
  test(`${target.name}: whatever is read, the answer is one of those documented`, () => checkTarget(target, RUNS));

  for (const [name, input] of findsOf(target.name)) {
    test(`${name} is found no more`, async () => {
      await target.run(input);
    });
  }
}
