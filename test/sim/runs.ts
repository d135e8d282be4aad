/** Many episodes from one seed. */
import { Chance } from '../../src/demo/random.ts';
import { type Plan, planOf, play, type Verdict } from './episode.ts';

export type Safety = 'strict' | 'upstream';

export const isSafety = (text: string): text is Safety => text === 'strict' || text === 'upstream';

export interface Total {
  readonly hours: number;
  readonly episodes: number;
  readonly faults: number;
  /** The first one ends the run. */
  readonly failure: { readonly plan: Plan; readonly verdict: Verdict } | undefined;
}

const MS_PER_HOUR = 3_600_000;
const SEED_RANGE = 0x7fff_ffff;

export function* episodeSeeds(seed: number): Generator<number> {
  const chance = new Chance(seed);
  for (;;) yield chance.below(SEED_RANGE);
}

/** Until so many hours are simulated, or the first failure, or until `mayGoOn` says no. */
export function simulateFor(
  seeds: Iterable<number>,
  safety: Safety,
  hours: number,
  mayGoOn: () => boolean = () => true,
): Total {
  let simulatedMs = 0;
  let episodes = 0;
  let faults = 0;
  const total = (failure: Total['failure']): Total => ({
    hours: simulatedMs / MS_PER_HOUR,
    episodes,
    faults,
    failure,
  });
  for (const seed of seeds) {
    if (simulatedMs >= hours * MS_PER_HOUR || !mayGoOn()) break;
    const plan = planOf(seed);
    const verdict = play(plan, safety);
    simulatedMs += verdict.simulatedMs;
    episodes += 1;
    faults += plan.faults.length;
    if (verdict.kind !== 'good') return total({ plan, verdict });
  }
  return total(undefined);
}
