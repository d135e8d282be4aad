/**
 * The sign of life on one connection, and how old the arbiter's last word is.
 *
 * `upstream`: one heartbeat every interval, and whether the last was answered is looked at when the next is due. A dead
 * link is noticed up to two intervals late, and the vote is repeated all the while.
 *
 * `strict`: the clock of a vote starts when something was sent that the arbiter is known to have heard. It is never
 * ahead of the arbiter's own, which starts when that arrived. Three heartbeats go into an interval; an interval after
 * the clock started the vote is withdrawn and the link left. A vote is cast while the clock is young, a fifth of
 * corosync's timeout, or else asked for first. So whenever this process is killed or frozen, corosync itself forgets the
 * vote within its timeout and that fifth: the arbiter is told this bound, and may count on it.
 */

import type { MemberSettings } from './settings.ts';

interface Rhythm {
  readonly everyMs: number;
  /** Of no answer, until the link is left. */
  readonly silenceMsMax: number;
  /** Of the arbiter's last word, when a vote is cast. */
  readonly castAgeMsMax: number;
}

type Times = Pick<MemberSettings, 'voteSafety' | 'heartbeatMs' | 'timeoutMs'>;

function rhythmOf({ voteSafety, heartbeatMs, timeoutMs }: Times): Rhythm {
  if (voteSafety === 'upstream') {
    return {
      everyMs: heartbeatMs,
      silenceMsMax: Number.POSITIVE_INFINITY,
      castAgeMsMax: Number.POSITIVE_INFINITY,
    };
  }
  return {
    everyMs: Math.trunc(heartbeatMs / 3),
    silenceMsMax: heartbeatMs,
    castAgeMsMax: Math.trunc(timeoutMs / 5),
  };
}

/** So long after the last message that the arbiter received no vote of this node counts; undefined: nobody can say. */
export function castBoundMs(times: Times): number | undefined {
  if (times.voteSafety === 'upstream') return undefined;
  return rhythmOf(times).castAgeMsMax + times.timeoutMs;
}

export class Heartbeat {
  #rhythm: Rhythm;
  #nextMs: number;
  #sentMs: number;
  #answered = true;
  #lastAnswerMs: number | undefined;
  /** When something was sent that the arbiter has heard. */
  #heardMs: number;
  /** A longer bound was told: no vote is cast on the arbiter's word until it has answered what was sent after that. */
  #untilAnswered: 'next' | 'this' | undefined;

  /** INIT was sent at `initMs` and is accepted now. */
  constructor(times: Times, initMs: number, nowMs: number) {
    this.#rhythm = rhythmOf(times);
    this.#sentMs = initMs;
    this.#heardMs = initMs;
    this.#nextMs = nowMs + this.#rhythm.everyMs;
  }

  get answered(): boolean {
    return this.#answered;
  }

  get lastAnswerMs(): number | undefined {
    return this.#lastAnswerMs;
  }

  nextDeadlineMs(): number {
    return Math.min(this.#nextMs, this.#silentFromMs);
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs;
  }

  isSilent(nowMs: number): boolean {
    return nowMs >= this.#silentFromMs;
  }

  /** Young enough to cast a vote on. */
  isFresh(nowMs: number): boolean {
    return this.#untilAnswered === undefined && nowMs - this.#heardMs <= this.#rhythm.castAgeMsMax;
  }

  onSent(nowMs: number): void {
    this.#answered = false;
    this.#sentMs = nowMs;
    if (this.#untilAnswered === 'next') this.#untilAnswered = 'this';
    this.onSkipped(nowMs);
  }

  /** One is out already; nothing is sent this time. */
  onSkipped(nowMs: number): void {
    this.#nextMs = nowMs + this.#rhythm.everyMs;
  }

  onAnswer(nowMs: number): void {
    this.#answered = true;
    this.#lastAnswerMs = nowMs;
    if (this.#untilAnswered === 'this') this.#untilAnswered = undefined;
    this.onHeard(this.#sentMs);
  }

  /** What the arbiter says shows that it heard what was sent then. */
  onHeard(sentMs: number): void {
    this.#heardMs = Math.max(this.#heardMs, sentMs);
  }

  /** Other times from now on, of which the arbiter has been told. */
  adopt(before: Times, next: Times, nowMs: number): void {
    this.#rhythm = rhythmOf(next);
    this.#nextMs = Math.min(this.#nextMs, nowMs + this.#rhythm.everyMs);
    if ((castBoundMs(next) ?? 0) > (castBoundMs(before) ?? 0)) this.#untilAnswered = 'next';
  }

  get #silentFromMs(): number {
    return this.#heardMs + this.#rhythm.silenceMsMax;
  }
}
