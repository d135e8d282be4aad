/**
 * The output of one connection. Frames sent while one event is handled are collected and written at once, because a
 * write under TLS costs a record and a system call each.
 *
 * How many messages may wait for a peer that does not read is limited, as upstream limits it. Node.js reports a write
 * as done up to two turns of the event loop late even if the kernel took it at once, so waiting messages count only
 * when turns go by without any write being reported done. What can pile up before that is what one turn brings in.
 */

/** The part of a socket that output needs. */
export interface Output {
  write(bytes: Uint8Array, done: () => void): boolean;
}

const STALLED_TURNS = 3;

export class SendQueue {
  readonly #messagesMax: number;
  /** Undefined while there is nothing to write to: a handshake is going on. */
  #output: Output | undefined;
  #collected: Uint8Array[] = [];
  #inFlight = 0;
  #completed = 0;
  #stalled = false;
  #isWatched = false;
  #turnsWaited = 0;
  #completedThen = 0;
  readonly #oneDone = () => this.#done(1);

  constructor(output: Output, messagesMax: number) {
    this.#output = output;
    this.#messagesMax = messagesMax;
  }

  /** False, and the frame is dropped, if the peer takes nothing and its limit of messages waits already. */
  add(frame: Uint8Array): boolean {
    const blocked = this.#stalled || this.#output === undefined;
    if (blocked && this.#inFlight + this.#collected.length >= this.#messagesMax) return false;
    this.#collected.push(frame);
    return true;
  }

  /** Writes what was collected, with one write. */
  flush(): void {
    const messages = this.#collected.length;
    if (messages === 0 || this.#output === undefined) return;
    // A frame has memory of its own, which Node.js would take out of the heap to write it; the copy comes from its pool.
    const bytes = Buffer.concat(this.#collected);
    this.#collected = [];
    this.#inFlight += messages;
    this.#output.write(bytes, messages === 1 ? this.#oneDone : () => this.#done(messages));
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#turnsWaited = 0;
    this.#completedThen = this.#completed;
    watch(this);
  }

  /** Holds output back until resume(). */
  hold(): void {
    this.flush();
    this.#output = undefined;
  }

  /** Goes on with another output: the TLS socket over the plain one. */
  resume(output: Output): void {
    this.#output = output;
    this.flush();
  }

  /** A turn of the event loop has gone by; true if the next one matters, too. */
  turned(): boolean {
    if (this.#inFlight === 0) {
      this.#isWatched = false;
      return false;
    }
    this.#turnsWaited = this.#completed === this.#completedThen ? this.#turnsWaited + 1 : 0;
    this.#completedThen = this.#completed;
    if (this.#turnsWaited < STALLED_TURNS) return true;
    this.#stalled = true;
    this.#isWatched = false;
    return false;
  }

  #done(messages: number): void {
    this.#inFlight -= messages;
    this.#completed += 1;
    this.#stalled = false;
  }
}

/** Queues that wait for a write to be reported done: one look a turn for all of them. */
let watched: SendQueue[] = [];

function watch(queue: SendQueue): void {
  watched.push(queue);
  if (watched.length === 1) setImmediate(lookAtWatched);
}

function lookAtWatched(): void {
  watched = watched.filter((queue) => queue.turned());
  if (watched.length > 0) setImmediate(lookAtWatched);
}
