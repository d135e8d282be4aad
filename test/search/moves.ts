/** Everything that can happen next. */

import type { Rules } from './arbiter-side.ts';
import * as arbiter from './arbiter-side.ts';
import * as guard from './guard-side.ts';
import * as daemon from './node-side.ts';
import {
  bitOf,
  DEAD_PEER_TICKS,
  idsIn,
  type Node,
  type NodeSet,
  nodeOf,
  type Peer,
  type State,
  withNode,
} from './state.ts';

export interface Move {
  /** Only asked of the moves that led to something broken. */
  readonly words: () => string;
  readonly to: () => State;
}

/** Ticks since the last heartbeat when something happens to the next: none, or almost a whole interval. */
const PHASES = { stock: [0, 3], own: [0, 1] };

export interface Scope {
  readonly rules: Rules;
  /** All ways to divide the nodes. */
  readonly splits: readonly (readonly NodeSet[])[];
  /** The configuration with a node more, for a change of it. */
  readonly otherConfig: NodeSet;
  readonly kinds: ReadonlySet<FaultKind>;
}

export type FaultKind = 'cut' | 'kill' | 'freeze' | 'restart' | 'config' | 'heuristics' | 'disconnect' | 'off' | 'lie';

export function movesFrom(state: State, scope: Scope): Move[] {
  const moves: Move[] = [];
  for (const node of state.nodes) {
    moves.push(...messageMoves(state, scope.rules, node), ...ownMoves(state, scope.rules, node));
    if (state.left.faults > 0) moves.push(...faultMoves(state, scope, node));
  }
  for (const nodeId of thoseWhoCannotCast(state)) {
    if (!guard.isReleasable(state, nodeId)) continue;
    moves.push({ words: () => `an operator releases node ${nodeId}`, to: () => arbiter.release(state, nodeId) });
  }
  if (state.left.splits > 0) moves.push(...splitMoves(state, scope));
  if (state.left.faults > 0 && scope.kinds.has('restart') && state.cluster !== undefined) {
    for (const losesRecord of state.disk === undefined ? [false] : [false, true]) {
      const words = () => `the arbiter restarts${losesRecord ? ' without its record' : ''}`;
      moves.push({ words, to: () => restart(spend(state, 'faults'), losesRecord) });
    }
    if (state.writing !== undefined) {
      const to = () => restart(guard.written(spend(state, 'faults')), false);
      moves.push({ words: () => 'the arbiter restarts right after a write', to });
    }
  }
  if (state.writing !== undefined) {
    moves.push({ words: () => 'the record is on disk', to: () => arbiter.review(guard.written(state)) });
  }
  if (isQuiet(state))
    moves.push({ words: () => 'a quarter of a heartbeat passes', to: () => tick(state, scope.rules) });
  return moves;
}

/** Machines without power, and the one that another configuration names and that was never there. */
export function thoseWhoCannotCast({ nodes }: State): number[] {
  return [...nodes.filter((node) => node.daemon === 'off').map(({ nodeId }) => nodeId), nodes.length + 1];
}

const spend = (state: State, what: 'splits' | 'faults'): State => ({
  ...state,
  left: { ...state.left, [what]: state.left[what] - 1 },
});

const change = (state: State, node: Node, next: Node): State => withNode(state, node.nodeId, next);

const hearsArbiter = (node: Node): boolean => !node.cut && node.daemon === 'up' && node.toNode.length > 0;
const isHeard = (node: Node): boolean => !node.cut && node.toArbiter.length > 0;

/** On healthy links everything has arrived before time goes on. */
function isQuiet({ nodes, writing }: State): boolean {
  return writing === undefined && nodes.every((node) => !hearsArbiter(node) && !isHeard(node));
}

export function deliverToArbiter(state: State, rules: Rules, node: Node): State {
  const [message, ...rest] = node.toArbiter;
  if (message === undefined) return state;
  return arbiter.hear(change(state, node, { ...node, toArbiter: rest }), rules, node, message);
}

export function deliverToNode(state: State, { half }: Rules, node: Node): State {
  const [message, ...rest] = node.toNode;
  if (message === undefined) return state;
  return change(state, node, daemon.hear({ ...node, toNode: rest }, message, half));
}

function messageMoves(state: State, rules: Rules, node: Node): Move[] {
  const moves: Move[] = [];
  const { nodeId } = node;
  if (isHeard(node)) {
    const words = () => `the arbiter hears node ${nodeId}: ${JSON.stringify(node.toArbiter[0])}`;
    moves.push({ words, to: () => deliverToArbiter(state, rules, node) });
  }
  if (hearsArbiter(node)) {
    const words = () => `node ${nodeId} hears ${JSON.stringify(node.toNode[0])}`;
    moves.push({ words, to: () => deliverToNode(state, rules, node) });
  }
  return moves;
}

const wantsToConnect = ({ daemon: program, cut, connected, toArbiter }: Node): boolean =>
  program === 'up' && !cut && !connected && toArbiter.length === 0;

export const canConnect = (state: State, node: Node): boolean =>
  wantsToConnect(node) && state.peers.every(({ nodeId }) => nodeId !== node.nodeId);

/** What mends itself sooner or later costs nothing. */
function ownMoves(state: State, rules: Rules, node: Node): Move[] {
  const { nodeId } = node;
  const moves: Move[] = [];
  if (canConnect(state, node)) {
    moves.push({ words: () => `node ${nodeId} connects`, to: () => change(state, node, daemon.connect(node)) });
  }
  const first = state.peers.find((peer) => peer.nodeId === nodeId);
  if (state.strict && first !== undefined && wantsToConnect(node)) {
    const words = () => `node ${nodeId} comes again: its first connection is asked, does not answer, and goes`;
    moves.push({ words, to: () => arbiter.drop(state, rules, first, 'broken') });
  }
  if (node.cut)
    moves.push({ words: () => `the link of node ${nodeId} heals`, to: () => withNode(state, nodeId, { cut: false }) });
  if (node.daemon === 'frozen')
    moves.push({ words: () => `node ${nodeId} thaws`, to: () => change(state, node, daemon.thaw(node, rules.half)) });
  if (node.daemon === 'off') {
    moves.push({ words: () => `node ${nodeId} boots`, to: () => boot(state, node) });
  }
  if (node.daemon === 'dead') {
    moves.push({
      words: () => `the daemon of node ${nodeId} starts`,
      to: () => withNode(state, nodeId, { daemon: 'up' }),
    });
  }
  return moves;
}

/** Corosync begins anew, in a ring of its own. */
export function boot(state: State, node: Node): State {
  const ring = state.rings + 1;
  const members = bitOf(node.nodeId);
  return change({ ...state, rings: ring }, node, { ...node, daemon: 'up', ring, members, sentRing: 0 });
}

function faultMoves(state: State, { kinds, otherConfig, rules }: Scope, node: Node): Move[] {
  const { nodeId } = node;
  const spent = spend(state, 'faults');
  const moves: Move[] = [];
  const add = (words: string, next: Node, heardAgo?: number): void => {
    moves.push({ words: () => words, to: () => unheard(change(spent, node, next), nodeId, heardAgo) });
  };
  for (const phase of node.connected ? PHASES[node.stock ? 'stock' : 'own'] : [0]) {
    if (kinds.has('cut') && !node.cut) {
      add(`the link of node ${nodeId} is cut, ${phase} after a heartbeat`, { ...node, cut: true, quiet: phase }, phase);
    }
    if (kinds.has('freeze') && node.daemon === 'up') {
      add(
        `the daemon of node ${nodeId} is frozen, ${phase} after a heartbeat`,
        { ...node, daemon: 'frozen', quiet: phase },
        phase,
      );
    }
  }
  const runs = node.daemon === 'up' || node.daemon === 'frozen';
  if (kinds.has('kill') && runs) add(`the daemon of node ${nodeId} is killed`, daemon.kill(node));
  if (kinds.has('lie') && node.daemon !== 'off' && guard.isReleasable(spent, nodeId)) {
    const words = () => `an operator releases node ${nodeId}, which has power`;
    moves.push({ words, to: () => arbiter.release(spent, nodeId) });
  }
  if (kinds.has('off') && node.daemon !== 'off') add(`node ${nodeId} loses its power`, daemon.powerOff(node));
  if (kinds.has('disconnect') && node.daemon === 'up' && node.connected) {
    add(`node ${nodeId} leaves the arbiter`, daemon.leave(node, rules.half));
  }
  if (kinds.has('heuristics') && node.daemon === 'up') {
    for (const result of ['pass', 'fail'] as const) {
      if (result === node.heuristics) continue;
      const next = { ...node, heuristics: result };
      const message = { say: 'heuristics', result } as const;
      const sent = node.connected ? { ...next, toArbiter: [...node.toArbiter, message] } : next;
      add(`heuristics of node ${nodeId}: ${result}`, sent);
    }
  }
  if (kinds.has('config') && node.daemon === 'up' && node.config !== otherConfig) {
    const message = { say: 'config', nodes: otherConfig, initial: false } as const;
    const next = { ...node, config: otherConfig };
    add(
      `node ${nodeId} has another configuration`,
      node.connected ? { ...next, toArbiter: [...node.toArbiter, message] } : next,
    );
  }
  return moves;
}

function unheard(state: State, nodeId: number, heardAgo: number | undefined): State {
  if (heardAgo === undefined) return state;
  return { ...state, peers: state.peers.map((peer) => (peer.nodeId === nodeId ? { ...peer, heardAgo } : peer)) };
}

/** A node without power is in nobody's ring. */
function splitMoves(state: State, { splits, rules }: Scope): Move[] {
  const off = state.nodes.filter((node) => node.daemon === 'off').map(({ nodeId }) => bitOf(nodeId));
  return splits
    .filter((split) => off.every((node) => split.includes(node)) && differs(state, split))
    .map((split) => ({
      words: () => `partitions are now ${split.map((side) => `[${idsIn(side)}]`).join(' ')}`,
      to: () => splitTo(spend(state, 'splits'), split, rules),
    }));
}

function differs({ nodes }: State, split: readonly NodeSet[]): boolean {
  return nodes.some(({ nodeId, members }) => !split.some((side) => side === members && (side & bitOf(nodeId)) !== 0));
}

export function splitTo(state: State, split: readonly NodeSet[], rules: Rules): State {
  let next = state;
  for (const side of split) {
    if (!idsIn(side).every((nodeId) => nodeOf(state, nodeId).members === side)) next = newRing(next, side, rules);
  }
  return next;
}

function newRing(state: State, side: NodeSet, { half }: Rules): State {
  const ring = state.rings + 1;
  let next: State = { ...state, rings: ring };
  for (const nodeId of idsIn(side)) {
    const node = nodeOf(next, nodeId);
    next = change(next, node, daemon.enterRing(node, ring, side, half));
  }
  return next;
}

/** Its connections end; it knows nothing any more. */
function restart(state: State, losesRecord: boolean): State {
  const connected = new Set(state.peers.map(({ nodeId }) => nodeId));
  const nodes = state.nodes.map((node): Node => {
    if (!connected.has(node.nodeId)) return node;
    const toNode = node.connected ? [...node.toNode, { say: 'fin' } as const] : [];
    return { ...node, toArbiter: [], toNode };
  });
  return guard.restarted({ ...state, nodes, peers: [], cluster: undefined }, losesRecord);
}

function closeOn(state: State, rules: Rules, peer: Peer): State {
  const next = arbiter.drop(state, rules, peer, 'broken');
  const node = nodeOf(next, peer.nodeId);
  if (!node.connected) return next;
  return change(next, node, { ...node, toArbiter: [], toNode: [...node.toNode, { say: 'fin' }] });
}

export function tick(state: State, rules: Rules): State {
  let next: State = { ...state, tick: state.tick + 1 };
  for (const node of state.nodes) {
    const peer = next.peers.find(({ nodeId }) => nodeId === node.nodeId);
    const answered = peer !== undefined && node.connected && !node.cut && node.daemon === 'up';
    next = change(next, node, daemon.pass(node, answered, rules.half));
    if (peer !== undefined) next = unheard(next, node.nodeId, answered ? 0 : peer.heardAgo + 1);
  }
  for (const peer of next.peers) {
    if (peer.heardAgo < DEAD_PEER_TICKS) continue;
    next = closeOn(next, rules, peer);
  }
  for (const client of guard.overdue(next)) {
    const peer = next.peers.find((each) => each.client === client);
    if (peer !== undefined) next = closeOn(next, rules, peer);
  }
  return arbiter.wake(next, rules);
}
