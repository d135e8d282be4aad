/**
 * Which vote goes to votequorum and when. A vote is cast at once when it changes and again every cast interval, always
 * for the newest ring; a vote that is not there yet is not cast at all, so that corosync forgets an old one by itself.
 * While the heuristics of a new ring run nothing is cast; what is decided meanwhile waits. A granted vote is cast only
 * where it may be; otherwise it is owed until the arbiter gave a sign of life.
 */

import type { RingId } from '../protocol/values.ts';

export type StandingVote = 'askLater' | 'waitForReply' | 'ack' | 'nack';

export interface Cast {
  readonly ringId: RingId;
  readonly cast: boolean;
}

/** Corosync's own timeout is as long: by then the link has been left for want of a sign, and the vote withdrawn. */
const CONFIRMED_INTERVALS = 2;

export class Voting {
  #vote: StandingVote = 'askLater';
  #ringId: RingId | undefined;
  #paused = false;
  #castIntervalMs: number;
  /** When a standing vote is cast again; undefined: the timer is stopped. */
  #nextCastMs: number | undefined;
  #undecidedSinceMs: number | undefined;
  #owed = false;
  readonly #mayGrant: (nowMs: number) => boolean;

  /** `mayGrant`: whether the arbiter's word is young enough to cast a granted vote on. */
  constructor(castIntervalMs: number, mayGrant: (nowMs: number) => boolean) {
    this.#castIntervalMs = castIntervalMs;
    this.#mayGrant = mayGrant;
  }

  get vote(): StandingVote {
    return this.#vote;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** A granted vote waits for a sign of life from the arbiter. */
  get owed(): boolean {
    return this.#owed;
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
  resume(nowMs: number): Cast | undefined {
    if (!this.#paused) return undefined;
    this.#paused = false;
    return this.#vote === 'nack' ? this.#cast(nowMs) : undefined;
  }

  apply(vote: StandingVote, nowMs: number): Cast | undefined {
    this.#vote = vote;
    this.#owed = false;
    if (vote === 'askLater' || vote === 'waitForReply') {
      this.#nextCastMs = undefined;
      this.#undecidedSinceMs ??= nowMs;
      return undefined;
    }
    this.#undecidedSinceMs = undefined;
    this.#nextCastMs = Math.min(this.#nextCastMs ?? Number.POSITIVE_INFINITY, nowMs + this.#castIntervalMs);
    return this.#cast(nowMs);
  }

  /**
   * The arbiter gave a sign of life: as good as a moment to repeat a granted vote as there is. The next sign comes long before
   * the timer; were that set to one interval, each heartbeat would find it the earlier of the two and, answered at once, leave
   * a timer behind that wakes the process for nothing.
   */
  confirm(nowMs: number): Cast | undefined {
    if (this.#vote !== 'ack') return undefined;
    this.#nextCastMs = nowMs + CONFIRMED_INTERVALS * this.#castIntervalMs;
    return this.#cast(nowMs);
  }

  /** A paused timer keeps its rhythm. After a stall of the process the rhythm starts anew. */
  tick(nowMs: number): Cast | undefined {
    if (this.#nextCastMs === undefined || nowMs < this.#nextCastMs) return undefined;
    this.#nextCastMs += this.#castIntervalMs;
    if (this.#nextCastMs <= nowMs) this.#nextCastMs = nowMs + this.#castIntervalMs;
    return this.#cast(nowMs);
  }

  #cast(nowMs: number): Cast | undefined {
    if (this.#paused || this.#ringId === undefined) return undefined;
    this.#owed = this.#vote === 'ack' && !this.#mayGrant(nowMs);
    if (this.#owed) return undefined;
    return { ringId: this.#ringId, cast: this.#vote === 'ack' };
  }
}
