/**
 * Breadth first over every state that can be reached, so that the first way found to a broken one is a shortest. Of a
 * state that has been looked into only its key is kept and the move that led to it: the way is walked again if it is asked
 * for.
 */
import { HashSet } from './hash-set.ts';
import { keyOf } from './key.ts';
import { movesFrom, type Scope } from './moves.ts';
import { type Broken, brokenIn, doesNotRecover } from './properties.ts';
import type { State } from './state.ts';
import { Trail } from './trail.ts';

export interface Found {
  readonly broken: Broken;
  /** What happened, from the beginning. */
  readonly script: readonly string[];
}

export interface Explored {
  readonly states: number;
  readonly moves: number;
  /** Moves from the beginning to the farthest state looked at. */
  readonly depth: number;
  /** Nothing was left to look at: these are all states within the budget of faults. */
  readonly complete: boolean;
  readonly recoveries: number;
  readonly found: Found | undefined;
}

export interface Limits {
  readonly mayGoOn: () => boolean;
  /** Of how many states one is asked whether it recovers; 0: of none. */
  readonly recoveryEach: number;
  readonly recoveryTicks: number;
  /** States that wait to be looked into are held whole. */
  readonly frontierMax: number;
}

interface Waiting {
  readonly state: State;
  readonly trail: number;
}

/** The clock is looked at once in so many states. */
const STATES_A_LOOK = 64;

export function explore(start: State, scope: Scope, limits: Limits): Explored {
  const { recoveryEach, recoveryTicks, frontierMax } = limits;
  const seen = new HashSet();
  seen.add(keyOf(start));
  const trail = new Trail();
  let frontier: Waiting[] = [{ state: start, trail: trail.start() }];
  let [moves, recoveries, looked, depth] = [0, 0, 0, 0];
  const result = (complete: boolean, found?: Found): Explored => {
    return { states: seen.size, moves, depth, complete, recoveries, found };
  };
  const scriptTo = (at: number): string[] => wordsOf(start, scope, trail.movesTo(at));
  for (let truncated = false; frontier.length > 0; depth += 1) {
    const next: Waiting[] = [];
    for (const step of frontier) {
      looked += 1;
      if (looked % STATES_A_LOOK === 0 && !limits.mayGoOn()) return result(false);
      for (const [index, move] of movesFrom(step.state, scope).entries()) {
        moves += 1;
        const to = trail.add(step.trail, index);
        const state = move.to();
        const key = keyOf(state);
        if (!seen.add(key)) {
          trail.takeBack();
          continue;
        }
        const asked = recoveryEach > 0 && key % recoveryEach === 0;
        if (asked) recoveries += 1;
        const broken = brokenIn(state) ?? (asked ? doesNotRecover(state, scope, recoveryTicks) : undefined);
        if (broken !== undefined) return result(false, { broken, script: scriptTo(to) });
        if (next.length < frontierMax) next.push({ state, trail: to });
        else truncated = true;
      }
    }
    frontier = next;
    if (truncated && frontier.length === 0) return result(false);
  }
  return result(true);
}

function wordsOf(start: State, scope: Scope, path: readonly number[]): string[] {
  const words: string[] = [];
  let state = start;
  for (const index of path) {
    const move = movesFrom(state, scope)[index];
    if (move === undefined) throw new Error('the way cannot be walked again');
    words.push(move.words());
    state = move.to();
  }
  return words;
}
