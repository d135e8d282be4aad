/**
 * The guard's state of all clusters. It outlives their connections: a cluster that everybody has left is known until
 * nothing of it can matter any more. Also keeps when each wants to be looked at again.
 */

import type { Vote } from '../../protocol/enums.ts';
import type { ByteString } from '../../protocol/values.ts';
import type { Step } from '../algorithms/algorithm.ts';
import type { Cluster, Member } from '../cluster.ts';
import { Deadlines } from '../deadlines.ts';
import type { ClientId } from '../events.ts';
import type { Report } from '../reports.ts';
import type { VoteCounts } from '../snapshot.ts';
import { BlockersOfAll } from './blockers.ts';
import { confirmed, type Guarded, left, newSafety, recorded, type Screened, screened, withdrew } from './guard.ts';
import type { Ending } from './lease.ts';
import type { RecordedGrant } from './ledger.ts';
import { isReleasable, released } from './release.ts';
import type { Safety } from './state.ts';

/** What the disk said as the process began. */
export interface Records {
  readonly byCluster: ReadonlyMap<ByteString, readonly RecordedGrant[]>;
  /** When the process began, by the clock that the arbiter is told the time of: nothing was granted by it before. */
  readonly startedAtMs: number;
}

export const NO_RECORDS: Records = { byCluster: new Map(), startedAtMs: 0 };

/** A cluster of which nobody was seen for so long is given up, and its record with it. */
const FORGET_MS = 30 * 24 * 3_600_000;
/** A node that is connected and has not confirmed a NACK after so many of its heartbeats is taken for gone. */
const CONFIRM_HEARTBEATS_MAX = 1.5;

const COUNTED: Partial<Record<Report['what'], keyof VoteCounts>> = {
  voteHeld: 'held',
  voteFreed: 'freed',
  revoking: 'revoked',
};

export class Guards {
  readonly #startedAtMs: number;
  readonly #byName = new Map<ByteString, Safety>();
  readonly #deadlines = new Deadlines<ByteString>();
  /** Clusters without a connection, and since when. */
  readonly #emptySinceMs = new Map<ByteString, number>();
  readonly #counts = {
    held: 0,
    freed: 0,
    revoked: 0,
    unconfirmed: 0,
    released: 0,
    recordsWritten: 0,
    recordFailures: 0,
  };

  constructor({ byCluster, startedAtMs }: Records) {
    this.#startedAtMs = startedAtMs;
    for (const [name, record] of byCluster) {
      this.#byName.set(name, newSafety(name, record, startedAtMs, startedAtMs));
      this.#empty(name, startedAtMs);
    }
  }

  get(name: ByteString): Safety | undefined {
    return this.#byName.get(name);
  }

  get counts(): VoteCounts {
    return { ...this.#counts };
  }

  nextMs(): number | undefined {
    return this.#deadlines.nextMs();
  }

  takeDue(nowMs: number): ByteString[] {
    return this.#deadlines.takeDue(nowMs);
  }

  joined(name: ByteString, nowMs: number): void {
    this.#emptySinceMs.delete(name);
    if (!this.#byName.has(name)) this.#byName.set(name, newSafety(name, undefined, this.#startedAtMs, nowMs));
  }

  confirmed(name: ByteString, member: Member, seq: number, nowMs: number): void {
    this.#change(name, (safety) => confirmed(safety, member, seq, nowMs));
  }

  withdrew(name: ByteString, member: Member): void {
    this.#change(name, (safety) => withdrew(safety, member));
  }

  recorded(name: ByteString, version: number, failure: string | undefined, nowMs: number): void {
    this.#counts[failure === undefined ? 'recordsWritten' : 'recordFailures'] += 1;
    this.#change(name, (safety) => recorded(safety, version, failure, nowMs));
  }

  /** False: nobody waits for this node, or it can be asked itself. */
  release(cluster: Cluster, nodeId: number, nowMs: number): boolean {
    const safety = this.#byName.get(cluster.name);
    if (safety === undefined || !isReleasable(safety, cluster, nodeId, nowMs)) return false;
    this.#counts.released += 1;
    this.#byName.set(cluster.name, released(safety, nodeId));
    return true;
  }

  left(name: ByteString, member: Member, ending: Ending, heardAtMs: number, nowMs: number): void {
    this.#change(name, (safety) => left(safety, member, ending, heardAtMs, nowMs));
  }

  screened(step: Step, reply: { readonly client: ClientId; readonly vote: Vote } | undefined, nowMs: number): Screened {
    return this.#keep(screened(this.#safetyOf(step.cluster.name, nowMs), step, reply, nowMs), nowMs);
  }

  /** Who has owed a confirmation for too long. */
  overdue(cluster: Cluster, nowMs: number): ClientId[] {
    const safety = this.#byName.get(cluster.name);
    if (safety === undefined) return [];
    const found = cluster.members.filter((member) => confirmUntilMs(safety, member) <= nowMs);
    this.#counts.unconfirmed += found.length;
    return found.map(({ client }) => client);
  }

  /** Its last connection is gone. */
  emptied(name: ByteString, nowMs: number): void {
    const safety = this.#byName.get(name);
    if (safety === undefined) return;
    // Whoever makes up names shall not fill the memory with them.
    if (safety.ledger.durable.length === 0 && safety.ledger.writing === undefined) this.#byName.delete(name);
    else this.#empty(name, nowMs);
  }

  /** A cluster without a connection came up: whether its record is to go. */
  forgets(name: ByteString, nowMs: number): boolean {
    const sinceMs = this.#emptySinceMs.get(name);
    if (sinceMs === undefined) return false;
    if (sinceMs + FORGET_MS > nowMs) {
      this.#empty(name, sinceMs);
      return false;
    }
    this.#emptySinceMs.delete(name);
    return this.#byName.delete(name);
  }

  #empty(name: ByteString, sinceMs: number): void {
    this.#emptySinceMs.set(name, sinceMs);
    this.#deadlines.watch(name, sinceMs + FORGET_MS);
  }

  #safetyOf(name: ByteString, nowMs: number): Safety {
    return this.#byName.get(name) ?? newSafety(name, undefined, this.#startedAtMs, nowMs);
  }

  #change(name: ByteString, change: (safety: Safety) => Safety): void {
    const safety = this.#byName.get(name);
    if (safety !== undefined) this.#byName.set(name, change(safety));
  }

  #keep<G extends Guarded>(guarded: G, nowMs: number): G {
    const { safety, cluster } = guarded;
    for (const { what } of guarded.reports) {
      const counted = COUNTED[what];
      if (counted !== undefined) this.#counts[counted] += 1;
    }
    this.#byName.set(cluster.name, safety);
    const nextMs = nextLookMs(safety, cluster, nowMs);
    if (nextMs !== undefined) this.#deadlines.watch(cluster.name, nextMs);
    return guarded;
  }
}

const confirmUntilMs = ({ revoking }: Safety, { client, heartbeatMs }: Member): number =>
  (revoking.get(client)?.sinceMs ?? Number.POSITIVE_INFINITY) + CONFIRM_HEARTBEATS_MAX * heartbeatMs;

function nextLookMs(safety: Safety, cluster: Cluster, nowMs: number): number | undefined {
  const moments = cluster.members.map((member) => confirmUntilMs(safety, member));
  const inTheWay = new BlockersOfAll(nowMs);
  for (const { client } of safety.pending) {
    const member = cluster.members.find((each) => each.client === client);
    if (member === undefined) continue;
    for (const blocker of inTheWay.of(safety, cluster, member)) {
      if (blocker.kind !== 'confirmation') moments.push(blocker.untilMs);
    }
  }
  const { writing, failure, isOutdated } = safety.ledger;
  const wantsToWrite = isOutdated || safety.pending.length > 0;
  if (wantsToWrite && writing === undefined && failure !== undefined && failure.retryAtMs > nowMs) {
    moments.push(failure.retryAtMs);
  }
  const next = Math.min(...moments);
  return Number.isFinite(next) ? next : undefined;
}
