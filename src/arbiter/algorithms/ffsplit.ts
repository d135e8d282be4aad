/**
 * Fifty-fifty split. Every report that leaves the picture free of contradictions selects at most one partition; every
 * connected node then gets a fresh vote, the losers first: no ACK leaves before each loser has confirmed its NACK.
 * Without agreement nothing is sent and nothing is taken back. Source: corosync-qnetd 3.0.3 as driven over the wire.
 */

import assert from 'node:assert';
import type { Cluster, Member } from '../cluster.ts';
import { isEmpty } from '../node-list.ts';
import type { Decision } from '../reports.ts';
import type { Algorithm, Outcome, Step, VoteInfo } from './algorithm.ts';
import { likelyWinner } from './ffsplit-foresight.ts';
import { type Selection, selectPartition } from './ffsplit-selection.ts';
import { isStable } from './ffsplit-stability.ts';
import { type Fresh, pictureOf } from './ffsplit-view.ts';

export const ffsplit: Algorithm = {
  configList(cluster, from, config, initial, nowMs) {
    if (!config.ids.has(from.nodeId)) return { error: 'invalidConfigNodeList' };
    if (initial || isEmpty(from.members)) return unchanged(cluster, 'askLater');
    return evaluate(cluster, from, { config }, nowMs);
  },

  membershipList(cluster, from, { ringId, members, heuristics }, nowMs) {
    if (!members.ids.has(from.nodeId)) return { error: 'invalidMembershipNodeList' };
    if (isEmpty(from.config)) return unchanged(cluster, 'askLater');
    return evaluate(cluster, from, { ringId, members, heuristics }, nowMs);
  },

  quorumList: (cluster) => unchanged(cluster, 'noChange'),

  askForVote: () => ({ error: 'unsupportedDecisionAlgorithmMessage' }),

  heuristicsChange(cluster, from, heuristics, nowMs) {
    if (isEmpty(from.config) || isEmpty(from.members)) return unchanged(cluster, 'askLater');
    return evaluate(cluster, from, { heuristics }, nowMs);
  },

  /**
   * A reply counts if it answers the newest vote sent to that node; every other one is late and means nothing. Upstream
   * takes it for an answer to an ACK that it has not sent yet, and never sends it then.
   */
  voteInfoReply(cluster, from, seq) {
    const isUnsent = from.due === 'ack' && cluster.phase !== 'acking';
    if (seq !== from.voteSeq || (cluster.strict && isUnsent)) return { cluster, votes: [], reports: [] };
    const settled = replaceEach(cluster, (member) => (member === from ? { ...member, due: undefined } : member));
    if (settled.phase === 'nacking' && !anyDue(settled, 'nack')) return grant(settled, []);
    if (settled.phase === 'acking' && !anyDue(settled, 'ack')) return atRest(settled);
    return { cluster: settled, votes: [], reports: [] };
  },

  leave(cluster, leaver, nowMs) {
    return evaluate(cluster, leaver, 'leaving', nowMs);
  },
};

const unchanged = (cluster: Cluster, vote: 'askLater' | 'noChange'): Outcome => ({
  cluster,
  votes: [],
  reports: [],
  vote,
});

function evaluate(
  cluster: Cluster,
  trigger: Member,
  fresh: Fresh | 'leaving',
  nowMs: number,
): Step & { readonly vote: 'waitForReply' | 'noChange' } {
  const picture = pictureOf(cluster, trigger, fresh);
  if (!isStable(picture)) {
    const news = cluster.phase !== 'waitStable';
    return {
      cluster: { ...cluster, phase: 'waitStable' },
      votes: [],
      reports: news ? [{ what: 'unstable', cluster: cluster.name }] : [],
      vote: 'waitForReply',
      likely: cluster.strict && fresh !== 'leaving' ? likelyWinner(picture, trigger.nodeId) : undefined,
    };
  }
  const selection = selectPartition(picture);
  const leaving = fresh === 'leaving' ? trigger : undefined;
  const decided = decide(cluster, selection, leaving, nowMs);
  const newRing = fresh === 'leaving' ? undefined : fresh.ringId;
  const ringOf = (member: Member) => (member.nodeId === trigger.nodeId ? (newRing ?? member.ringId) : member.ringId);
  return { ...withdraw(decided.cluster, decided.reports, ringOf), vote: 'noChange' };
}

/** Records the winner and what every node is due. */
function decide(cluster: Cluster, { winner, rule }: Selection, leaving: Member | undefined, nowMs: number) {
  const due = (member: Member) => (member === leaving ? undefined : winner.has(member.nodeId) ? 'ack' : 'nack');
  const marked = replaceEach(cluster, (member) => ({ ...member, due: due(member), granted: false }));
  const decision: Decision = {
    winner: [...winner].sort((a, b) => a - b),
    rule,
    withheldFrom: marked.members.filter((member) => member.due === 'nack').map((member) => member.nodeId),
  };
  const before = cluster.decision;
  const changed = before === undefined || before.rule !== rule || before.winner.join() !== decision.winner.join();
  return {
    cluster: { ...marked, winner, decision: { ...decision, sinceMs: changed ? nowMs : before.sinceMs } },
    reports: [{ what: 'decided', cluster: cluster.name, changed, ...decision }] as const,
  };
}

/** First half: the losers are told. With nobody to tell, the winners are told at once. */
function withdraw(cluster: Cluster, reports: Step['reports'], ringOf: RingOf): Step {
  if (!anyDue(cluster, 'nack')) return grant(cluster, reports, ringOf);
  const { cluster: told, votes } = sendDue({ ...cluster, phase: 'nacking' }, 'nack', ringOf);
  return { cluster: told, votes, reports, likely: told.winner };
}

/** Second half: every loser has confirmed. */
function grant(cluster: Cluster, reports: Step['reports'], ringOf: RingOf = (member) => member.ringId): Step {
  assert(!anyDue(cluster, 'nack'), 'nobody hears ACK while a loser has not confirmed');
  if (!anyDue(cluster, 'ack')) {
    const rest = atRest(cluster);
    return { ...rest, reports: [...reports, ...rest.reports] };
  }
  const { cluster: told, votes } = sendDue({ ...cluster, phase: 'acking' }, 'ack', ringOf);
  return { cluster: told, votes, reports };
}

function atRest(cluster: Cluster): Step {
  const winners = cluster.members.filter((member) => cluster.winner.has(member.nodeId));
  const ids = (granted: boolean) => winners.filter((member) => member.granted === granted).map(({ nodeId }) => nodeId);
  return {
    cluster: { ...cluster, phase: 'idle' },
    votes: [],
    reports: [{ what: 'settled', cluster: cluster.name, holders: ids(true), leftOut: ids(false) }],
  };
}

type RingOf = (member: Member) => Member['ringId'];

function sendDue(cluster: Cluster, vote: 'ack' | 'nack', ringOf: RingOf): { cluster: Cluster; votes: VoteInfo[] } {
  const votes: VoteInfo[] = [];
  const told = replaceEach(cluster, (member) => {
    if (member.due !== vote) return member;
    assert(vote === 'nack' || cluster.winner.has(member.nodeId), 'ACK goes to the winning partition alone');
    const seq = (member.voteSeq + 1) >>> 0;
    votes.push({ to: member.client, vote, ringId: ringOf(member), seq });
    return { ...member, voteSeq: seq, granted: vote === 'ack' };
  });
  return { cluster: told, votes };
}

const anyDue = (cluster: Cluster, vote: 'ack' | 'nack'): boolean => cluster.members.some(({ due }) => due === vote);

const replaceEach = (cluster: Cluster, change: (member: Member) => Member): Cluster => ({
  ...cluster,
  members: cluster.members.map(change),
});
