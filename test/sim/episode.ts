/** One simulated stretch of a cluster's life: faults from a seed, then repair, then the question whether it recovered. */
import { Chance } from '../../src/demo/random.ts';
import { drawFaults, drawIslands, type FaultAt } from './faults.ts';
import { DecisionLog } from './log.ts';
import { rightHolders } from './rules.ts';
import type { Safety } from './runs.ts';
import { drawShape, type Shape, settledMs } from './shape.ts';
import { World } from './world.ts';

export interface Plan {
  readonly seed: number;
  readonly shape: Shape;
  readonly faults: readonly FaultAt[];
  /** When repair starts. */
  readonly untilMs: number;
  /** How the nodes' network is left after it; undefined: whole. */
  readonly finalIslands: readonly (readonly number[])[] | undefined;
}

export interface Verdict {
  readonly simulatedMs: number;
  /** safety: two sides; liveness: not recovered; crash: an assertion of ours. */
  readonly kind: 'good' | 'safety' | 'liveness' | 'crash';
  readonly text: string;
  readonly log: readonly string[];
}

const EPISODE_MS = 20 * 60_000;

export function planOf(seed: number): Plan {
  const chance = new Chance(seed);
  const shape = drawShape(chance);
  const reconfigures = shape.algorithm === 'ffsplit';
  const faults = drawFaults(chance, { nodeIds: shape.nodeIds, untilMs: EPISODE_MS, reconfigures });
  const finalIslands = chance.below(2) === 0 ? undefined : drawIslands(chance, shape.nodeIds);
  return { seed, shape, faults, untilMs: EPISODE_MS, finalIslands };
}

export function play(plan: Plan, safety: Safety, withLog = false): Verdict {
  const log = withLog ? new DecisionLog() : undefined;
  const world = new World({ shape: plan.shape, seed: plan.seed, safety, log });
  let wrong: string | undefined;
  const look = (): boolean => {
    wrong = world.wrong();
    return wrong !== undefined;
  };
  const verdict = (kind: Verdict['kind'], text: string): Verdict => {
    log?.line(text);
    return { simulatedMs: world.time.nowMs(), kind, text, log: log?.lines ?? [] };
  };
  try {
    for (const { atMs, fault } of plan.faults) {
      world.time.run(atMs, look);
      if (wrong !== undefined) return verdict('safety', wrong);
      log?.line(`--------  ${JSON.stringify(fault)}`);
      world.apply(fault);
    }
    world.time.run(plan.untilMs, look);
    if (wrong !== undefined) return verdict('safety', wrong);
    log?.line('--------  repair');
    world.repair(plan.finalIslands);
    world.time.run(plan.untilMs + settledMs(plan.shape), look);
    if (wrong !== undefined) return verdict('safety', wrong);
    const missing = notRecovered(world);
    return missing === undefined ? verdict('good', '') : verdict('liveness', missing);
  } catch (error) {
    return verdict('crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function nobody(world: World): string | undefined {
  if (world.casting().length > 0) return undefined;
  return `${settledMs(world.shape) / 1000} s after repair nobody casts the vote under ${world.shape.algorithm}`;
}

function notRecovered(world: World): string | undefined {
  const { configured, partitions, shape } = world;
  // What the others do depends on who spoke last: nodes that stay newcomers, and after a split who asks again.
  if (shape.algorithm !== 'ffsplit') return partitions.length === 1 ? nobody(world) : undefined;
  const hasMemory = shape.keepActive || shape.heuristics;
  const right = rightHolders({ configured, partitions, tieBreaker: shape.tieBreaker, hasMemory });
  const casting = world.casting().join(' ');
  if (right.some((holders) => [...holders].sort((a, b) => a - b).join(' ') === casting)) return undefined;
  const wanted = right.map((holders) => `[${holders.join(' ')}]`).join(' or ');
  return `${settledMs(shape) / 1000} s after repair the vote is cast by [${casting}], not by ${wanted}`;
}
