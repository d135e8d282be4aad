/**
 * Last man standing with our daemon on two real nodes: healthy, split, healed, the arbiter gone and back. Both rules end as
 * the fifty-fifty split does here, because our daemon by default keeps no vote without the arbiter.
 *
 * Always: both rules with our arbiter. LAB_MATRIX=full: with Debian's as well.
 */
import { after, before, describe, test } from 'node:test';
import { isFullMatrix, type Stage, setUp } from './matrix.ts';

const ARBITERS = isFullMatrix ? (['our', "Debian's"] as const) : (['our'] as const);

describe('last man standing', { concurrency: 2 }, () => {
  for (const algorithm of ['lms', '2nodelms'] as const) {
    for (const arbiter of ARBITERS) {
      describe(`${algorithm}, ${arbiter} arbiter`, { concurrency: 1 }, () => {
        let stage: Stage | undefined;
        before(async () => {
          stage = await setUp(`${arbiter} arbiter, our nodes`, 2, { algorithm });
        });
        after(() => stage?.lab.destroy());

        test('healthy, split, healed, the arbiter gone and back', async () => {
          if (stage === undefined) throw new Error('there is no lab');
          const { play } = stage;
          await play.start();
          await play.split('1|2');
          await play.heal();
          await play.stopArbiter('SIGKILL');
          await play.startArbiter();
        });
      });
    }
  }
});
