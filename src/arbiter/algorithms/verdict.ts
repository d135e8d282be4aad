/**
 * What the last-man-standing algorithms keep of an answer. They judge one node at a time, when it asks, and tell nobody
 * else: who holds the vote is the sum of what each node was told last.
 */

import type { RingId } from '../../protocol/values.ts';
import { type Cluster, changeMember, type Member } from '../cluster.ts';
import { sameRing } from '../node-list.ts';
import type { DecidingRule, Report } from '../reports.ts';
import type { Step } from './algorithm.ts';
import { quietStep } from './step.ts';

export type Verdict =
  | { readonly vote: 'ack' | 'nack'; readonly rule: DecidingRule }
  /** The reports contradict each other: it is to be asked again at `wakeAtMs`; undefined: only when the node speaks. */
  | { readonly vote: 'waitForReply'; readonly wakeAtMs: number | undefined };

/**
 * A node that has never been judged and finds somebody else of another ring holding the vote does not get it: the vote
 * stays where it is in use. This answer is not kept, the node stays a newcomer.
 */
export function isNewcomerToHolders(cluster: Cluster, member: Member, ringId: RingId): boolean {
  if (member.judged !== undefined) return false;
  return cluster.members.some((other) => other.judged === 'ack' && !sameRing(other.ringId, ringId));
}

export function recordVerdict(
  cluster: Cluster,
  member: Member,
  verdict: Verdict,
  nowMs: number,
): Pick<Step, 'cluster' | 'reports'> {
  const { client, nodeId } = member;
  if (verdict.vote === 'waitForReply') {
    const waiting = changeMember(cluster, client, { judged: 'wait', granted: false, wakeAtMs: verdict.wakeAtMs });
    const news = cluster.phase !== 'waitStable';
    return { cluster: summed(waiting), reports: news ? [{ what: 'unstable', cluster: cluster.name }] : [] };
  }
  const { vote, rule } = verdict;
  const reportOf = (changed: boolean): Report => {
    return { what: 'judged', client, cluster: cluster.name, nodeId, vote, rule, changed };
  };
  if (rule === 'newcomer') {
    const refused = changeMember(cluster, client, { granted: false, wakeAtMs: undefined });
    return { cluster: summed(refused), reports: [reportOf(member.lastAckNack === undefined)] };
  }
  const told = changeMember(cluster, client, { judged: vote, granted: vote === 'ack', wakeAtMs: undefined });
  const winner = holdersOf(told);
  const before = cluster.decision;
  const changed = before === undefined || before.rule !== rule || before.winner.join() !== winner.join();
  const withheldFrom = told.members.filter((each) => each.judged === 'nack').map((each) => each.nodeId);
  const decision = { winner, rule, withheldFrom, sinceMs: changed ? nowMs : before.sinceMs };
  const now = summed({ ...told, decision });
  const isOneLess = vote === 'nack' && member.judged !== 'nack';
  const looked = isOneLess ? withSecondLook(now, member, nowMs) : vote === 'ack' ? withNewcomers(now, nowMs) : now;
  return { cluster: looked, reports: [reportOf(changed)] };
}

/**
 * A node is judged without a word of its own, and what it is told goes out as a vote. That it is still refused is nothing
 * to tell.
 */
export function tellVerdict(cluster: Cluster, member: Member, verdict: Verdict, nowMs: number): Step {
  const { cluster: told, reports } = recordVerdict(cluster, member, verdict, nowMs);
  const { client, ringId, voteSeq } = member;
  if (verdict.vote === 'waitForReply' || (verdict.vote === 'nack' && isRefused(member)))
    return quietStep(told, reports);
  const seq = (voteSeq + 1) >>> 0;
  const votes = [{ to: client, vote: verdict.vote, ringId, seq }];
  return { cluster: changeMember(told, client, { voteSeq: seq }), votes, reports };
}

/** What a newcomer was told is not kept as a judgement. */
const isRefused = ({ judged, lastAckNack }: Member): boolean => (judged ?? lastAckNack) === 'nack';

/** The others keep what they were told; nobody is judged anew because somebody left. */
export function recordLeaving(cluster: Cluster, leaver: Member, nowMs: number): Cluster {
  const { decision } = cluster;
  const gone = changeMember(cluster, leaver.client, { judged: undefined, granted: false, wakeAtMs: undefined });
  if (decision === undefined || !leaver.granted) return summed(gone);
  const winner = holdersOf(gone);
  const lost = winner.length === 0 ? ({ rule: 'holderLeft', sinceMs: nowMs } as const) : {};
  return summed({ ...gone, decision: { ...decision, winner, ...lost } });
}

/**
 * Somebody has left, or is refused from now on: with vote_safety=strict those who were refused before are judged again, a
 * quarter of their heartbeat later. Whoever is connected may have stood in their way, whatever it was told itself: before a
 * restart it may have been another thing. Upstream leaves the last man without the vote until he happens to report something.
 */
export function withSecondLook(cluster: Cluster, { client }: Member, nowMs: number): Cluster {
  return judgedAgain(cluster, (member) => member.client !== client && isRefused(member), nowMs);
}

/**
 * A holder has spoken. If it is in the newcomer's ring by now it stands in its way no more: of two nodes that meet, the new
 * one may have reported their ring first.
 */
function withNewcomers(cluster: Cluster, nowMs: number): Cluster {
  return judgedAgain(cluster, (member) => member.judged === undefined && isRefused(member), nowMs);
}

function judgedAgain(cluster: Cluster, isDue: (member: Member) => boolean, nowMs: number): Cluster {
  if (!cluster.strict) return cluster;
  const members = cluster.members.map((member) =>
    isDue(member) ? { ...member, wakeAtMs: nowMs + Math.floor(member.heartbeatMs / 4) } : member,
  );
  return { ...cluster, members };
}

const holdersOf = ({ members }: Cluster): number[] =>
  members.filter(({ granted }) => granted).map(({ nodeId }) => nodeId);

const summed = (cluster: Cluster): Cluster => ({
  ...cluster,
  phase: cluster.members.some(({ judged }) => judged === 'wait') ? 'waitStable' : 'idle',
});
