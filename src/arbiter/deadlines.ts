/**
 * When the next silent peer has to be looked at. A heartbeat must cost nothing here, so an entry is not moved when its
 * client speaks: it comes up at its old time, and is then put off to where it belongs.
 */

import TinyQueue from 'tinyqueue';
import type { ClientId } from './events.ts';

interface Entry<K> {
  readonly key: K;
  readonly atMs: number;
}

const byTime = (a: Entry<unknown>, b: Entry<unknown>): number => a.atMs - b.atMs;

/** Left-overs that are not worth clearing away. */
const SPARE = 64;

export class Deadlines<K = ClientId> {
  #queue = new TinyQueue<Entry<K>>([], byTime);
  /** The one entry of each client that counts; others in the queue are left-overs. */
  readonly #current = new Map<K, number>();

  /** Not sooner ahead again: whoever is still in there then is silent. */
  #nextLookMs = Number.NEGATIVE_INFINITY;

  /** Makes sure that `key` comes up at `atMs` at the latest. */
  watch(key: K, atMs: number): void {
    const current = this.#current.get(key);
    if (current !== undefined && current <= atMs) return;
    this.#current.set(key, atMs);
    this.#queue.push({ key, atMs });
    if (this.#queue.length > 2 * this.#current.size + SPARE) this.#rebuild();
  }

  /** For tests of its own thrift. */
  get heldEntries(): number {
    return this.#queue.length;
  }

  forget(key: K): void {
    this.#current.delete(key);
  }

  nextMs(): number | undefined {
    this.#dropLeftOvers();
    return this.#queue.peek()?.atMs;
  }

  /**
   * Takes out every client whose entry is due; the caller puts those that have spoken since back with watch(), and those
   * that came up too early. `aheadMs`: who would come up so soon comes up now, too, so that many are put off together
   * and each does not cost a waking of its own.
   */
  takeDue(nowMs: number, aheadMs = 0): K[] {
    const due: K[] = [];
    const isLookingAhead = nowMs >= this.#nextLookMs;
    if (isLookingAhead) this.#nextLookMs = nowMs + aheadMs;
    const untilMs = isLookingAhead ? nowMs + aheadMs : nowMs;
    for (let entry = this.#next(untilMs); entry !== undefined; entry = this.#next(untilMs)) {
      this.#current.delete(entry.key);
      due.push(entry.key);
    }
    return due;
  }

  /** Takes out the one that is due and came up first. */
  takeFirst(nowMs: number): K | undefined {
    const entry = this.#next(nowMs);
    if (entry !== undefined) this.#current.delete(entry.key);
    return entry?.key;
  }

  /** A client that asks for ever shorter intervals leaves an entry behind each time. */
  #rebuild(): void {
    const entries = [...this.#current].map(([key, atMs]) => ({ key, atMs }));
    this.#queue = new TinyQueue(entries, byTime);
  }

  #next(nowMs: number): Entry<K> | undefined {
    this.#dropLeftOvers();
    const entry = this.#queue.peek();
    return entry !== undefined && entry.atMs <= nowMs ? this.#queue.pop() : undefined;
  }

  #dropLeftOvers(): void {
    for (let entry = this.#queue.peek(); entry !== undefined; entry = this.#queue.peek()) {
      if (this.#current.get(entry.key) === entry.atMs) return;
      this.#queue.pop();
    }
  }
}

/** Of two moments that need not come. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
