/**
 * Which vote goes to votequorum and when. A vote is cast at once when it changes and again every cast interval, always
 * for the newest ring; a vote that is not there yet is not cast at all, so that corosync forgets an old one by itself.
 * While the heuristics of a new ring run nothing is cast; what is decided meanwhile waits.
 */

import type { RingId } from '../protocol/values.ts';

export type StandingVote = 'askLater' | 'waitForReply' | 'ack' | 'nack';

export interface Cast {
  readonly ringId: RingId;
  readonly cast: boolean;
}

export class Voting {
  #vote: StandingVote = 'askLater';
  #ringId: RingId | undefined;
  #paused = false;
  #castIntervalMs: number;
  /** When a standing vote is cast again; undefined: the timer is stopped. */
  #nextCastMs: number | undefined;
  #undecidedSinceMs: number | undefined;

  constructor(castIntervalMs: number) {
    this.#castIntervalMs = castIntervalMs;
  }

  get vote(): StandingVote {
    return this.#vote;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get timerRunning(): boolean {
    return this.#nextCastMs !== undefined;
  }

  /** Since when corosync has been left without a vote; undefined while one stands. */
  get undecidedSinceMs(): number | undefined {
    return this.#undecidedSinceMs;
  }

  nextDeadlineMs(): number | undefined {
    return this.#nextCastMs;
  }

  setCastInterval(castIntervalMs: number, nowMs: number): void {
    if (castIntervalMs === this.#castIntervalMs) return;
    this.#castIntervalMs = castIntervalMs;
    if (this.#nextCastMs !== undefined) this.#nextCastMs = Math.min(this.#nextCastMs, nowMs + castIntervalMs);
  }

  /** The ring of every cast from now on, even before the arbiter has heard of it. */
  setRing(ringId: RingId): void {
    this.#ringId = ringId;
  }

  pause(): void {
    this.#paused = true;
  }

  /** A withheld vote is cast at once: corosync's synchronisation waits for a word, and this one is safe to say. */
  resume(): Cast | undefined {
    if (!this.#paused) return undefined;
    this.#paused = false;
    return this.#vote === 'nack' ? this.#cast() : undefined;
  }

  apply(vote: StandingVote, nowMs: number): Cast | undefined {
    this.#vote = vote;
    if (vote === 'askLater' || vote === 'waitForReply') {
      this.#nextCastMs = undefined;
      this.#undecidedSinceMs ??= nowMs;
      return undefined;
    }
    this.#undecidedSinceMs = undefined;
    this.#nextCastMs ??= nowMs + this.#castIntervalMs;
    return this.#cast();
  }

  /** A paused timer keeps its rhythm. After a stall of the process the rhythm starts anew. */
  tick(nowMs: number): Cast | undefined {
    if (this.#nextCastMs === undefined || nowMs < this.#nextCastMs) return undefined;
    this.#nextCastMs += this.#castIntervalMs;
    if (this.#nextCastMs <= nowMs) this.#nextCastMs = nowMs + this.#castIntervalMs;
    return this.#cast();
  }

  #cast(): Cast | undefined {
    if (this.#paused || this.#ringId === undefined) return undefined;
    return { ringId: this.#ringId, cast: this.#vote === 'ack' };
  }
}
