/** What must hold in every state. */
import { rightHolders } from '../sim/rules.ts';
import { release, review } from './arbiter-side.ts';
import { isReleasable, written } from './guard-side.ts';
import {
  boot,
  canConnect,
  deliverToArbiter,
  deliverToNode,
  type Scope,
  splitTo,
  thoseWhoCannotCast,
  tick,
} from './moves.ts';
import * as daemon from './node-side.ts';
import { bitOf, idsIn, type Node, type NodeSet, nodeOf, type State, withNode } from './state.ts';

export type Broken = { readonly property: 'S1' | 'S2' | 'liveness'; readonly text: string };

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
  const casting = disjoint(state.nodes.filter(daemon.isCasting));
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

/**
 * Everything is repaired and nothing happens any more: within so many ticks the right side casts, and nobody else. All the
 * while no two sides do.
 */
export function doesNotRecover(state: State, scope: Scope, ticks: number): Broken | undefined {
  const broken = doesNotGoOn(repaired(state, scope), scope, ticks);
  if (broken !== undefined || !hasPartsOff(state)) return broken;
  return doesNotGoOn(withoutThoseOff(state, scope), scope, ticks);
}

function doesNotGoOn(state: State, scope: Scope, ticks: number): Broken | undefined {
  let next = state;
  for (let passed = 0; passed <= ticks; passed += 1) {
    next = tick(settle(next, scope), scope.rules);
    const broken = brokenIn(next);
    if (broken !== undefined) return broken;
  }
  next = settle(next, scope);
  const casting = next.nodes.filter(daemon.isCasting).map(({ nodeId }) => nodeId);
  const right = rightIn(next, scope);
  if (right === undefined || right.includes(casting.join(' '))) return undefined;
  return {
    property: 'liveness',
    text: `${ticks} ticks after repair [${casting.join(' ')}] cast, not ${right.map((ids) => `[${ids}]`).join(' or ')}`,
  };
}

/** Links, daemons and machines work again. What lms tells nobody by itself it tells when all are together. */
function repaired(state: State, scope: Scope): State {
  let next = state;
  for (const { nodeId } of state.nodes) {
    const node = nodeOf(next, nodeId);
    if (node.daemon === 'frozen') next = withNode(next, nodeId, daemon.thaw(node, scope.rules.half));
    if (node.daemon === 'off') next = boot(next, node);
    next = withNode(next, nodeId, { cut: false });
  }
  return scope.rules.name === 'ffsplit' ? next : splitTo(next, [everybodyIn(state)], scope.rules);
}

const everybodyIn = ({ nodes }: State): NodeSet => (1 << nodes.length) - 1;

const hasPartsOff = ({ nodes }: State): boolean =>
  nodes.some((node) => node.daemon === 'off') && nodes.some((node) => node.daemon !== 'off');

/**
 * Machines without power stay so, and an operator says so where that is asked for; those who are left find each other, and
 * report nothing more.
 */
function withoutThoseOff(state: State, scope: Scope): State {
  const off = state.nodes.filter((node) => node.daemon === 'off').map(({ nodeId }) => nodeId);
  const others = off.reduce((nodes, nodeId) => nodes & ~bitOf(nodeId), everybodyIn(state));
  let next = splitTo(state, [others, ...off.map(bitOf)], scope.rules);
  for (const nodeId of idsIn(others)) {
    const node = nodeOf(next, nodeId);
    if (node.daemon === 'frozen') next = withNode(next, nodeId, daemon.thaw(node, scope.rules.half));
    next = withNode(next, nodeId, { cut: false });
  }
  return next;
}

/** Who may cast, each set of ids as a text; undefined: the rules do not say. */
function rightIn(state: State, { rules }: Scope): string[] | undefined {
  const configured = idsIn(state.nodes[0]?.config ?? 0);
  if (rules.name !== 'ffsplit') {
    const on = state.nodes.filter((node) => node.daemon !== 'off').map(({ nodeId }) => nodeId);
    // 2nodelms and test judge a node once, by its own report: one that met a newer holder then has to report again, and the
    // other has the vote for both meanwhile.
    return rules.name === 'lms' ? [on.join(' ')] : [on.join(' '), ...on.map(String)];
  }
  if (state.nodes.some(({ config }) => idsIn(config).join() !== configured.join())) return undefined;
  const partitions = [...new Set(state.nodes.map(({ members }): NodeSet => members))].map(idsIn);
  const { keepActive, tieBreaker } = rules;
  const hasMemory = keepActive || state.nodes.some(({ heuristics }) => heuristics !== 'undefined');
  return rightHolders({ configured, partitions, tieBreaker, hasMemory }).map((holders) => holders.join(' '));
}

/** Whatever is on its way arrives; daemons start and connect; an operator releases whoever is off and waited for. */
export function settle(state: State, { rules }: Scope): State {
  let next = state;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const before = next;
    for (const nodeId of thoseWhoCannotCast(next)) {
      if (isReleasable(next, nodeId)) next = release(next, nodeId);
    }
    for (const { nodeId } of state.nodes) {
      const dead = nodeOf(next, nodeId);
      if (dead.daemon === 'dead') next = withNode(next, nodeId, { daemon: 'up' });
      if (nodeOf(next, nodeId).toArbiter.length > 0) next = deliverToArbiter(next, rules, nodeOf(next, nodeId));
      const node = nodeOf(next, nodeId);
      if (node.toNode.length > 0) next = deliverToNode(next, rules, node);
      if (next.writing !== undefined) next = review(written(next));
      if (canConnect(next, nodeOf(next, nodeId))) next = withNode(next, nodeId, daemon.connect(nodeOf(next, nodeId)));
    }
    if (next === before) return next;
  }
  throw new Error('the world does not come to rest');
}
