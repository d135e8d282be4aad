/**
 * Whose turn it is. One client may have a bounded share of work each time; what it has said beyond that waits, and so do
 * the others of its cluster behind it, while every other cluster is served at once. Nothing that one cluster does can
 * make another wait for longer than such a share.
 *
 * Nor can it do that again and again: a cluster has credit for all that its nodes may have to say at once, and when that
 * is spent its turns come so far apart that a tenth of the time is its own. What one client says is never reordered.
 */

import type { ByteString } from '../protocol/values.ts';
import type { Cluster } from './cluster.ts';
import { Deadlines } from './deadlines.ts';
import type { ClientId } from './events.ts';

/** In units of one small message: less than one of the longest lists, which is a millisecond of work. */
export const WORK_PER_TURN = 64;
/** Judging a cluster touches every entry of every list: so many cost as much as one small message. */
const ENTRIES_PER_UNIT = 256;

/** Reading a list costs far more than keeping it: so many of its bytes cost as much as one small message. */
const BYTES_PER_UNIT = 256;

/** A unit takes some 10 us, so this is a tenth of a core. */
export const UNITS_PER_MS = 10;
/** Nearly twice what a cluster of 64 says when it splits: each its membership and its confirmation, of 36 units each. */
export const CREDIT_MS = 800;
/** Accounts without debts that are not worth clearing away. */
const SPARE = 64;

/** A cluster, or a client that is in none. */
type Account = ByteString | ClientId;

/** What one message of so many bytes from a member of this cluster may cost. */
export function workOf(cluster: Cluster | undefined, messageBytes: number): number {
  let entries = 0;
  for (const { config, members } of cluster?.members ?? []) entries += config.nodes.length + members.nodes.length;
  return 1 + Math.trunc(entries / ENTRIES_PER_UNIT) + Math.trunc(messageBytes / BYTES_PER_UNIT);
}

export class Turns {
  /** Who waits, in the order in which their turns come; an account without anybody is not in it. */
  readonly #queues = new Map<Account, Set<ClientId>>();
  /** The account of each who waits: of the time at which it had to. */
  readonly #accounts = new Map<ClientId, Account>();
  /** When each account that somebody waits in has its next turn. */
  readonly #line = new Deadlines<Account>();
  /** Until when what was spent will have been earned. Who is out of debt may be left out. */
  readonly #earnedAtMs = new Map<Account, number>();
  #accountsMax = SPARE;

  /** When somebody has a turn. */
  nextMs(): number | undefined {
    return this.#line.nextMs();
  }

  waits(client: ClientId): boolean {
    return this.#accounts.has(client);
  }

  /** For tests of its own thrift. */
  get heldAccounts(): number {
    return this.#earnedAtMs.size;
  }

  /** Neither does somebody of its cluster wait already, who comes before it, nor has the cluster spent its credit. */
  isFree(client: ClientId, cluster: ByteString | undefined, nowMs: number): boolean {
    const account = cluster ?? client;
    return !this.#queues.has(account) && this.#startsAtMs(account, nowMs) <= nowMs;
  }

  /** So much has been done for this client, in units. */
  spend(client: ClientId, cluster: ByteString | undefined, work: number, nowMs: number): void {
    const account = cluster ?? client;
    const fromMs = Math.max(this.#earnedAtMs.get(account) ?? nowMs, nowMs);
    this.#earnedAtMs.set(account, fromMs + work / UNITS_PER_MS);
    if (this.#earnedAtMs.size > this.#accountsMax) this.#clearAccounts(nowMs);
  }

  /** At the end of the queue. */
  enqueue(client: ClientId, cluster: ByteString | undefined, nowMs: number): void {
    this.remove(client);
    const account = cluster ?? client;
    this.#accounts.set(client, account);
    const queue = this.#queues.get(account);
    if (queue !== undefined) {
      queue.add(client);
      return;
    }
    this.#queues.set(account, new Set([client]));
    this.#line.watch(account, this.#startsAtMs(account, nowMs));
  }

  /** Who has a turn now, taken out of the queue. */
  next(nowMs: number): ClientId | undefined {
    for (let account = this.#line.takeFirst(nowMs); account !== undefined; account = this.#line.takeFirst(nowMs)) {
      const [first] = this.#queues.get(account) ?? [];
      if (first === undefined) continue;
      // What was spent since it had to wait may have put it off.
      const startsAtMs = this.#startsAtMs(account, nowMs);
      if (startsAtMs <= nowMs) this.remove(first);
      if (this.#queues.has(account)) this.#line.watch(account, startsAtMs);
      if (startsAtMs <= nowMs) return first;
    }
    return undefined;
  }

  remove(client: ClientId): void {
    const account = this.#accounts.get(client);
    const queue = account === undefined ? undefined : this.#queues.get(account);
    if (account === undefined || queue === undefined) return;
    this.#accounts.delete(client);
    queue.delete(client);
    if (queue.size > 0) return;
    this.#queues.delete(account);
    this.#line.forget(account);
  }

  #startsAtMs(account: Account, nowMs: number): number {
    return Math.max(nowMs, (this.#earnedAtMs.get(account) ?? nowMs) - CREDIT_MS);
  }

  #clearAccounts(nowMs: number): void {
    for (const [account, earnedAtMs] of this.#earnedAtMs) if (earnedAtMs <= nowMs) this.#earnedAtMs.delete(account);
    this.#accountsMax = 2 * this.#earnedAtMs.size + SPARE;
  }
}
