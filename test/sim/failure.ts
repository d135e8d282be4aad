/** A failed episode in words: its seed, the shortest script that still fails alike, and what was decided on the way. */
import { type Plan, play, type Verdict } from './episode.ts';
import { faultInWords } from './faults.ts';
import type { Safety } from './runs.ts';
import { shrink } from './shrink.ts';

const LOG_LINES_MAX = 120;

export function describeFailure(plan: Plan, safety: Safety, { kind, text }: Verdict): string {
  const faults = shrink(plan.faults, (fewer) => play({ ...plan, faults: fewer }, safety).kind === kind);
  const shrunk = play({ ...plan, faults }, safety, true);
  const { nodeIds, stock, ...shape } = plan.shape;
  return [
    `FAILED (${kind}): ${text}`,
    `again: npm run simulate -- --safety ${safety} --episode ${plan.seed} --log`,
    `nodes ${nodeIds.join(' ')}, with upstream's daemon: ${stock.join(' ') || 'none'}; ${JSON.stringify(shape)}`,
    `${faults.length} of ${plan.faults.length} faults are enough (${shrunk.text}):`,
    ...faults.map(faultInWords),
    plan.finalIslands === undefined
      ? `then everything is repaired`
      : `then everything but the split ${JSON.stringify(plan.finalIslands)} is repaired`,
    `the last decisions of it:`,
    ...shrunk.log.slice(-LOG_LINES_MAX),
  ].join('\n');
}
