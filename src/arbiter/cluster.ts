/**
 * One cluster as the arbiter knows it: the nodes that are connected and what each last said. Values are replaced, never
 * edited, so that an algorithm can be handed the state before a message and return the state after it.
 */

import assert from 'node:assert';
import type { DecisionAlgorithm, Heuristics, Vote } from '../protocol/enums.ts';
import type { ByteString, RingId, TieBreaker } from '../protocol/values.ts';
import type { ClientId } from './events.ts';
import { EMPTY_NODE_LIST, type NodeList } from './node-list.ts';
import type { Decision } from './reports.ts';

export type HeuristicsResult = Heuristics | 'undefined';

/** A node whose INIT succeeded. */
export interface Member {
  readonly client: ClientId;
  readonly nodeId: number;
  readonly algorithm: DecisionAlgorithm;
  readonly tieBreaker: TieBreaker;
  readonly heartbeatMs: number;
  /** How long after its last message its vote may count at most, if it says so. */
  readonly castBoundMs: number | undefined;
  readonly keepActivePartition: boolean;
  /** From INIT, then from every accepted membership list. */
  readonly ringId: RingId;
  readonly config: NodeList;
  readonly configVersion: bigint | undefined;
  readonly members: NodeList;
  readonly heuristics: {
    readonly latest: HeuristicsResult;
    readonly membership: HeuristicsResult;
    readonly regular: HeuristicsResult;
  };
  /** What lms and 2nodelms decided for it last; undefined: it is a newcomer to them. ffsplit does not use it. */
  readonly judged: 'ack' | 'nack' | 'wait' | undefined;
  /** When its algorithm wants to look at it again without being asked. */
  readonly wakeAtMs: number | undefined;
  /** The vote that this node has not confirmed (or not been sent) yet in the current round. */
  readonly due: 'ack' | 'nack' | undefined;
  /** The last decision's ACK has been sent to it. */
  readonly granted: boolean;
  /** Number of the last VOTE_INFO sent to it; 0 before the first. Votes in replies have no number of their own. */
  readonly voteSeq: number;
  readonly lastVote: Vote | undefined;
  readonly lastAckNack: 'ack' | 'nack' | undefined;
}

/** What INIT says of a node. */
export type Introduction = Pick<
  Member,
  'client' | 'nodeId' | 'algorithm' | 'tieBreaker' | 'heartbeatMs' | 'castBoundMs' | 'keepActivePartition' | 'ringId'
>;

/** A node that has introduced itself and reported nothing yet. */
export function newMember(introduction: Introduction): Member {
  return {
    ...introduction,
    config: EMPTY_NODE_LIST,
    configVersion: undefined,
    members: EMPTY_NODE_LIST,
    heuristics: { latest: 'undefined', membership: 'undefined', regular: 'undefined' },
    judged: undefined,
    wakeAtMs: undefined,
    due: undefined,
    granted: false,
    voteSeq: 0,
    lastVote: undefined,
    lastAckNack: undefined,
  };
}

/**
 * idle: everybody has confirmed; waitStable: the reports contradict each other; nacking: losers have been told and not
 * all have confirmed; acking: winners have been told and not all have confirmed.
 */
export type Phase = 'idle' | 'waitStable' | 'nacking' | 'acking';

export interface Cluster {
  readonly name: ByteString;
  /** No late confirmation cancels a vote, and a leaver counts for nothing; else as upstream has it. */
  readonly strict: boolean;
  /** In ascending order of node id: the order in which decisions look at them. Ids are unique. */
  readonly members: readonly Member[];
  readonly phase: Phase;
  /** Node ids of the partition selected last; survives unstable periods, wiped when an evaluation selects nobody. */
  readonly winner: ReadonlySet<number>;
  readonly decision: (Decision & { readonly sinceMs: number }) | undefined;
}

export function newCluster(name: ByteString, strict: boolean): Cluster {
  return { name, strict, members: [], phase: 'idle', winner: new Set(), decision: undefined };
}

export function memberOf(cluster: Cluster, client: ClientId): Member {
  const member = cluster.members.find((each) => each.client === client);
  assert(member !== undefined, 'the client is in the cluster');
  return member;
}

export function withMember(cluster: Cluster, member: Member): Cluster {
  assert(!cluster.members.some((each) => each.nodeId === member.nodeId), 'node ids are unique in a cluster');
  return { ...cluster, members: [...cluster.members, member].sort((a, b) => a.nodeId - b.nodeId) };
}

export function withoutMember(cluster: Cluster, client: ClientId): Cluster {
  return { ...cluster, members: cluster.members.filter((each) => each.client !== client) };
}

export function changeMember(cluster: Cluster, client: ClientId, change: Partial<Member>): Cluster {
  return {
    ...cluster,
    members: cluster.members.map((each) => (each.client === client ? { ...each, ...change } : each)),
  };
}
