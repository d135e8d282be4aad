/** The arbiter in a searched world: the real decisions on real messages, without connections and clocks of their own. */
import type { Algorithm, Step } from '../../src/arbiter/algorithms/algorithm.ts';
import {
  type Cluster,
  type Member,
  memberOf,
  newCluster,
  withMember,
  withoutMember,
} from '../../src/arbiter/cluster.ts';
import { EMPTY_NODE_LIST } from '../../src/arbiter/node-list.ts';
import { answerRequest, rememberVotes } from '../../src/arbiter/requests.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { decodeBody } from '../../src/protocol/decode.ts';
import type { DecisionAlgorithm } from '../../src/protocol/enums.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import type { RingId, TieBreaker } from '../../src/protocol/values.ts';
import {
  HEARTBEAT_TICKS,
  idsIn,
  type Node,
  type NodeSet,
  type Peer,
  type State,
  TICK_MS,
  type ToArbiter,
  type ToNode,
} from './state.ts';

export interface Rules {
  readonly name: DecisionAlgorithm;
  readonly algorithm: Algorithm;
  readonly tieBreaker: TieBreaker;
  readonly keepActive: boolean;
}

const HEADER_BYTES = 6;
const SETTINGS = DEFAULT_ARBITER_SETTINGS;

const infosOf = (nodes: NodeSet) => idsIn(nodes).map((nodeId) => ({ nodeId, dataCenterId: 0 }));
const ringId = (ring: number): RingId => ({ nodeId: 1, seq: BigInt(ring) });
const ringOf = ({ seq }: RingId): number => Number(seq);

/** What a node says, heard by the arbiter. */
export function hear(state: State, rules: Rules, node: Node, message: ToArbiter): State {
  const peer = state.peers.find(({ nodeId }) => nodeId === node.nodeId);
  if (message.say === 'init') return join(state, rules, node, message.ring);
  if (peer === undefined) return state;
  if (message.say === 'fin') return drop(state, rules, peer);
  const heard = { ...state, peers: state.peers.map((each) => (each === peer ? { ...peer, heardAgo: 0 } : each)) };
  const { cluster } = heard;
  if (cluster === undefined) return heard;
  const [name, options] = requestOf(message);
  const answer = answerRequest({
    name,
    options,
    from: memberOf(cluster, peer.client),
    cluster,
    algorithm: rules.algorithm,
    settings: SETTINGS,
    nowMs: state.tick * TICK_MS,
  });
  if ('error' in answer) throw new Error(`${name} is refused with ${answer.error}`);
  const { votes, reply } = answer;
  const told = tell({ ...heard, cluster: rememberVotes(answer.cluster, votes) }, votes);
  if (reply === undefined) return told;
  return tellReply(told, node.nodeId, reply.frame(reply.vote, memberOf(answer.cluster, peer.client)));
}

/** The connection is gone, for whatever reason; the node learns of it by itself. */
export function drop(state: State, rules: Rules, { nodeId, client }: Peer): State {
  const peers = state.peers.filter((each) => each.nodeId !== nodeId);
  const { cluster } = state;
  if (cluster === undefined || cluster.members.length === 1) return { ...state, peers, cluster: undefined };
  const step: Step = rules.algorithm.leave(cluster, memberOf(cluster, client), state.tick * TICK_MS);
  const left = withoutMember(rememberVotes(step.cluster, step.votes), client);
  return tell({ ...state, peers, cluster: left }, step.votes);
}

/** Votes that nobody asked for: timers that are due. */
export function wake(state: State, rules: Rules): State {
  let woken = state;
  for (const { client } of state.peers) {
    const { cluster } = woken;
    if (cluster === undefined || rules.algorithm.wake === undefined) return woken;
    const member = memberOf(cluster, client);
    if (member.wakeAtMs === undefined || member.wakeAtMs > state.tick * TICK_MS) continue;
    const step = rules.algorithm.wake(cluster, member, state.tick * TICK_MS);
    woken = tell({ ...woken, cluster: rememberVotes(step.cluster, step.votes) }, step.votes);
  }
  return woken;
}

function join(state: State, rules: Rules, { nodeId }: Node, ring: number): State {
  if (state.peers.some((peer) => peer.nodeId === nodeId)) return state;
  const client = state.clients + 1;
  const member: Member = {
    client,
    nodeId,
    algorithm: rules.name,
    tieBreaker: rules.tieBreaker,
    heartbeatMs: HEARTBEAT_TICKS * TICK_MS,
    castBoundMs: undefined,
    keepActivePartition: rules.keepActive,
    ringId: ringId(ring),
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
  const cluster: Cluster = withMember(state.cluster ?? newCluster('search', false), member);
  const peers = [...state.peers, { nodeId, client, heardAgo: 0 }].sort((a, b) => a.nodeId - b.nodeId);
  return { ...state, clients: client, peers, cluster };
}

function requestOf(message: Exclude<ToArbiter, { say: 'init' | 'fin' }>): [MessageName, OptionValues] {
  switch (message.say) {
    case 'config': {
      const nodeListType = message.initial ? 'initialConfig' : 'changedConfig';
      return ['nodeList', { msgSeqNumber: 1, nodeListType, nodeInfo: infosOf(message.nodes) }];
    }
    case 'memb': {
      const { heuristics } = message;
      const list = { msgSeqNumber: 1, nodeListType: 'membership', ringId: ringId(message.ring) } as const;
      const nodeInfo = infosOf(message.nodes);
      return ['nodeList', heuristics === 'undefined' ? { ...list, nodeInfo } : { ...list, nodeInfo, heuristics }];
    }
    case 'quor':
      return ['nodeList', { msgSeqNumber: 1, nodeListType: 'quorum', quorate: 'quorate', nodeInfo: [] }];
    case 'heuristics':
      return ['heuristicsChange', { msgSeqNumber: 1, heuristics: message.result }];
    case 'confirm':
      return ['voteInfoReply', { msgSeqNumber: message.seq }];
  }
}

function tell(state: State, votes: Step['votes']): State {
  let told = state;
  for (const { to, vote, ringId: ring, seq } of votes) {
    const nodeId = state.peers.find(({ client }) => client === to)?.nodeId;
    if (nodeId !== undefined) told = send(told, nodeId, { say: 'vote', vote, ring: ringOf(ring), seq });
  }
  return told;
}

function tellReply(state: State, nodeId: number, reply: Uint8Array): State {
  const body = decodeBody(reply.subarray(HEADER_BYTES));
  if (!body.ok) throw new Error('a reply of ours does not decode');
  const { vote, ringId: ring } = body.options;
  if (vote === undefined || ring === undefined || vote === 'noChange') return state;
  return send(state, nodeId, { say: 'vote', vote, ring: ringOf(ring), seq: undefined });
}

function send(state: State, nodeId: number, message: ToNode): State {
  return {
    ...state,
    nodes: state.nodes.map((node) =>
      node.nodeId === nodeId && node.connected ? { ...node, toNode: [...node.toNode, message] } : node,
    ),
  };
}
