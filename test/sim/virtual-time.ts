/** Time of a simulated world. Equal moments keep their order, so one seed is one run; nothing here waits. */
import TinyQueue from 'tinyqueue';
import type { Scheduler } from '../../src/corosync/twin/scheduler.ts';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  action: (() => void) | undefined;
}

const earlier = (a: Entry, b: Entry): number => a.atMs - b.atMs || a.order - b.order;

/** More actions than this for one instant are a loop, not work. */
const ACTIONS_PER_INSTANT_MAX = 200_000;

export class VirtualTime implements Scheduler {
  #nowMs = 0;
  #made = 0;
  readonly #queue = new TinyQueue<Entry>([], earlier);

  readonly nowMs = (): number => this.#nowMs;

  readonly after = (delayMs: number, action: () => void): (() => void) => {
    this.#made += 1;
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#made, action };
    this.#queue.push(entry);
    return () => {
      entry.action = undefined;
    };
  };

  /** Runs what is due until then; `look` is called at the end of each moment and may end the run by returning true. */
  run(untilMs: number, look: () => boolean): void {
    let instant = 0;
    for (let next = this.#queue.peek(); next !== undefined && next.atMs <= untilMs; next = this.#queue.peek()) {
      this.#queue.pop();
      if (next.action === undefined) continue;
      instant = next.atMs === this.#nowMs ? instant + 1 : 0;
      if (instant > ACTIONS_PER_INSTANT_MAX) throw new Error(`the world spins at ${this.#nowMs} ms`);
      this.#nowMs = next.atMs;
      next.action();
      const after = this.#queue.peek();
      if ((after === undefined || after.atMs > next.atMs) && look()) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}

/** The clock that one process reads: it starts anywhere, runs a little fast or slow, and stands still while told to. */
export class ProcessClock {
  readonly #time: VirtualTime;
  readonly #rate: number;
  #offsetMs: number;

  constructor(time: VirtualTime, rate: number, startMs: number) {
    this.#time = time;
    this.#rate = rate;
    this.#offsetMs = startMs - time.nowMs() * rate;
  }

  nowMs(): number {
    return this.#offsetMs + this.#time.nowMs() * this.#rate;
  }

  /** How long the world goes on until this clock shows that time, in whole ms as timers have it. */
  waitMs(untilMs: number): number {
    return Math.max(0, Math.ceil((untilMs - this.nowMs()) / this.#rate));
  }

  /** It stood still for so long, as the clock of a paused virtual machine does. */
  missed(worldMs: number): void {
    this.#offsetMs -= worldMs * this.#rate;
  }
}
