/**
 * What a decision algorithm is to the arbiter: functions from a cluster and one message to the cluster after it, the
 * votes to send and the vote for the reply. The cluster handed in still holds what the sender said before; the arbiter
 * stores the message's content afterwards, and only if the algorithm accepted it.
 */

import type { ReplyCode, Vote } from '../../protocol/enums.ts';
import type { RingId } from '../../protocol/values.ts';
import type { Cluster, HeuristicsResult, Member } from '../cluster.ts';
import type { ClientId } from '../events.ts';
import type { NodeList } from '../node-list.ts';
import type { Report } from '../reports.ts';

/** One VOTE_INFO, to be queued before the reply to the message that caused it. */
export interface VoteInfo {
  readonly to: ClientId;
  readonly vote: 'ack' | 'nack';
  readonly ringId: RingId;
  readonly seq: number;
}

export interface Step {
  readonly cluster: Cluster;
  readonly votes: readonly VoteInfo[];
  readonly reports: readonly Report[];
  /** The partition that will probably be granted the vote soon: what that needs can be got ready. Promises nothing. */
  readonly likely?: ReadonlySet<number> | undefined;
}

/** A step with the vote for the reply, or the code with which the message is refused (nothing is stored then). */
export type Outcome = (Step & { readonly vote: Vote }) | { readonly error: ReplyCode };

export interface MembershipContent {
  readonly ringId: RingId;
  readonly members: NodeList;
  readonly heuristics: HeuristicsResult;
}

export interface Algorithm {
  configList(cluster: Cluster, from: Member, config: NodeList, initial: boolean, nowMs: number): Outcome;
  membershipList(cluster: Cluster, from: Member, content: MembershipContent, nowMs: number): Outcome;
  quorumList(cluster: Cluster, from: Member, nowMs: number): Outcome;
  askForVote(cluster: Cluster, from: Member, nowMs: number): Outcome;
  heuristicsChange(cluster: Cluster, from: Member, heuristics: HeuristicsResult, nowMs: number): Outcome;
  voteInfoReply(cluster: Cluster, from: Member, seq: number): Step;
  /** The leaver is still in the cluster; the arbiter takes it out afterwards. */
  leave(cluster: Cluster, leaver: Member, nowMs: number): Step;
  /** The moment that the member's `wakeAtMs` names has come. Only for an algorithm that sets it. */
  wake?(cluster: Cluster, member: Member, nowMs: number): Step;
}
