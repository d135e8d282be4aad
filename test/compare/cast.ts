/** Who plays in a random script: the cluster, and what the script has made of each node so far. */
import type { Chance } from '../../src/demo/random.ts';

export interface CastNode {
  readonly id: number;
  readonly label: string;
  state: 'out' | 'in';
  /** The arbiter has a configuration of it. */
  configured: boolean;
  /** Where it is, whether it said so or not. */
  ring: string;
  members: readonly number[];
  /** It has not said so. */
  pending: boolean;
  /** It does not confirm votes. */
  holding: boolean;
}

export interface Cast {
  readonly algorithm: string;
  readonly tieBreaker: string;
  readonly ids: readonly number[];
  readonly keepActive: readonly number[];
  readonly nodes: readonly CastNode[];
  /** What the nodes are told to be configured. */
  config: readonly number[];
}

const NODES_MAX = 8;
/** Where fifty-fifty split has to choose between halves. */
const EVEN = [2, 4, 4, 6, 8];
/** By how often they come. */
const ALGORITHMS = [
  ...Array.from({ length: 8 }, () => 'ffsplit'),
  ...Array.from({ length: 8 }, () => 'lms'),
  ...Array.from({ length: 3 }, () => '2nodelms'),
  'test',
];
/** Where counting goes wrong, if it does. */
const ODD_IDS = [1, 2, 77, 65_536, 2_147_483_646, 2_147_483_647, 2_147_483_648, 4_294_967_294, 4_294_967_295];
const HIGH_IDS = Array.from({ length: NODES_MAX }, (_, at) => 2_147_483_647 + at);

export const isIn = (node: CastNode): boolean => node.state === 'in';

export function drawCast(chance: Chance): Cast {
  const algorithm = chance.oneOf(ALGORITHMS);
  const two = algorithm === '2nodelms' && chance.below(5) > 0;
  const count = two
    ? 2
    : algorithm === 'ffsplit' && chance.below(3) > 0
      ? chance.oneOf(EVEN)
      : 2 + chance.below(NODES_MAX - 1);
  const plain = Array.from({ length: count }, (_, at) => at + 1);
  const odd = chance
    .shuffled(ODD_IDS)
    .slice(0, count)
    .sort((a, b) => a - b);
  const ids = chance.oneOf([plain, plain, plain, plain, plain, plain, plain, plain, odd, HIGH_IDS.slice(0, count)]);
  const named = chance.below(6) > 0 ? chance.oneOf(ids) : 1_000;
  const tieBreaker = chance.oneOf(['lowest', 'lowest', 'highest', `node:${named}`]);
  const some = ids.filter(() => chance.below(4) > 0);
  const keepActive = chance.oneOf([[], [], ids, ids, some]);
  const nodes = ids.map((id): CastNode => {
    return {
      id,
      label: String(id),
      state: 'out',
      configured: false,
      ring: `${id}.4`,
      members: [id],
      pending: true,
      holding: false,
    };
  });
  return { algorithm, tieBreaker, ids, keepActive, nodes, config: ids };
}
