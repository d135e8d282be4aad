/**
 * A node that is connected comes again on a second connection. Its machine was rebooted, or its daemon was killed, and
 * nothing of that has reached us; or a second machine has been given its id. Upstream refuses the second one (17) until
 * dead-peer detection has taken the first away: 1.5 heartbeats after its last word, 12 s by default.
 *
 * Under vote_safety=strict the first is asked whether it is there: by a VOTE_INFO that says "No change" for its own ring,
 * with the number 0, which no vote has. A daemon answers every VOTE_INFO at once, and to this one it does nothing else:
 * it goes on casting, withholding or waiting (corosync-qdevice 3.0.3, test/member/scripts). A machine that has come back
 * answers a connection that it does not know with a reset, and a dead one answers nothing; then the second takes over.
 *
 * What must not come of it, and what keeps it from coming:
 *
 * - A living connection is never replaced. Whatever it says after the question is an answer; the second is refused as
 *   ever, and a stock daemon tries again by itself. If it was us who came late, an answer may lie there unread: what
 *   is there is read first.
 * - Nobody is asked about somebody else's connection. The second has to show the same certificate, from the same address:
 *   upstream's nodes share one certificate, and a cloned machine has a copy of its node's. Without that, or without
 *   certificates at all, dead-peer detection decides as ever, and the refusal comes at once and tells nothing.
 * - The one vote stays one. To the guard the first is a connection that broke: what it was granted is a lease, until the
 *   node has confirmed on the new connection what it casts, or its time is over.
 * - Nobody is made to wait or to answer without end: one question at a time for a node, none within a second of the last
 *   one, one INIT that waits for its answer, for a quarter of the first one's heartbeat, at least 0.5 and at most 3 s. A
 *   node that has not sent its lists is not asked, because a stock daemon that hears of a vote before that ends itself.
 */

import type { OptionValues } from '../protocol/options.ts';
import type { Member } from './cluster.ts';
import { Deadlines } from './deadlines.ts';
import type { ClientId } from './events.ts';
import { question } from './replies.ts';
import { canBeTold } from './safety/state.ts';
import type { Session } from './session.ts';
import type { SecondConnectionCounts } from './snapshot.ts';

/** An INIT whose wait is over. */
export interface Settled {
  readonly second: ClientId;
  readonly init: OptionValues;
  readonly isAnswered: boolean;
}

interface Asked {
  readonly second: ClientId;
  readonly init: OptionValues;
  readonly untilMs: number;
  hadGrace: boolean;
}

const WAIT_HEARTBEATS = 1 / 4;
const WAIT_MS_MIN = 500;
const WAIT_MS_MAX = 3_000;
const ASK_AGAIN_MS = 1_000;
/** Our own delay from which on silence proves nothing yet, and the time in which everything is read that lies there. */
const LATE_MS = 100;
const GRACE_MS = 250;

export class SecondConnections {
  /** By the first connection. */
  readonly #asked = new Map<ClientId, Asked>();
  readonly #firstOf = new Map<ClientId, ClientId>();
  /** When each was asked last; gone with its connection. */
  readonly #askedAtMs = new Map<ClientId, number>();
  readonly #deadlines = new Deadlines();
  readonly #counts = { asked: 0, answered: 0, silent: 0, ended: 0 };
  readonly #settled: Settled[] = [];

  get counts(): SecondConnectionCounts {
    return { ...this.#counts };
  }

  /** The frame to send to the first connection; undefined: the second is refused without asking. */
  ask(first: Session, member: Member, second: Session, init: OptionValues, nowMs: number): Uint8Array | undefined {
    if (!isSameMachine(first, second) || !canBeTold(member) || this.#asked.has(first.client)) return undefined;
    const askedAtMs = this.#askedAtMs.get(first.client);
    if (askedAtMs !== undefined && askedAtMs + ASK_AGAIN_MS > nowMs) return undefined;
    const waitMs = Math.min(Math.max(WAIT_HEARTBEATS * member.heartbeatMs, WAIT_MS_MIN), WAIT_MS_MAX);
    this.#asked.set(first.client, { second: second.client, init, untilMs: nowMs + waitMs, hadGrace: false });
    this.#firstOf.set(second.client, first.client);
    this.#askedAtMs.set(first.client, nowMs);
    this.#deadlines.watch(first.client, nowMs + waitMs);
    this.#counts.asked += 1;
    return question(member.ringId);
  }

  /** Its INIT has not been answered; nothing more is to be read of it meanwhile. */
  waits(client: ClientId): boolean {
    return this.#firstOf.has(client);
  }

  /** Something came from this connection. */
  heard(client: ClientId): void {
    if (this.#end(client, true)) this.#counts.answered += 1;
  }

  /** The connection is gone. */
  forget(client: ClientId): void {
    if (this.#end(client, false)) this.#counts.ended += 1;
    this.#askedAtMs.delete(client);
    const first = this.#firstOf.get(client);
    if (first === undefined) return;
    this.#firstOf.delete(client);
    this.#asked.delete(first);
    this.#deadlines.forget(first);
  }

  nextMs(): number | undefined {
    return this.#deadlines.nextMs();
  }

  /** First connections that have not answered in time: they are to be closed. `hasSpoken`: an answer may lie there. */
  takeSilent(nowMs: number, hasSpoken: (first: ClientId) => boolean): ClientId[] {
    const silent: ClientId[] = [];
    for (const client of this.#deadlines.takeDue(nowMs)) {
      const asked = this.#asked.get(client);
      if (asked === undefined) continue;
      const isLate = !asked.hadGrace && asked.untilMs + LATE_MS < nowMs;
      if (isLate || hasSpoken(client)) {
        asked.hadGrace = true;
        this.#deadlines.watch(client, nowMs + GRACE_MS);
        continue;
      }
      this.#end(client, false);
      this.#counts.silent += 1;
      silent.push(client);
    }
    return silent;
  }

  /** Whose INIT is to be judged now, if it is still connected. */
  nextSettled(): Settled | undefined {
    return this.#settled.shift();
  }

  #end(first: ClientId, isAnswered: boolean): boolean {
    const asked = this.#asked.get(first);
    if (asked === undefined) return false;
    const { second, init } = asked;
    this.#asked.delete(first);
    this.#firstOf.delete(second);
    this.#deadlines.forget(first);
    this.#settled.push({ second, init, isAnswered });
    return true;
  }
}

function isSameMachine(first: Session, second: Session): boolean {
  const { certificate } = first;
  if (certificate === undefined || certificate.fingerprint !== second.certificate?.fingerprint) return false;
  return hostOf(first.address) === hostOf(second.address);
}

/** `address` is `ADDR:PORT`. */
const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));
