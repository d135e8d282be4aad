/**
 * Who is let in, and in which order. Anybody who reaches the port is a newcomer until INIT made a member of them, and
 * newcomers compete for what is short: time, memory, descriptors, TLS handshakes. Members take no part in that and
 * nothing here can touch one.
 *
 * A newcomer has a deadline, which stands still while it is us who let it wait. TLS handshakes take turns: begun all at
 * once after a power cut, thousands would be half done when the nodes give up, and all of it would start again. One that
 * makes no progress gives its turn away. When it gets tight an address from which a node has joined goes before one from
 * which none has; addresses that fail again and again have to wait, unless a node of theirs is a member, because a
 * whole site may stand behind one address.
 */

import { AddressBook } from './address-book.ts';
import { addressKey } from './address-key.ts';
import type { AdmissionSettings } from './admission-settings.ts';
import { Deadlines } from './deadlines.ts';
import type { ClientId } from './events.ts';

export type Refusal = 'penalty' | 'addressLimit' | 'newcomerLimit' | 'descriptors';
/** Why a connection was refused at once or dropped before it was a member. */
export type Dismissal = Refusal | 'deadline' | 'shed';

export type Admittance =
  /** `instead`: somebody who has to go to make room. */
  | { readonly isAdmitted: true; readonly instead: ClientId | undefined }
  | { readonly isAdmitted: false; readonly why: Refusal };

export interface AdmissionCounts {
  readonly newcomers: number;
  readonly handshakes: number;
  readonly waitingForHandshake: number;
  readonly penalisedAddresses: number;
  /** Since the start. */
  readonly dismissed: Readonly<Record<Dismissal, number>>;
}

interface Newcomer {
  readonly address: string;
  deadlineMs: number;
  /** talking: in the clear or inside TLS; waiting: for its turn; shaking: has its turn; stalled: had it. */
  stage: 'talking' | 'waiting' | 'shaking' | 'stalled';
  sinceMs: number;
  hasFailed: boolean;
  hadGrace: boolean;
}

/** A handshake takes two round trips; one that takes longer than this is not waiting for us. */
const STALLED_AFTER_MS = 300;
/** Handshakes without a turn hold memory until their deadline. */
/** Our own delay from which on a missed deadline is not the newcomer's fault, and the time it then gets. */
const LATE_MS = 500;
const GRACE_MS = 1_000;
const STALLED_MAX = 1_024;

const NOBODY: readonly ClientId[] = [];

export class Admission {
  readonly #settings: AdmissionSettings;
  readonly #book: AddressBook;
  readonly #newcomers = new Map<ClientId, Newcomer>();
  readonly #members = new Map<ClientId, string>();
  /** Newcomers from addresses that are not known, oldest first. */
  readonly #strangers = new Set<ClientId>();
  readonly #shaking = new Set<ClientId>();
  readonly #stalled = new Set<ClientId>();
  readonly #waiting: Readonly<Record<'known' | 'strangers', Set<ClientId>>> = {
    known: new Set(),
    strangers: new Set(),
  };
  readonly #deadlines = new Deadlines();
  readonly #dismissed: Record<Dismissal, number> = {
    penalty: 0,
    addressLimit: 0,
    newcomerLimit: 0,
    descriptors: 0,
    deadline: 0,
    shed: 0,
  };

  constructor(settings: AdmissionSettings) {
    this.#settings = settings;
    this.#book = new AddressBook(settings);
  }

  /** A connection came; `address` is `ADDR:PORT`. */
  admit(client: ClientId, address: string, nowMs: number): Admittance {
    const key = addressKey(address);
    const isKnown = this.#book.isKnown(key);
    const refusal = this.#refusal(key, isKnown, nowMs);
    let instead: ClientId | undefined;
    if (refusal !== undefined) {
      if (isKnown && (refusal === 'newcomerLimit' || refusal === 'descriptors')) [instead] = this.#strangers;
      if (instead === undefined) {
        this.#dismissed[refusal] += 1;
        return { isAdmitted: false, why: refusal };
      }
      this.#dismissed.shed += 1;
    }
    const { handshakeMs } = this.#settings;
    const deadlineMs = handshakeMs === 0 ? Number.POSITIVE_INFINITY : nowMs + handshakeMs;
    this.#newcomers.set(client, {
      address: key,
      deadlineMs,
      stage: 'talking',
      sinceMs: nowMs,
      hasFailed: false,
      hadGrace: false,
    });
    if (!isKnown) this.#strangers.add(client);
    this.#book.connected(key);
    if (handshakeMs !== 0) this.#deadlines.watch(client, deadlineMs);
    return { isAdmitted: true, instead };
  }

  /** True if the handshake may begin now; otherwise `takeTurns` names it later. */
  wantsHandshake(client: ClientId, nowMs: number): boolean {
    const newcomer = this.#newcomers.get(client);
    // A member that starts TLS late has no turn to wait for.
    if (newcomer === undefined) return true;
    if (this.#shaking.size < this.#settings.handshakesMax) {
      this.#shake(client, newcomer, nowMs);
      return true;
    }
    newcomer.stage = 'waiting';
    newcomer.sinceMs = nowMs;
    this.#waiting[this.#strangers.has(client) ? 'strangers' : 'known'].add(client);
    return false;
  }

  secured(client: ClientId): void {
    const newcomer = this.#newcomers.get(client);
    if (newcomer === undefined) return;
    this.#shaking.delete(client);
    this.#stalled.delete(client);
    newcomer.stage = 'talking';
  }

  joined(client: ClientId): void {
    const newcomer = this.#newcomers.get(client);
    if (newcomer === undefined) return;
    this.#forgetNewcomer(client);
    this.#members.set(client, newcomer.address);
    this.#book.joined(newcomer.address);
  }

  /** What it did counts against its address once it is gone. */
  failed(client: ClientId): void {
    const newcomer = this.#newcomers.get(client);
    if (newcomer !== undefined) newcomer.hasFailed = true;
  }

  left(client: ClientId, nowMs: number): void {
    const member = this.#members.get(client);
    if (member !== undefined) {
      this.#members.delete(client);
      this.#book.left(member, true);
    }
    const newcomer = this.#newcomers.get(client);
    if (newcomer === undefined) return;
    this.#forgetNewcomer(client);
    const brokeOff = newcomer.stage === 'shaking' || newcomer.stage === 'stalled';
    if (brokeOff || newcomer.hasFailed) this.#book.failed(newcomer.address, nowMs);
    this.#book.left(newcomer.address, false);
  }

  nextDeadlineMs(): number | undefined {
    const [first] = this.#shaking;
    const sinceMs = first === undefined ? undefined : this.#newcomers.get(first)?.sinceMs;
    const stallMs = sinceMs === undefined || this.#waitingCount() === 0 ? undefined : sinceMs + STALLED_AFTER_MS;
    const deadlineMs = this.#deadlines.nextMs();
    return stallMs === undefined || deadlineMs === undefined ? (stallMs ?? deadlineMs) : Math.min(stallMs, deadlineMs);
  }

  /** Newcomers whose time is over, and those whose stalled handshakes are too many. */
  takeOverdue(nowMs: number): ClientId[] {
    const overdue: ClientId[] = [];
    for (const client of this.#deadlines.takeDue(nowMs)) {
      const newcomer = this.#newcomers.get(client);
      if (newcomer === undefined) continue;
      const againAtMs = this.#putOffUntilMs(newcomer, nowMs);
      if (againAtMs !== undefined) {
        this.#deadlines.watch(client, againAtMs);
        continue;
      }
      newcomer.hasFailed = true;
      this.#dismissed.deadline += 1;
      overdue.push(client);
    }
    this.#stall(nowMs);
    for (const client of this.#stalled) {
      if (this.#stalled.size <= STALLED_MAX) break;
      this.#stalled.delete(client);
      this.#dismissed.shed += 1;
      overdue.push(client);
    }
    return overdue;
  }

  /** Those whose handshake begins now. */
  takeTurns(nowMs: number): readonly ClientId[] {
    if (this.#waitingCount() === 0) return NOBODY;
    const begun: ClientId[] = [];
    while (this.#shaking.size < this.#settings.handshakesMax) {
      const [next] = this.#waiting.known.size > 0 ? this.#waiting.known : this.#waiting.strangers;
      const newcomer = next === undefined ? undefined : this.#newcomers.get(next);
      if (next === undefined || newcomer === undefined) break;
      newcomer.deadlineMs += nowMs - newcomer.sinceMs;
      this.#shake(next, newcomer, nowMs);
      begun.push(next);
    }
    return begun;
  }

  counts(nowMs: number): AdmissionCounts {
    return {
      newcomers: this.#newcomers.size,
      handshakes: this.#shaking.size + this.#stalled.size,
      waitingForHandshake: this.#waitingCount(),
      penalisedAddresses: this.#book.penalised(nowMs),
      dismissed: { ...this.#dismissed },
    };
  }

  #refusal(key: string, isKnown: boolean, nowMs: number): Refusal | undefined {
    const { newcomersMax, clientsPerAddressMax, connectionsMax } = this.#settings;
    const { strangerPercentMax, reservedForKnownPercent } = this.#settings;
    if (this.#book.isPenalised(key, nowMs)) return 'penalty';
    const ofAddress = this.#book.connectionsOf(key);
    if (clientsPerAddressMax !== 0 && ofAddress >= clientsPerAddressMax) return 'addressLimit';
    if (!isKnown && ofAddress >= Math.max(1, (newcomersMax * strangerPercentMax) / 100)) return 'addressLimit';
    if (this.#newcomers.size >= newcomersMax) return 'newcomerLimit';
    if (connectionsMax === undefined) return undefined;
    const kept = isKnown ? 0 : Math.floor((connectionsMax * reservedForKnownPercent) / 100);
    return this.#newcomers.size + this.#members.size >= connectionsMax - kept ? 'descriptors' : undefined;
  }

  /** Undefined: its time is over. If we look this late, what it said meanwhile may not have been read: once more, then. */
  #putOffUntilMs(newcomer: Newcomer, nowMs: number): number | undefined {
    if (newcomer.stage === 'waiting') return nowMs + this.#settings.handshakeMs;
    if (newcomer.deadlineMs > nowMs) return newcomer.deadlineMs;
    if (newcomer.hadGrace || newcomer.deadlineMs + LATE_MS >= nowMs) return undefined;
    newcomer.hadGrace = true;
    newcomer.deadlineMs = nowMs + GRACE_MS;
    return newcomer.deadlineMs;
  }

  #shake(client: ClientId, newcomer: Newcomer, nowMs: number): void {
    this.#waiting.known.delete(client);
    this.#waiting.strangers.delete(client);
    this.#shaking.add(client);
    newcomer.stage = 'shaking';
    newcomer.sinceMs = nowMs;
  }

  /** In the order in which they began: the first that is not stalled ends the search. */
  #stall(nowMs: number): void {
    for (const client of this.#shaking) {
      const newcomer = this.#newcomers.get(client);
      if (newcomer === undefined || newcomer.sinceMs + STALLED_AFTER_MS > nowMs) return;
      this.#shaking.delete(client);
      this.#stalled.add(client);
      newcomer.stage = 'stalled';
    }
  }

  #waitingCount(): number {
    return this.#waiting.known.size + this.#waiting.strangers.size;
  }

  #forgetNewcomer(client: ClientId): void {
    this.#newcomers.delete(client);
    this.#deadlines.forget(client);
    for (const set of [this.#strangers, this.#shaking, this.#stalled]) set.delete(client);
    for (const set of Object.values(this.#waiting)) set.delete(client);
  }
}
