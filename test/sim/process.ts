/**
 * A process of the simulated world: it handles one thing after another, has one timer, and can be frozen. What happens
 * to it while frozen waits, as it waits in the socket buffers and timers of a stopped program.
 */
import type { ProcessClock, VirtualTime } from './virtual-time.ts';

export abstract class Process {
  protected readonly time: VirtualTime;
  clock: ProcessClock;
  #frozen = false;
  #alive = true;
  readonly #waiting: (() => void)[] = [];
  #stopTimer: (() => void) | undefined;
  #timerAtMs: number | undefined;

  constructor(time: VirtualTime, clock: ProcessClock) {
    this.time = time;
    this.clock = clock;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  protected abstract nextDeadlineMs(): number | undefined;
  protected abstract tick(): void;

  /** Now, or once it is thawed. A dead process does nothing. */
  do(work: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) {
      this.#waiting.push(work);
      return;
    }
    work();
    this.#wakeLater();
  }

  freeze(): void {
    this.#frozen = true;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** An event loop that wakes late may look at its timers or at its sockets first. */
  thaw(timersFirst: boolean): void {
    if (!this.#alive || !this.#frozen) return;
    this.#frozen = false;
    const deadlineMs = this.nextDeadlineMs();
    const isDue = deadlineMs !== undefined && deadlineMs <= this.clock.nowMs();
    if (isDue && timersFirst) this.do(() => this.tick());
    for (const work of this.#waiting.splice(0)) this.do(work);
    this.#wakeLater();
  }

  /** It is no more; what waited for it is gone. */
  protected end(): void {
    this.#alive = false;
    this.#waiting.length = 0;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #wakeLater(): void {
    if (!this.#alive || this.#frozen) return;
    const deadlineMs = this.nextDeadlineMs();
    if (this.#stopTimer !== undefined && deadlineMs === this.#timerAtMs) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#timerAtMs = deadlineMs;
    if (deadlineMs === undefined) return;
    this.#stopTimer = this.time.after(this.clock.waitMs(deadlineMs), () => {
      this.#stopTimer = undefined;
      this.do(() => this.tick());
    });
  }
}
