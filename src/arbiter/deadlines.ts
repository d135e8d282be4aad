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

export class Deadlines {
  readonly #queue = new TinyQueue<Entry>([], (a, b) => a.atMs - b.atMs);
  /** The one entry of each client that counts; others in the queue are left-overs. */
  readonly #current = new Map<ClientId, number>();

  /** Makes sure that `client` comes up at `atMs` at the latest. */
  watch(client: ClientId, atMs: number): void {
    const current = this.#current.get(client);
    if (current !== undefined && current <= atMs) return;
    this.#current.set(client, atMs);
    this.#queue.push({ client, atMs });
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
