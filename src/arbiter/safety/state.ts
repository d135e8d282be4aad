/**
 * What the guard knows of one cluster: which nodes may be casting a vote, who waits for one, who was told to give it up,
 * and what of that is on disk. It outlives the cluster's connections. Values are replaced, never edited.
 */

import type { ByteString, RingId } from '../../protocol/values.ts';
import type { Cluster, Member } from '../cluster.ts';
import type { ClientId } from '../events.ts';
import type { Ledger } from './ledger.ts';

/** An ACK that its node may still act on. Its partition is the node's own members at that time, itself included. */
export interface Grant {
  readonly nodeId: number;
  readonly members: ReadonlySet<number>;
  /** The connection it was sent on; undefined once that is gone. */
  readonly client: ClientId | undefined;
  readonly leaseMs: number;
  /** It cannot be cast any more from then on; Infinity while the node is connected, or where no time tells. */
  readonly freeAtMs: number;
  /** Of the VOTE_INFO that carried it; undefined: a reply did. */
  readonly seq: number | undefined;
}

/** An ACK that the algorithm wants sent and that has to wait. */
export interface Pending {
  readonly client: ClientId;
  readonly nodeId: number;
  readonly ringId: RingId;
  /** The number that the algorithm gave it; undefined: it was to go in a reply. */
  readonly seq: number | undefined;
  readonly sinceMs: number;
  /** What it waits for, as it was reported last; empty: it was not. */
  readonly told: string;
}

/** A NACK that has not been confirmed. */
export interface Revocation {
  readonly seq: number;
  readonly ringId: RingId;
  /** Since when this node owes a confirmation. */
  readonly sinceMs: number;
}

export interface Safety {
  readonly name: ByteString;
  readonly grants: readonly Grant[];
  /**
   * Nothing tells who held the vote before: until a lease could have run out every configured node may be casting one,
   * but for those that have been heard of since.
   */
  readonly unknown: { readonly sinceMs: number; readonly cleared: ReadonlySet<number> } | undefined;
  readonly pending: readonly Pending[];
  readonly revoking: ReadonlyMap<ClientId, Revocation>;
  /** Said that they take their vote back and leave; they get no other. */
  readonly withdrawn: ReadonlySet<ClientId>;
  readonly ledger: Ledger;
}

/** The node's partition in its own words. */
export function claimOf({ nodeId, members }: Pick<Member, 'nodeId' | 'members'>): ReadonlySet<number> {
  return members.ids.has(nodeId) ? members.ids : new Set([...members.ids, nodeId]);
}

export function areDisjoint(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  for (const id of one) if (other.has(id)) return false;
  return true;
}

export const sortedIds = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);

/** A stock node that is told a vote before it has sent its lists ends itself. */
export const canBeTold = ({ members }: Member): boolean => members.nodes.length > 0;

export const nodeIn = (cluster: Cluster | undefined, nodeId: number): Member | undefined =>
  cluster?.members.find((member) => member.nodeId === nodeId);

/** The node may be casting nothing of what it was granted before. */
export function cleared(safety: Safety, nodeId: number): Safety {
  const { unknown } = safety;
  return {
    ...safety,
    grants: safety.grants.filter((grant) => grant.nodeId !== nodeId),
    unknown: unknown && { ...unknown, cleared: new Set([...unknown.cleared, nodeId]) },
  };
}
