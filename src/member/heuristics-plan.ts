/**
 * Which heuristics runs are out, and when the next periodic one is due. A run is for one of three purposes: a new
 * membership, a new connection, or the periodic look; a later run for the same purpose replaces the earlier one, and a
 * result nobody waits for any more is nobody's.
 */

import type { HeuristicsResult } from './events.ts';
import type { HeuristicsSettings } from './settings.ts';

export type Purpose = 'membership' | 'connect' | 'regular';

export interface Results {
  readonly latest: HeuristicsResult;
  readonly membership: HeuristicsResult;
  readonly connect: HeuristicsResult;
  readonly regular: HeuristicsResult;
}

export interface Run {
  readonly run: number;
  readonly timeoutMs: number;
}

export class HeuristicsPlan {
  #runs = 0;
  readonly #out = new Map<Purpose, number>();
  #results: Results = { latest: 'undefined', membership: 'undefined', connect: 'undefined', regular: 'undefined' };
  #regularAtMs: number | undefined;

  get results(): Results {
    return this.#results;
  }

  nextDeadlineMs(): number | undefined {
    return this.#regularAtMs;
  }

  isOut(purpose: Purpose): boolean {
    return this.#out.has(purpose);
  }

  /** Without commands there is nothing to run: the answer is there at once, and it is `undefined`. */
  static isNeeded({ mode, commands }: HeuristicsSettings): boolean {
    return mode !== 'off' && commands.length > 0;
  }

  /** The limit is the long one while corosync synchronises, for its patience is longer then. */
  start(purpose: Purpose, settings: HeuristicsSettings, synchronising: boolean): Run {
    this.#runs += 1;
    this.#out.set(purpose, this.#runs);
    return { run: this.#runs, timeoutMs: synchronising ? settings.syncTimeoutMs : settings.timeoutMs };
  }

  abandon(purpose: Purpose): number | undefined {
    const run = this.#out.get(purpose);
    this.#out.delete(purpose);
    return run;
  }

  /** The purpose of a run that somebody still waits for. */
  purposeOf(run: number): Purpose | undefined {
    for (const [purpose, out] of this.#out) if (out === run) return purpose;
    return undefined;
  }

  /** Returns whether the result differs from the latest of any kind. */
  finish(purpose: Purpose, result: HeuristicsResult): boolean {
    const changed = this.#results.latest !== result;
    this.#out.delete(purpose);
    this.#results = { ...this.#results, latest: result, [purpose]: result };
    return changed;
  }

  scheduleRegular({ mode, intervalMs, commands }: HeuristicsSettings, nowMs: number): void {
    this.#regularAtMs = mode === 'on' && commands.length > 0 ? nowMs + intervalMs : undefined;
  }

  stopRegular(): void {
    this.#regularAtMs = undefined;
  }

  /** A periodic look is due; if another run is out it waits a whole interval more. */
  isRegularDue(settings: HeuristicsSettings, nowMs: number): boolean {
    if (this.#regularAtMs === undefined || nowMs < this.#regularAtMs) return false;
    if (this.#out.size > 0) {
      this.scheduleRegular(settings, nowMs);
      return false;
    }
    this.#regularAtMs = undefined;
    return true;
  }
}
