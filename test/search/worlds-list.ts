/** The worlds that are searched. */
import type { FaultKind } from './moves.ts';
import type { WorldDescription } from './worlds.ts';

const KINDS: readonly FaultKind[] = ['cut', 'kill', 'freeze', 'restart', 'disconnect', 'heuristics', 'config'];
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
export const WINDOWS: readonly WorldDescription[] = (['cut', 'kill', 'freeze', 'restart'] as const).map((kind) => ({
  ...two,
  name: `2 nodes, a split and: ${kind}`,
  kinds: [kind],
  budget: { splits: 1, faults: 1 },
}));

/** vote_safety=strict, small enough to be searched whole within seconds. */
export const STRICT_SMALL: readonly WorldDescription[] = [true, false].flatMap((stock) =>
  [
    { kinds: [], splits: 2, faults: 0 },
    { kinds: ['config' as const], splits: 1, faults: 1 },
  ].map(({ kinds, splits, faults }) => ({
    ...two,
    name: nameOf(2, stock, splits, faults, kinds),
    stock,
    strict: true,
    kinds,
    budget: { splits, faults },
  })),
);

/** The whole search: everything that can happen, to two, three and four nodes. */
export const STRICT_WORLDS: readonly WorldDescription[] = [2, 3, 4].flatMap((nodes) =>
  [true, false].flatMap((stock) => [
    ...(nodes === 2 ? KINDS.map((kind) => strictWorld(nodes, stock, 1, 1, [kind])) : []),
    strictWorld(nodes, stock, 1, 1, KINDS),
    strictWorld(nodes, stock, 2, 2, KINDS),
  ]),
);

function strictWorld(
  nodes: number,
  stock: boolean,
  splits: number,
  faults: number,
  kinds: readonly FaultKind[],
): WorldDescription {
  const name = nameOf(nodes, stock, splits, faults, kinds);
  return { name, nodes, stock, strict: true, kinds, budget: { splits, faults }, keepActive: nodes === 4 };
}

function nameOf(nodes: number, stock: boolean, splits: number, faults: number, kinds: readonly FaultKind[]): string {
  const what = kinds.length === KINDS.length ? 'anything' : kinds.join(', ') || 'nothing else';
  return `${nodes} ${stock ? "of upstream's" : 'of our'} nodes, ${splits} splits, ${faults} faults of: ${what}`;
}
