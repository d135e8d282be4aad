/** The picture that one ffsplit evaluation judges: stored reports, with the fresh one of the node that caused it. */

import type { Cluster, HeuristicsResult, Member } from '../cluster.ts';
import type { NodeList } from '../node-list.ts';

/** One connected node and what it claims. */
export type View = Pick<Member, 'client' | 'nodeId' | 'ringId' | 'config' | 'members' | 'tieBreaker'> & {
  readonly heuristics: HeuristicsResult;
};

/** What the message being handled says anew about its sender. */
export interface Fresh {
  readonly ringId?: Member['ringId'];
  readonly config?: NodeList;
  readonly members?: NodeList;
  readonly heuristics?: HeuristicsResult;
}

export interface Picture {
  /** Who takes part, ascending by node id; a leaver does not. */
  readonly views: readonly View[];
  /**
   * Every node in the cluster's list by node id, with its stored result. Upstream still counts a leaver, until the next
   * evaluation.
   */
  readonly listed: ReadonlyMap<number, HeuristicsResult>;
  /** Every listed node has asked for the keep-active-partition tie-breaker. */
  readonly keepActive: boolean;
  readonly previousWinner: ReadonlySet<number>;
}

export function pictureOf(cluster: Cluster, trigger: Member, fresh: Fresh | 'leaving'): Picture {
  const present = fresh === 'leaving' ? cluster.members.filter((each) => each !== trigger) : cluster.members;
  const listed = cluster.strict ? present : cluster.members;
  return {
    views: present.map((member) => viewOf(member, member === trigger && fresh !== 'leaving' ? fresh : {})),
    listed: new Map(listed.map((member) => [member.nodeId, member.heuristics.latest])),
    keepActive: listed.every((member) => member.keepActivePartition),
    previousWinner: cluster.winner,
  };
}

function viewOf(member: Member, fresh: Fresh): View {
  return {
    client: member.client,
    nodeId: member.nodeId,
    tieBreaker: member.tieBreaker,
    ringId: fresh.ringId ?? member.ringId,
    config: fresh.config ?? member.config,
    members: fresh.members ?? member.members,
    heuristics: fresh.heuristics ?? member.heuristics.latest,
  };
}
