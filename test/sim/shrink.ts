/** Delta debugging: the fewest faults that still make the run fail in the same way. */
import type { FaultAt } from './faults.ts';

/** A run costs some milliseconds; more than this many are not worth a shorter script. */
const TRIALS_MAX = 1_500;

export function shrink(faults: readonly FaultAt[], fails: (faults: readonly FaultAt[]) => boolean): FaultAt[] {
  let kept = [...faults];
  let trials = 0;
  for (let parts = 2; kept.length > 0 && trials < TRIALS_MAX; ) {
    const size = Math.ceil(kept.length / parts);
    let shorter: FaultAt[] | undefined;
    for (let from = 0; from < kept.length && shorter === undefined && trials < TRIALS_MAX; from += size) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)];
      trials += 1;
      if (fails(without)) shorter = without;
    }
    if (shorter !== undefined) {
      kept = shorter;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(kept.length, 2 * parts);
  }
  return kept;
}
