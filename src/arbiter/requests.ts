/**
 * What a member of a cluster can ask for. Each request goes to the cluster's algorithm with the state before it; its
 * content is stored afterwards and only if the algorithm accepted it. Votes that the algorithm sends meanwhile go out
 * before the reply.
 */

import assert from 'node:assert';
import { encodeMessage } from '../protocol/encode.ts';
import type { ReplyCode, Vote } from '../protocol/enums.ts';
import { MESSAGES, type MessageName } from '../protocol/messages.ts';
import type { OptionValues } from '../protocol/options.ts';
import type { Algorithm, Outcome, Step, VoteInfo } from './algorithms/algorithm.ts';
import { type Cluster, changeMember, type HeuristicsResult, type Member } from './cluster.ts';
import { nodeListOf } from './node-list.ts';
import { isHeartbeatAllowed } from './session.ts';
import type { ArbiterSettings } from './settings.ts';

/** The cluster has the message's content in it, and remembers no vote of this step yet. */
export type Answer = (Step & { readonly reply: Reply | undefined }) | { readonly error: ReplyCode };

export interface Reply {
  /** Undefined: this kind of reply carries none. */
  readonly vote: Vote | undefined;
  /** The frame, with the vote that may be said. */
  readonly frame: (vote: Vote | undefined, member: Member) => Uint8Array;
}

export interface Request {
  readonly name: MessageName;
  readonly options: OptionValues;
  readonly from: Member;
  readonly cluster: Cluster;
  readonly algorithm: Algorithm;
  readonly settings: ArbiterSettings;
  readonly nowMs: number;
}

/** The request's required options are there, or it is answered with missingRequiredOption. */
export function answerRequest(request: Request): Answer {
  const { options, cluster, from, algorithm, nowMs } = request;
  switch (request.name) {
    case 'setOption':
      return setOption(request);
    case 'nodeList':
      return nodeList(request);
    case 'askForVote': {
      const { msgSeqNumber } = options;
      if (msgSeqNumber === undefined) return MISSING;
      const outcome = algorithm.askForVote(cluster, from, nowMs);
      return finish(outcome, from, {}, (vote, { ringId }) =>
        encodeMessage('askForVoteReply', { msgSeqNumber, vote, ringId }),
      );
    }
    case 'voteInfoReply': {
      const { msgSeqNumber } = options;
      if (msgSeqNumber === undefined) return MISSING;
      return { ...algorithm.voteInfoReply(cluster, from, msgSeqNumber), reply: undefined };
    }
    case 'heuristicsChange':
      return heuristicsChange(request);
    default:
      assert.fail(`${MESSAGES[request.name].printedName} is no request of a member`);
  }
}

const MISSING = { error: 'missingRequiredOption' } as const;

/** The reply has what was asked for, with the values now in force. Nothing is stored of a refused one. */
function setOption({ options, cluster, from, settings }: Request): Answer {
  const { msgSeqNumber, heartbeatIntervalMs, keepActivePartition, castBoundMs } = options;
  if (heartbeatIntervalMs !== undefined && !isHeartbeatAllowed(heartbeatIntervalMs, settings)) {
    return { error: 'invalidHeartbeatInterval' };
  }
  const changed = changeMember(cluster, from.client, {
    heartbeatMs: heartbeatIntervalMs ?? from.heartbeatMs,
    castBoundMs: castBoundMs ?? from.castBoundMs,
    keepActivePartition:
      keepActivePartition === undefined ? from.keepActivePartition : keepActivePartition === 'enabled',
  });
  const frame = encodeMessage('setOptionReply', {
    ...(msgSeqNumber === undefined ? {} : { msgSeqNumber }),
    ...(heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs }),
    ...(keepActivePartition === undefined ? {} : { keepActivePartition }),
  });
  return { cluster: changed, votes: [], reports: [], reply: { vote: undefined, frame: () => frame } };
}

const INVALID_LIST = {
  initialConfig: 'invalidConfigNodeList',
  changedConfig: 'invalidConfigNodeList',
  membership: 'invalidMembershipNodeList',
  quorum: 'invalidMembershipNodeList',
} as const;

/** Corosync can have no larger cluster (PROCESSOR_COUNT_MAX); work, memory and records grow with the square of a list. */
const LISTED_NODES_MAX = 384;

function nodeList(request: Request): Answer {
  const { options, cluster, from, algorithm, nowMs } = request;
  const { msgSeqNumber, nodeListType, ringId, nodeInfo = [] } = options;
  if (msgSeqNumber === undefined || nodeListType === undefined) return MISSING;
  if (cluster.strict && nodeInfo.length > LISTED_NODES_MAX) return { error: INVALID_LIST[nodeListType] };
  const list = nodeListOf(nodeInfo);
  const reply = (vote: Vote, member: Member) =>
    encodeMessage('nodeListReply', { msgSeqNumber, nodeListType, ringId: member.ringId, vote });
  switch (nodeListType) {
    case 'initialConfig':
    case 'changedConfig': {
      const outcome = algorithm.configList(cluster, from, list, nodeListType === 'initialConfig', nowMs);
      return finish(outcome, from, { config: list, configVersion: options.configVersion }, reply);
    }
    case 'membership': {
      if (ringId === undefined) return MISSING;
      const heuristics: HeuristicsResult = options.heuristics ?? 'undefined';
      const outcome = algorithm.membershipList(cluster, from, { ringId, members: list, heuristics }, nowMs);
      const stored = { ...from.heuristics, latest: heuristics, membership: heuristics };
      const told = finish(outcome, from, { members: list, ringId, heuristics: stored }, reply);
      if ('error' in told) return told;
      const members = list.nodes.map((node) => node.nodeId);
      const { client, nodeId } = from;
      const report = { what: 'membership', client, cluster: cluster.name, nodeId, ringId, members } as const;
      return { ...told, reports: [report, ...told.reports] };
    }
    case 'quorum':
      return finish(algorithm.quorumList(cluster, from, nowMs), from, {}, reply);
  }
}

function heuristicsChange({ options, cluster, from, algorithm, nowMs }: Request): Answer {
  const { msgSeqNumber, heuristics } = options;
  if (msgSeqNumber === undefined || heuristics === undefined) return MISSING;
  const outcome = algorithm.heuristicsChange(cluster, from, heuristics, nowMs);
  const stored = { ...from.heuristics, latest: heuristics, regular: heuristics };
  return finish(outcome, from, { heuristics: stored }, (vote, { ringId }) =>
    encodeMessage('heuristicsChangeReply', { msgSeqNumber, vote, ringId, heuristics }),
  );
}

/** Stores the content; the reply is built from the state after that. */
function finish(
  outcome: Outcome,
  from: Member,
  content: Partial<Member>,
  replyOf: (vote: Vote, member: Member) => Uint8Array,
): Answer {
  if ('error' in outcome) return outcome;
  const { cluster, votes, reports, vote, likely } = outcome;
  const frame = (told: Vote = vote, member: Member) => replyOf(told, member);
  return { cluster: changeMember(cluster, from.client, content), votes, reports, likely, reply: { vote, frame } };
}

export function rememberVotes(cluster: Cluster, votes: readonly VoteInfo[]): Cluster {
  if (votes.length === 0) return cluster;
  const told = new Map(votes.map(({ to, vote }) => [to, vote]));
  const remember = (member: Member): Member => {
    const vote = told.get(member.client);
    return vote === undefined ? member : { ...member, lastVote: vote, lastAckNack: vote };
  };
  return { ...cluster, members: cluster.members.map(remember) };
}

export function rememberVote(cluster: Cluster, client: Member['client'], vote: Vote | undefined): Cluster {
  if (vote === undefined) return cluster;
  const isAckNack = vote === 'ack' || vote === 'nack';
  return changeMember(cluster, client, { lastVote: vote, ...(isAckNack ? { lastAckNack: vote } : {}) });
}
