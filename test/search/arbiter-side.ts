/** The arbiter in a searched world: the real decisions on real messages, without connections and clocks of their own. */
import type { Algorithm, Step } from '../../src/arbiter/algorithms/algorithm.ts';
import { type Cluster, memberOf, newCluster, newMember, withMember, withoutMember } from '../../src/arbiter/cluster.ts';
import { answerRequest } from '../../src/arbiter/requests.ts';
import type { Ending } from '../../src/arbiter/safety/lease.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { decodeBody } from '../../src/protocol/decode.ts';
import type { DecisionAlgorithm } from '../../src/protocol/enums.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import type { RingId, TieBreaker } from '../../src/protocol/values.ts';
import * as guard from './guard-side.ts';
import type { Half } from './node-side.ts';
import {
  HEARTBEAT_TICKS,
  idsIn,
  type Node,
  type NodeSet,
  OWN_BOUND_TICKS,
  type Peer,
  type State,
  TICK_MS,
  type ToArbiter,
  type ToNode,
} from './state.ts';

export interface Rules {
  readonly name: DecisionAlgorithm;
  readonly algorithm: Algorithm;
  readonly half: Half;
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
  if (message.say === 'fin') return drop(state, rules, peer, 'finished');
  let heard: State = { ...state, peers: state.peers.map((each) => (each === peer ? { ...peer, heardAgo: 0 } : each)) };
  const { cluster } = heard;
  if (cluster === undefined) return heard;
  const from = memberOf(cluster, peer.client);
  if (message.say === 'farewell') return review(guard.withdrew(heard, from));
  if (message.say === 'confirm') heard = guard.confirmed(heard, from, message.seq);
  const [name, options] = requestOf(message);
  const request = { name, options, from, cluster, algorithm: rules.algorithm, settings: SETTINGS };
  const answer = answerRequest({ ...request, nowMs: guard.nowMs(state) });
  if ('error' in answer) throw new Error(`${name} is refused with ${answer.error}`);
  const { state: after, before, reply, behind } = guard.screen(heard, answer, peer.client, answer.reply);
  const told = tell(after, before);
  return tell(reply === undefined ? told : tellReply(told, node.nodeId, reply), behind);
}

/** The connection is gone, for whatever reason; the node learns of it by itself. */
export function drop(state: State, rules: Rules, { nodeId, client, heardAgo }: Peer, ending: Ending): State {
  const peers = state.peers.filter((each) => each.nodeId !== nodeId);
  const { cluster } = state;
  if (cluster === undefined) return { ...state, peers };
  const leaver = memberOf(cluster, client);
  const gone = guard.left({ ...state, peers }, leaver, ending, heardAgo);
  if (cluster.members.length === 1) return guard.emptied({ ...gone, cluster: undefined });
  const step: Step = rules.algorithm.leave(cluster, leaver, guard.nowMs(state));
  return letOut(gone, { ...step, cluster: withoutMember(step.cluster, client) });
}

/** An operator says that this node casts nothing. */
export function release(state: State, nodeId: number): State {
  return review(guard.released(state, nodeId));
}

/** Something that the guard waits for may have come about. */
export function review(state: State): State {
  return state.cluster === undefined ? state : letOut(state, guard.quiet(state.cluster));
}

function letOut(state: State, step: Step): State {
  const { state: after, before, behind } = guard.screen(state, step);
  return tell(after, [...before, ...behind]);
}

/** Votes that nobody asked for: timers that are due. */
export function wake(state: State, rules: Rules): State {
  let woken = state;
  for (const { client } of state.peers) {
    const { cluster } = woken;
    if (cluster === undefined || rules.algorithm.wake === undefined) break;
    const member = memberOf(cluster, client);
    if (member.wakeAtMs === undefined || member.wakeAtMs > guard.nowMs(state)) continue;
    woken = letOut(woken, rules.algorithm.wake(cluster, member, guard.nowMs(state)));
  }
  return review(woken);
}

function join(state: State, rules: Rules, { nodeId, stock }: Node, ring: number): State {
  if (state.peers.some((peer) => peer.nodeId === nodeId)) return state;
  const client = state.clients + 1;
  const member = newMember({
    client,
    nodeId,
    algorithm: rules.name,
    tieBreaker: rules.tieBreaker,
    heartbeatMs: HEARTBEAT_TICKS * TICK_MS,
    castBoundMs: stock ? undefined : OWN_BOUND_TICKS * TICK_MS,
    keepActivePartition: rules.keepActive,
    ringId: ringId(ring),
  });
  const cluster: Cluster = withMember(state.cluster ?? newCluster('search', state.strict), member);
  const peers = [...state.peers, { nodeId, client, heardAgo: 0 }].sort((a, b) => a.nodeId - b.nodeId);
  return guard.joined({ ...state, clients: client, peers, cluster });
}

function requestOf(message: Exclude<ToArbiter, { say: 'init' | 'fin' | 'farewell' }>): [MessageName, OptionValues] {
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
