/**
 * Last man standing of two. A node is judged when it reports its membership and at no other time: nothing is waited for,
 * nothing is taken back, and the other node is not told. Source: corosync-qnetd 3.0.3 as driven over the wire.
 */

import type { Cluster, HeuristicsResult, Member } from '../cluster.ts';
import type { Algorithm, MembershipContent } from './algorithm.ts';
import { quietOutcome, quietStep } from './step.ts';
import {
  isNewcomerToHolders,
  recordLeaving,
  recordVerdict,
  tellVerdict,
  type Verdict,
  withSecondLook,
} from './verdict.ts';

export const twoNodeLms: Algorithm = {
  configList: (cluster, _from, config) =>
    config.nodes.length === 2 ? quietOutcome(cluster, 'noChange') : { error: 'unsupportedDecisionAlgorithm' },

  membershipList(cluster, from, content, nowMs) {
    const verdict = judge(cluster, from, content);
    const { cluster: told, reports } = recordVerdict(cluster, from, verdict, nowMs);
    return quietOutcome(told, verdict.vote, reports);
  },

  quorumList: (cluster) => quietOutcome(cluster, 'noChange'),

  /** What was decided last; never decided anew. */
  askForVote: (cluster, from) =>
    quietOutcome(cluster, from.judged === 'ack' || from.judged === 'nack' ? from.judged : 'askLater'),

  heuristicsChange: (cluster) => quietOutcome(cluster, 'noChange'),

  voteInfoReply: (cluster) => quietStep(cluster),

  leave: (cluster, leaver, nowMs) => quietStep(withSecondLook(recordLeaving(cluster, leaver, nowMs), leaver, nowMs)),

  wake(cluster, member, nowMs) {
    const { ringId, members, heuristics } = member;
    return tellVerdict(
      cluster,
      member,
      judge(cluster, member, { ringId, members, heuristics: heuristics.latest }),
      nowMs,
    );
  },
};

function judge(cluster: Cluster, from: Member, { ringId, members, heuristics }: MembershipContent): Verdict {
  if (isNewcomerToHolders(cluster, from, ringId)) return { vote: 'nack', rule: 'newcomer' };
  if (members.nodes.length === 2) return { vote: 'ack', rule: 'bothNodes' };
  // With more nodes than two, which upstream does not prevent, it is the one with the highest id.
  const peer = cluster.members.filter((other) => other.client !== from.client).at(-1);
  if (peer === undefined) return { vote: 'ack', rule: 'lastMan' };
  const better = RANK[heuristics] - RANK[peer.heuristics.latest];
  if (better !== 0) return { vote: better > 0 ? 'ack' : 'nack', rule: 'betterHeuristics' };
  return { vote: isPreferred(cluster, from) ? 'ack' : 'nack', rule: 'lmsTieBreaker' };
}

const RANK: Readonly<Record<HeuristicsResult, number>> = { pass: 2, undefined: 1, fail: 0 };

function isPreferred({ members }: Cluster, { nodeId, tieBreaker }: Member): boolean {
  switch (tieBreaker.mode) {
    case 'lowest':
      return members[0]?.nodeId === nodeId;
    case 'highest':
      return members.at(-1)?.nodeId === nodeId;
    case 'nodeId':
      return tieBreaker.nodeId === nodeId;
  }
}
