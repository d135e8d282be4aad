/** A time for the whole list of worlds: shared out among them, and what one that was searched whole leaves over is the others'. */
import { type Explored, explore, type Limits } from './explore.ts';
import { scopeOf, startOf, type WorldDescription } from './worlds.ts';

export interface Searched {
  readonly states: number;
  readonly moves: number;
  readonly recoveries: number;
  /** Worlds of which every state was looked at. */
  readonly whole: number;
  /** What the first broken one broke, with a shortest script. */
  readonly failure: string | undefined;
  readonly minutes: number;
}

/** Repairing a state costs as much as looking at thirty. */
const RECOVERY_EACH = 64;
/** Seven and a half heartbeats: the longest lease, the time to find out, and the way back. */
export const RECOVERY_TICKS = 30;
const FRONTIER_MAX = 1_000_000;

export function searchAll(worlds: readonly WorldDescription[], ms: number, say: (line: string) => void): Searched {
  const startedMs = performance.now();
  const endMs = startedMs + ms;
  let [states, moves, recoveries, whole] = [0, 0, 0, 0];
  let failure: string | undefined;
  for (const [at, world] of worlds.entries()) {
    const beganMs = performance.now();
    const untilMs = beganMs + (endMs - beganMs) / (worlds.length - at);
    const found = exploreWorld(world, { recoveryEach: RECOVERY_EACH, mayGoOn: () => performance.now() < untilMs });
    states += found.states;
    moves += found.moves;
    recoveries += found.recoveries;
    if (found.complete) whole += 1;
    const extent = found.complete ? 'all of them' : `to depth ${found.depth}`;
    say(`${world.name}: ${found.states} states, ${extent}, ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
    failure = failureIn(world, found);
    if (failure !== undefined) break;
  }
  return { states, moves, recoveries, whole, failure, minutes: (performance.now() - startedMs) / 60_000 };
}

export function exploreWorld(world: WorldDescription, limits: Pick<Limits, 'recoveryEach' | 'mayGoOn'>): Explored {
  const { recoveryEach, mayGoOn } = limits;
  return explore(startOf(world), scopeOf(world), {
    recoveryEach,
    mayGoOn,
    recoveryTicks: RECOVERY_TICKS,
    frontierMax: FRONTIER_MAX,
  });
}

export function summary({ states, moves, recoveries, whole, minutes }: Searched, worlds: number): string {
  const extent = `${whole} of ${worlds} worlds whole; ${minutes.toFixed(1)} minutes`;
  return `${states} states by ${moves} moves, ${recoveries} of them repaired; ${extent}`;
}

function failureIn({ name }: WorldDescription, { found }: Explored): string | undefined {
  if (found === undefined) return undefined;
  return `${name}\nFAILED (${found.broken.property}): ${found.broken.text}\n${found.script.join('\n')}`;
}
