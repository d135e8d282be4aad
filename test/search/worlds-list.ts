/** The worlds that are searched. */
import type { DecisionAlgorithm } from '../../src/protocol/enums.ts';
import type { FaultKind } from './moves.ts';
import type { WorldDescription } from './worlds.ts';

const KINDS: readonly FaultKind[] = ['cut', 'kill', 'freeze', 'restart', 'disconnect', 'heuristics', 'config'];
/** No time ends the wait for a stock node of these, so that machines that never come back are part of their worlds. */
const LMS_KINDS: readonly FaultKind[] = [...KINDS, 'off'];
/** With another configuration than two nodes 2nodelms is refused. */
const TWO_NODE_LMS_KINDS = LMS_KINDS.filter((kind) => kind !== 'config');
/** Nothing vanishes while it may still be casting. */
const FRIENDLY: readonly FaultKind[] = ['disconnect', 'heuristics', 'config'];

const two = { nodes: 2, stock: true, strict: false } as const;

/** Under the rules of upstream these keep the promise that no two sides cast. */
export const FRIENDLY_WORLDS: readonly WorldDescription[] = [
  { ...two, name: '2 nodes meet the arbiter', kinds: [], budget: { splits: 1, faults: 0 }, connected: false },
  { ...two, name: '2 nodes, two splits', kinds: [], budget: { splits: 2, faults: 0 } },
  { ...two, name: '2 nodes, a split and a change', kinds: FRIENDLY, budget: { splits: 1, faults: 1 } },
];

/** Here upstream is known to let two sides cast: a silent link, a killed or frozen daemon, a restart. */
const OF_FFSPLIT: readonly WorldDescription[] = (['cut', 'kill', 'freeze', 'restart'] as const).map((kind) => ({
  ...two,
  name: `2 nodes, a split and: ${kind}`,
  kinds: [kind],
  budget: { splits: 1, faults: 1 },
}));

/** The others take nothing back: another heuristics result does, or a holder that leaves and casts on. */
const OF_THE_OTHERS: readonly WorldDescription[] = [
  window('lms', 'heuristics', { splits: 1, faults: 2 }),
  window('lms', 'cut', { splits: 1, faults: 1 }, true),
  window('twoNodeLms', 'disconnect', { splits: 1, faults: 1 }),
  window('test', undefined, { splits: 1, faults: 0 }),
];

/** An operator's word is believed: said of a node that has power it gives the vote to two sides. */
const OF_A_LIE: WorldDescription = {
  ...two,
  name: 'twoNodeLms, strict, an operator who is wrong',
  algorithm: 'twoNodeLms',
  strict: true,
  kinds: ['disconnect', 'lie'],
  budget: { splits: 1, faults: 2 },
};

export const WINDOWS: readonly WorldDescription[] = [...OF_FFSPLIT, ...OF_THE_OTHERS, OF_A_LIE];

function window(
  algorithm: DecisionAlgorithm,
  kind: FaultKind | undefined,
  budget: WorldDescription['budget'],
  waitForAll = false,
): WorldDescription {
  const name = `${algorithm}, 2 nodes, a split and: ${kind ?? 'nothing else'}`;
  return { ...two, name, algorithm, waitForAll, kinds: kind === undefined ? [] : [kind], budget };
}

/** vote_safety=strict, small enough to be searched whole within seconds. */
export const STRICT_SMALL: readonly WorldDescription[] = [true, false].flatMap((stock) => [
  strictWorld('ffsplit', 2, stock, [2, 0], []),
  strictWorld('ffsplit', 2, stock, [1, 1], ['config']),
  strictWorld('lms', 2, stock, [1, 0], []),
  strictWorld('twoNodeLms', 2, stock, [2, 0], []),
  strictWorld('test', 2, stock, [2, 0], []),
]);

/** The whole search: everything that can happen, to two, three and four nodes. */
export const STRICT_WORLDS: readonly WorldDescription[] = [true, false].flatMap((stock) => [
  ...KINDS.map((kind) => strictWorld('ffsplit', 2, stock, [1, 1], [kind])),
  ...[2, 3, 4].flatMap((nodes) => both('ffsplit', nodes, stock, KINDS)),
  ...LMS_KINDS.map((kind) => strictWorld('lms', 2, stock, [1, 1], [kind])),
  ...[2, 3, 4].flatMap((nodes) => both('lms', nodes, stock, LMS_KINDS)),
  ...(stock ? both('lms', 2, stock, LMS_KINDS, true) : []),
  ...TWO_NODE_LMS_KINDS.map((kind) => strictWorld('twoNodeLms', 2, stock, [1, 1], [kind])),
  ...both('twoNodeLms', 2, stock, TWO_NODE_LMS_KINDS),
  ...both('test', 2, stock, LMS_KINDS),
]);

function both(
  algorithm: DecisionAlgorithm,
  nodes: number,
  stock: boolean,
  kinds: readonly FaultKind[],
  waitForAll = false,
): WorldDescription[] {
  return ([1, 2] as const).map((times) => strictWorld(algorithm, nodes, stock, [times, times], kinds, waitForAll));
}

function strictWorld(
  algorithm: DecisionAlgorithm,
  nodes: number,
  stock: boolean,
  [splits, faults]: readonly [number, number],
  kinds: readonly FaultKind[],
  waitForAll = false,
): WorldDescription {
  const what = kinds.length > 1 ? 'anything' : (kinds[0] ?? 'nothing else');
  const whose = stock ? "of upstream's" : 'of our';
  const rules = waitForAll ? `${algorithm} with wait_for_all` : algorithm;
  return {
    name: `${rules}: ${nodes} ${whose} nodes, ${splits} splits, ${faults} faults of: ${what}`,
    algorithm,
    waitForAll,
    nodes,
    stock,
    strict: true,
    kinds,
    budget: { splits, faults },
    keepActive: algorithm === 'ffsplit' && nodes === 4,
  };
}
