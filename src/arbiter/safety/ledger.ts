/**
 * What is on disk of a cluster's grants: an ACK leaves only when the record says that its node may be casting it. A
 * record says too much rather than too little: it names all nodes of a partition at once, so that one write does for all
 * of them, and is not rewritten when a grant ends, but by an operator's word.
 */

import type { Cluster, Member } from '../cluster.ts';
import { leaseMs } from './lease.ts';
import { claimOf, type Grant, nodeIn, sortedIds } from './state.ts';

/** One node of one partition. */
export interface RecordedGrant {
  readonly nodeId: number;
  readonly members: readonly number[];
  /** Infinity: no time ends it. */
  readonly leaseMs: number;
}

interface Writing {
  readonly version: number;
  readonly grants: readonly RecordedGrant[];
  /** It takes a node out that an operator has released. */
  readonly mends: boolean;
}

export interface Ledger {
  readonly durable: readonly RecordedGrant[];
  readonly writing: Writing | undefined;
  readonly failure: { readonly reason: string; readonly retryAtMs: number } | undefined;
  /** Of the last write. */
  readonly version: number;
  /** A node was released by an operator and is still on disk: it has to go, or the next process waits for it again. */
  readonly isOutdated: boolean;
}

const RETRY_MS = 2_000;

export const newLedger = (durable: readonly RecordedGrant[]): Ledger => ({
  durable,
  writing: undefined,
  failure: undefined,
  version: 0,
  isOutdated: false,
});

/** While a write is under way the disk may say the old or the new: the grant has to be in both. */
export function isRecorded(
  { durable, writing }: Ledger,
  member: Member,
  claim: ReadonlySet<number> = claimOf(member),
): boolean {
  const wanted = recordOf(member, claim, leaseMs(member));
  return covers(durable, wanted) && (writing === undefined || covers(writing.grants, wanted));
}

/** Starts a write of all grants there are, and of those that the member's partition `claim`, if any, is about to get. */
export function startWriting(
  ledger: Ledger,
  grants: readonly Grant[],
  member: Member | undefined,
  cluster: Cluster,
  claim: ReadonlySet<number> = member === undefined ? new Set() : claimOf(member),
): Ledger & { readonly writing: Writing } {
  const members = sortedIds(claim);
  const wanted = members.flatMap((nodeId) => {
    const announced = nodeIn(cluster, nodeId) ?? member;
    return announced === undefined ? [] : [{ nodeId, members, leaseMs: leaseMs(announced) }];
  });
  const kept = grants.map((grant) => recordOf(grant, grant.members, grant.leaseMs));
  const all: RecordedGrant[] = [...wanted];
  for (const grant of kept) if (!covers(all, grant)) all.push(grant);
  const version = ledger.version + 1;
  return { ...ledger, version, isOutdated: false, writing: { version, grants: all, mends: ledger.isOutdated } };
}

/** The end of a write. After a failure the disk may say either: only what is in both is certain. */
export function endWriting(ledger: Ledger, version: number, failure: string | undefined, nowMs: number): Ledger {
  const { writing, durable } = ledger;
  if (writing === undefined || writing.version !== version) return ledger;
  if (failure === undefined) return { ...ledger, durable: writing.grants, writing: undefined, failure: undefined };
  return {
    ...ledger,
    durable: durable.filter((grant) => covers(writing.grants, grant)),
    writing: undefined,
    failure: { reason: failure, retryAtMs: nowMs + RETRY_MS },
    isOutdated: ledger.isOutdated || writing.mends,
  };
}

/** What a start makes of a record: as if every node in it had vanished as the process began. */
export function grantsOf(record: readonly RecordedGrant[], startedAtMs: number): Grant[] {
  return record.map(({ nodeId, members, leaseMs: lease }) => ({
    nodeId,
    members: new Set(members),
    client: undefined,
    leaseMs: lease,
    freeAtMs: startedAtMs + lease,
    seq: undefined,
  }));
}

function recordOf({ nodeId }: { nodeId: number }, members: ReadonlySet<number>, lease: number): RecordedGrant {
  return { nodeId, members: sortedIds(members), leaseMs: lease };
}

const covers = (recorded: readonly RecordedGrant[], wanted: RecordedGrant): boolean =>
  recorded.some(
    ({ nodeId, members, leaseMs: lease }) =>
      nodeId === wanted.nodeId && lease >= wanted.leaseMs && members.join() === wanted.members.join(),
  );
