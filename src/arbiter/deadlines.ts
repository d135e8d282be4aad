/**
 * When the next silent peer has to be looked at. A heartbeat must cost nothing here, so an entry is not moved when its
 * client speaks: it comes up at its old time, and is then put off to where it belongs.
 */

import TinyQueue from 'tinyqueue';
import type { ClientId } from './events.ts';

interface Entry {
  readonly client: ClientId;
  readonly atMs: number;
}

const byTime = (a: Entry, b: Entry): number => a.atMs - b.atMs;

/** Left-overs that are not worth clearing away. */
const SPARE = 64;

export class Deadlines {
  #queue = new TinyQueue<Entry>([], byTime);
  /** The one entry of each client that counts; others in the queue are left-overs. */
  readonly #current = new Map<ClientId, number>();

  /** Makes sure that `client` comes up at `atMs` at the latest. */
  watch(client: ClientId, atMs: number): void {
    const current = this.#current.get(client);
    if (current !== undefined && current <= atMs) return;
    this.#current.set(client, atMs);
    this.#queue.push({ client, atMs });
    if (this.#queue.length > 2 * this.#current.size + SPARE) this.#rebuild();
  }

  /** For tests of its own thrift. */
  get heldEntries(): number {
    return this.#queue.length;
  }

  forget(client: ClientId): void {
    this.#current.delete(client);
  }

  nextMs(): number | undefined {
    this.#dropLeftOvers();
    return this.#queue.peek()?.atMs;
  }

  /** Takes out every client whose entry is due; the caller puts those that have spoken since back with watch(). */
  takeDue(nowMs: number): ClientId[] {
    const due: ClientId[] = [];
    for (let entry = this.#next(nowMs); entry !== undefined; entry = this.#next(nowMs)) {
      this.#current.delete(entry.client);
      due.push(entry.client);
    }
    return due;
  }

  /** A client that asks for ever shorter intervals leaves an entry behind each time. */
  #rebuild(): void {
    const entries = [...this.#current].map(([client, atMs]) => ({ client, atMs }));
    this.#queue = new TinyQueue(entries, byTime);
  }

  #next(nowMs: number): Entry | undefined {
    this.#dropLeftOvers();
    const entry = this.#queue.peek();
    return entry !== undefined && entry.atMs <= nowMs ? this.#queue.pop() : undefined;
  }

  #dropLeftOvers(): void {
    for (let entry = this.#queue.peek(); entry !== undefined; entry = this.#queue.peek()) {
      if (this.#current.get(entry.client) === entry.atMs) return;
      this.#queue.pop();
    }
  }
}
