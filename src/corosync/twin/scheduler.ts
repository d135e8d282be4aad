/** Time as the twin sees it. Real for the demo; by hand in tests, so that an hour of splits takes a second. */

export interface Scheduler {
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Runs the action once, later, never at once. The result cancels it. */
  readonly after: (delayMs: number, action: () => void) => () => void;
}

export const REAL_SCHEDULER: Scheduler = {
  nowMs: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** More actions than this for one instant are a loop, not work. */
const ACTIONS_PER_ADVANCE_MAX = 1_000_000;

/** Stands still until told to go on; equal times keep their order. */
export class ManualScheduler implements Scheduler {
  #nowMs = 0;
  #made = 0;
  readonly #entries = new Set<Entry>();

  readonly nowMs = (): number => this.#nowMs;

  readonly after = (delayMs: number, action: () => void): (() => void) => {
    this.#made += 1;
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#made, action };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  };

  /** Lets promises that an action has settled run before the next action. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    for (let done = 0; done < ACTIONS_PER_ADVANCE_MAX; done += 1) {
      const next = this.#first();
      if (next === undefined || next.atMs > untilMs) {
        this.#nowMs = untilMs;
        return;
      }
      this.#entries.delete(next);
      this.#nowMs = next.atMs;
      next.action();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    throw new Error(`more than ${ACTIONS_PER_ADVANCE_MAX} actions within ${byMs} ms`);
  }

  #first(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      const earlier = first === undefined || entry.atMs < first.atMs;
      if (earlier || (entry.atMs === first?.atMs && entry.order < first.order)) first = entry;
    }
    return first;
  }
}
