/** Which worlds are searched: how many nodes, what may happen to them, and how often. */
import { ALGORITHMS } from '../../src/arbiter/algorithms/all.ts';
import { memberAlgorithm } from '../../src/member/algorithms/rules.ts';
import type { DecisionAlgorithm } from '../../src/protocol/enums.ts';
import type { TieBreaker } from '../../src/protocol/values.ts';
import type { Rules } from './arbiter-side.ts';
import type { FaultKind, Scope } from './moves.ts';
import { settle } from './properties.ts';
import { type Budget, bitOf, type Node, type NodeSet, type State } from './state.ts';

export interface WorldDescription {
  readonly name: string;
  readonly nodes: number;
  /** Left out: ffsplit. */
  readonly algorithm?: DecisionAlgorithm;
  /** quorum.wait_for_all, which matters to upstream's half of lms alone. */
  readonly waitForAll?: boolean;
  readonly stock: boolean;
  /** vote_safety of the arbiter. */
  readonly strict: boolean;
  readonly kinds: readonly FaultKind[];
  readonly budget: Budget;
  readonly tieBreaker?: TieBreaker;
  readonly keepActive?: boolean;
  /** false: nobody has met the arbiter yet. */
  readonly connected?: boolean;
}

export function scopeOf({ nodes, kinds, tieBreaker, keepActive, stock, ...wishes }: WorldDescription): Scope {
  const { algorithm: name = 'ffsplit', waitForAll = false } = wishes;
  const rules: Rules = {
    name,
    algorithm: ALGORITHMS[name],
    half: {
      algorithm: memberAlgorithm(name, stock ? 'upstream' : 'strict', waitForAll),
      everybody: (1 << nodes) - 1,
      quorumCounts: name === 'lms',
      goesOn: name !== 'ffsplit',
    },
    tieBreaker: tieBreaker ?? { mode: 'lowest' },
    keepActive: keepActive ?? false,
  };
  return { rules, splits: partitionsOf(nodes), otherConfig: (1 << (nodes + 1)) - 1, kinds: new Set(kinds) };
}

/** All nodes are up in one ring, and hold the vote together or have not met the arbiter. */
export function startOf(description: WorldDescription): State {
  const { nodes, stock, budget } = description;
  const all = (1 << nodes) - 1;
  const node = (nodeId: number): Node => ({
    nodeId,
    stock,
    ring: 1,
    members: all,
    config: all,
    heuristics: 'undefined',
    daemon: 'up',
    cut: false,
    connected: false,
    sentRing: 0,
    vote: 'nack',
    quiet: 0,
    flagRing: 0,
    flagFor: 0,
    toArbiter: [],
    toNode: [],
  });
  const strangers: State = {
    tick: 0,
    nodes: Array.from({ length: nodes }, (_, index) => node(index + 1)),
    peers: [],
    cluster: undefined,
    strict: description.strict,
    safety: undefined,
    disk: undefined,
    writing: undefined,
    rings: 1,
    clients: 0,
    left: budget,
  };
  return description.connected === false ? strangers : settle(strangers, scopeOf(description));
}

/** Every way to divide nodes 1 to n into sides. */
function partitionsOf(nodes: number): NodeSet[][] {
  if (nodes === 0) return [[]];
  return partitionsOf(nodes - 1).flatMap((smaller) => [
    ...smaller.map((side, at) => smaller.map((each, other) => (other === at ? side | bitOf(nodes) : each))),
    [...smaller, bitOf(nodes)],
  ]);
}
