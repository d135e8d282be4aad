/**
 * The algorithm "test": whoever reports a membership or asks gets the vote, both halves of a split too. It is for trying
 * out connections; upstream's node daemon refuses it unless told otherwise.
 */

import type { Cluster, Member } from '../cluster.ts';
import type { Algorithm } from './algorithm.ts';
import { quietOutcome, quietStep } from './step.ts';
import { recordLeaving, recordVerdict, tellVerdict, type Verdict, withSecondLook } from './verdict.ts';

export const testAlgorithm: Algorithm = {
  configList: (cluster) => quietOutcome(cluster, 'noChange'),
  membershipList: (cluster, from, _content, nowMs) => yes(cluster, from, nowMs),
  quorumList: (cluster) => quietOutcome(cluster, 'noChange'),
  askForVote: (cluster, from, nowMs) => yes(cluster, from, nowMs),
  heuristicsChange: (cluster) => quietOutcome(cluster, 'noChange'),
  voteInfoReply: (cluster) => quietStep(cluster),
  leave: (cluster, leaver, nowMs) => quietStep(withSecondLook(recordLeaving(cluster, leaver, nowMs), leaver, nowMs)),
  wake: (cluster, member, nowMs) => tellVerdict(cluster, member, YES, nowMs),
};

const YES: Verdict = { vote: 'ack', rule: 'everybody' };

function yes(cluster: Cluster, from: Member, nowMs: number) {
  const { cluster: told, reports } = recordVerdict(cluster, from, YES, nowMs);
  return quietOutcome(told, 'ack', reports);
}
