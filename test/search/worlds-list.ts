/** The worlds that are searched, small ones first. */
import type { WorldDescription } from './worlds.ts';

const FRIENDLY = ['disconnect', 'heuristics', 'config'] as const;

/** Under the rules of upstream these keep their promise: nothing vanishes while it may still be casting. */
export const FRIENDLY_WORLDS: readonly WorldDescription[] = [
  {
    name: '2 nodes meet the arbiter',
    nodes: 2,
    stock: true,
    kinds: [],
    budget: { splits: 1, faults: 0 },
    connected: false,
  },
  { name: '2 nodes, two splits', nodes: 2, stock: true, kinds: [], budget: { splits: 2, faults: 0 } },
  { name: '2 nodes, a split and a change', nodes: 2, stock: true, kinds: FRIENDLY, budget: { splits: 1, faults: 1 } },
];

/** Here upstream is known to let two sides cast: W1, W2, and a restart (`algorithms.md`, 7 and 8). */
export const WINDOWS: readonly WorldDescription[] = (['cut', 'kill', 'freeze', 'restart'] as const).map((kind) => ({
  name: `2 nodes, a split and: ${kind}`,
  nodes: 2,
  stock: true,
  kinds: [kind],
  budget: { splits: 1, faults: 1 },
}));
