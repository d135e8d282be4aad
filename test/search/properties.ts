/** What must hold in every state. */
import { rightHolders } from '../sim/rules.ts';
import { review } from './arbiter-side.ts';
import { written } from './guard-side.ts';
import { canConnect, deliverToArbiter, deliverToNode, type Scope, tick } from './moves.ts';
import * as daemon from './node-side.ts';
import { idsIn, type Node, type NodeSet, nodeOf, type State, withNode } from './state.ts';

export type Broken = { readonly property: 'S1' | 'S2' | 'liveness'; readonly text: string };

const isCasting = ({ flagFor, flagRing, ring }: Node): boolean => flagFor > 0 && flagRing === ring;

/** It follows ACK, or will once it has read what was sent to it. */
function isGranted({ connected, vote, toNode, sentRing, ring }: Node): boolean {
  if (!connected || sentRing !== ring) return false;
  let granted = vote === 'ack';
  for (const message of toNode) {
    if (message.say !== 'vote' || message.ring !== sentRing) continue;
    if (message.vote === 'ack') return true;
    granted = granted && message.vote !== 'nack';
  }
  return granted;
}

/** S2: no two partitions without a common node cast. S1: nor are they granted, as far as the arbiter can know. */
export function brokenIn(state: State): Broken | undefined {
  const casting = disjoint(state.nodes.filter(isCasting));
  if (casting !== undefined) return { property: 'S2', text: `${casting} both cast the vote` };
  const reachable = ({ nodeId, cut, daemon: process }: Node) =>
    !cut && process === 'up' && state.peers.some((peer) => peer.nodeId === nodeId);
  const granted = disjoint(state.nodes.filter((node) => reachable(node) && isGranted(node)));
  return granted === undefined ? undefined : { property: 'S1', text: `${granted} are both granted the vote` };
}

function disjoint(nodes: readonly Node[]): string | undefined {
  for (const [at, a] of nodes.entries()) {
    for (const b of nodes.slice(at + 1)) {
      if ((a.members & b.members) === 0)
        return `node ${a.nodeId} in [${idsIn(a.members)}] and node ${b.nodeId} in [${idsIn(b.members)}]`;
    }
  }
  return undefined;
}

const ROUNDS_MAX = 10_000;

/** Everything is repaired and nothing happens any more: within so many ticks the right side casts, and nobody else. */
export function doesNotRecover(state: State, scope: Scope, ticks: number): Broken | undefined {
  let next = state;
  for (const { nodeId } of state.nodes) {
    const node = nodeOf(next, nodeId);
    if (node.daemon === 'frozen') next = withNode(next, nodeId, daemon.thaw(node));
    next = withNode(next, nodeId, { cut: false });
  }
  for (let passed = 0; passed <= ticks; passed += 1) next = tick(settle(next, scope), scope.rules);
  next = settle(next, scope);
  const configured = idsIn(next.nodes[0]?.config ?? 0);
  if (next.nodes.some(({ config }) => idsIn(config).join() !== configured.join())) return undefined;
  const partitions = [...new Set(next.nodes.map(({ members }): NodeSet => members))].map(idsIn);
  const { keepActive, tieBreaker } = scope.rules;
  const hasMemory = keepActive || next.nodes.some(({ heuristics }) => heuristics !== 'undefined');
  const right = rightHolders({ configured, partitions, tieBreaker, hasMemory }).map((holders) => holders.join(' '));
  const casting = next.nodes
    .filter(isCasting)
    .map(({ nodeId }) => nodeId)
    .join(' ');
  if (right.includes(casting)) return undefined;
  return {
    property: 'liveness',
    text: `${ticks} ticks after repair [${casting}] cast, not ${right.map((ids) => `[${ids}]`).join(' or ')}`,
  };
}

/** Whatever is on its way arrives; daemons start and connect. */
export function settle(state: State, { rules }: Scope): State {
  let next = state;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const before = next;
    for (const { nodeId } of state.nodes) {
      const dead = nodeOf(next, nodeId);
      if (dead.daemon === 'dead') next = withNode(next, nodeId, { daemon: 'up' });
      if (nodeOf(next, nodeId).toArbiter.length > 0) next = deliverToArbiter(next, rules, nodeOf(next, nodeId));
      const node = nodeOf(next, nodeId);
      if (node.toNode.length > 0) next = deliverToNode(next, node);
      if (next.writing !== undefined) next = review(written(next));
      if (canConnect(next, nodeOf(next, nodeId))) next = withNode(next, nodeId, daemon.connect(nodeOf(next, nodeId)));
    }
    if (next === before) return next;
  }
  throw new Error('the world does not come to rest');
}
