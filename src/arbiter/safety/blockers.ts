/**
 * The rule that everything is for: an ACK for a partition may leave only if nobody who shares no node with it may be
 * casting a vote. Whoever stands in its way is named here, with what will take him out of it.
 */

import type { Cluster, Member } from '../cluster.ts';
import { isEmpty } from '../node-list.ts';
import { leaseMs } from './lease.ts';
import { areDisjoint, canBeTold, claimOf, type Grant, nodeIn, type Safety } from './state.ts';

export type Blocker =
  /** It is connected and may hold an older vote: it has to confirm that the vote is gone. */
  | { readonly kind: 'confirmation'; readonly nodeId: number }
  /** It is gone and may be casting its vote until then; Infinity: until it is back. */
  | { readonly kind: 'lease'; readonly nodeId: number; readonly untilMs: number }
  /** No record tells whether it held the vote before this process knew its cluster. */
  | { readonly kind: 'unknown'; readonly nodeId: number; readonly untilMs: number };

/** Empty: this member's partition may have the vote now. */
export function blockersOf(safety: Safety, cluster: Cluster, member: Member, nowMs: number): readonly Blocker[] {
  const claim = claimOf(member);
  const found = new Map<number, Blocker>();
  for (const grant of safety.grants) {
    if (grant.freeAtMs <= nowMs || !isInTheWay(grant, claim, cluster)) continue;
    add(found, blockerOf(grant.nodeId, grant.freeAtMs, cluster, 'lease'));
  }
  const untilMs = unknownUntilMs(safety, cluster);
  if (untilMs !== undefined && untilMs > nowMs && safety.unknown !== undefined) {
    // Without its configuration nobody can tell who else there may be.
    if (isEmpty(member.config)) add(found, { kind: 'unknown', nodeId: member.nodeId, untilMs });
    for (const nodeId of configuredIn(cluster)) {
      if (safety.unknown.cleared.has(nodeId)) continue;
      // With every configured node here and in one partition there is no room for another.
      if (claim.has(nodeId) && nodeIn(cluster, nodeId) !== undefined) continue;
      if (!found.has(nodeId)) add(found, blockerOf(nodeId, untilMs, cluster, 'unknown'));
    }
  }
  return [...found.values()].sort((a, b) => a.nodeId - b.nodeId);
}

/**
 * The same for one member after the other, at one moment: those of one partition have the same in their way, and it is
 * looked for once. A cluster of many nodes with long lists would otherwise keep every other one waiting.
 */
export class BlockersOfAll {
  #safety: Safety | undefined;
  #members: Cluster['members'] | undefined;
  readonly #byClaim = new Map<string, readonly Blocker[]>();
  readonly #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  of(safety: Safety, cluster: Cluster, member: Member): readonly Blocker[] {
    const { grants, unknown } = this.#safety ?? {};
    if (grants !== safety.grants || unknown !== safety.unknown || this.#members !== cluster.members) {
      this.#byClaim.clear();
    }
    this.#safety = safety;
    this.#members = cluster.members;
    // Whose list lacks its own id, or who has no configuration, may have something else in its way than its partition.
    if (isEmpty(member.config) || !member.members.ids.has(member.nodeId)) {
      return blockersOf(safety, cluster, member, this.#nowMs);
    }
    const known = this.#byClaim.get(member.members.key);
    if (known !== undefined) return known;
    const found = blockersOf(safety, cluster, member, this.#nowMs);
    this.#byClaim.set(member.members.key, found);
    return found;
  }
}

/** Until when a holder that no record tells of could be casting; undefined: that is over, or there is a record. */
function unknownUntilMs({ unknown }: Safety, cluster: Cluster): number | undefined {
  if (unknown === undefined) return undefined;
  return unknown.sinceMs + Math.max(0, ...cluster.members.map(strangersLeaseMs));
}

/**
 * A node that is not here may run another daemon than those that are: what they announce for themselves does not bind it.
 * Where no time would tell for a stock node, theirs has to do, or a cluster of ours would wait for ever on its first day.
 */
function strangersLeaseMs(member: Member): number {
  return leaseMs(member.algorithm === 'ffsplit' ? { ...member, castBoundMs: undefined } : member);
}

/** Every configured node has been heard of since, or nothing of then can be cast any more. */
export function isAllKnown(safety: Safety, cluster: Cluster, nowMs: number): boolean {
  const { unknown } = safety;
  const untilMs = unknownUntilMs(safety, cluster);
  if (unknown === undefined || untilMs === undefined) return true;
  if (cluster.members.length > 0 && untilMs <= nowMs) return true;
  if (cluster.members.length === 0 || cluster.members.some(({ config }) => isEmpty(config))) return false;
  return [...configuredIn(cluster)].every((nodeId) => unknown.cleared.has(nodeId));
}

/**
 * A node that is still connected is judged by where it is now as well: it has to hear that the vote is gone, even if
 * what it was granted was a vote for all.
 */
function isInTheWay({ nodeId, members, client }: Grant, claim: ReadonlySet<number>, cluster: Cluster): boolean {
  if (areDisjoint(members, claim)) return true;
  const holder = nodeIn(cluster, nodeId);
  return holder !== undefined && holder.client === client && areDisjoint(claimOf(holder), claim);
}

function blockerOf(nodeId: number, untilMs: number, cluster: Cluster, kind: 'lease' | 'unknown'): Blocker {
  const node = nodeIn(cluster, nodeId);
  return node !== undefined && canBeTold(node) ? { kind: 'confirmation', nodeId } : { kind, nodeId, untilMs };
}

/** Of one node the one that lasts longest is what counts. */
function add(found: Map<number, Blocker>, blocker: Blocker): void {
  const before = found.get(blocker.nodeId);
  if (before === undefined || untilOf(blocker) > untilOf(before)) found.set(blocker.nodeId, blocker);
}

const untilOf = (blocker: Blocker): number => (blocker.kind === 'confirmation' ? 0 : blocker.untilMs);

const configured = new WeakMap<Cluster['members'], ReadonlySet<number>>();

/** The ids of all configured nodes, of all that are in somebody's list, and of all that are here; made once for a state. */
function configuredIn({ members }: Cluster): ReadonlySet<number> {
  const known = configured.get(members);
  if (known !== undefined) return known;
  const lists = new Map(members.flatMap(({ config, members: list }) => [config, list]).map((list) => [list.key, list]));
  const ids = new Set(members.map(({ nodeId }) => nodeId));
  for (const list of lists.values()) for (const id of list.ids) ids.add(id);
  configured.set(members, ids);
  return ids;
}
