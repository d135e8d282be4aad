/**
 * What has to come of a situation, from the rules of each algorithm alone. Tables, kept apart from the arbiter's own code
 * on purpose: one is checked against the other.
 */
import type { DecidingRule } from '../arbiter/reports.ts';
import { type DemoAlgorithm, type NodeIds, partitionsOf, type World } from './world.ts';

export interface Side {
  readonly nodeIds: NodeIds;
  readonly holdsVote: boolean;
  /** Its own, and the arbiter's where it holds that. */
  readonly votes: number;
  readonly quorate: boolean;
}

export interface Outcome {
  readonly sides: readonly Side[];
  /** The votes that a side needs to go on. */
  readonly quorum: number;
  /** Who holds the arbiter's vote, of all sides together; nobody is empty. */
  readonly winner: NodeIds;
  /** undefined: there is no arbiter. */
  readonly rule: DecidingRule | undefined;
}

interface Case {
  readonly world: World;
  readonly partitions: readonly NodeIds[];
  /** Exactly half of all nodes. */
  readonly halves: readonly NodeIds[];
  /** Who held the vote before. */
  readonly holder: NodeIds;
}

interface Row {
  readonly rule: DecidingRule;
  readonly candidates: (situation: Case) => readonly NodeIds[];
}

const withLowest = (partitions: readonly NodeIds[]): readonly NodeIds[] => {
  const lowest = Math.min(...partitions.flat());
  return partitions.filter((partition) => partition.includes(lowest));
};

const TIE_BREAKER: Row = { rule: 'lmsTieBreaker', candidates: ({ partitions }) => withLowest(partitions) };

/** From top to bottom: the first row with exactly one candidate decides. */
const TABLES: Readonly<Record<Exclude<DemoAlgorithm, 'test'>, readonly Row[]>> = {
  ffsplit: [
    {
      rule: 'majority',
      candidates: ({ partitions, world }) => partitions.filter(({ length }) => length * 2 > world.nodeIds.length),
    },
    { rule: 'onlyHalf', candidates: ({ halves }) => halves },
    {
      rule: 'keepActive',
      candidates: ({ halves, holder }) => halves.filter((half) => half.some((nodeId) => holder.includes(nodeId))),
    },
    { rule: 'tieBreaker', candidates: ({ halves }) => halves.filter((half) => half.includes(1)) },
  ],
  lms: [
    { rule: 'oneRing', candidates: ({ partitions }) => partitions },
    { rule: 'bestScore', candidates: ({ partitions }) => longest(partitions) },
    TIE_BREAKER,
  ],
  '2nodelms': [
    { rule: 'bothNodes', candidates: ({ partitions }) => partitions.filter(({ length }) => length === 2) },
    { rule: 'lastMan', candidates: ({ partitions }) => partitions },
    TIE_BREAKER,
  ],
};

/** What the arbiter adds to the votes of a side: with lms so many that one node can go on alone. */
export function arbiterVotes({ algorithm, nodeIds }: Pick<World, 'algorithm' | 'nodeIds'>): number {
  return algorithm === 'lms' ? nodeIds.length - 1 : 1;
}

/** The votes that a side needs to go on. */
export function quorumOf(world: Pick<World, 'algorithm' | 'nodeIds'>): number {
  return Math.floor((world.nodeIds.length + arbiterVotes(world)) / 2) + 1;
}

/** `holder`: who held the arbiter's vote before. */
export function outcomeOf(world: World, holder: NodeIds): Outcome {
  const quorum = quorumOf(world);
  const partitions = partitionsOf(world);
  const { winners, rule } = winnersOf(world, partitions, holder);
  const sides = partitions.map((nodeIds) => {
    const holdsVote = winners.includes(nodeIds);
    const votes = nodeIds.length + (holdsVote ? arbiterVotes(world) : 0);
    return { nodeIds, holdsVote, votes, quorate: votes >= quorum };
  });
  return { sides, quorum, winner: winners.flat().sort((a, b) => a - b), rule };
}

/** Both halves reach the arbiter, and neither is preferred by what was before. */
export function isEvenSplit(world: World): boolean {
  return partitionsOf(world).filter(({ length }) => length * 2 === world.nodeIds.length).length === 2;
}

interface Winners {
  readonly winners: readonly NodeIds[];
  readonly rule: DecidingRule | undefined;
}

function winnersOf(world: World, partitions: readonly NodeIds[], holder: NodeIds): Winners {
  if (!world.hasArbiter) return { winners: [], rule: undefined };
  if (world.algorithm === 'test') return { winners: partitions, rule: 'everybody' };
  const halves = partitions.filter(({ length }) => length * 2 === world.nodeIds.length);
  for (const { rule, candidates } of TABLES[world.algorithm]) {
    const [winner, ...others] = candidates({ world, partitions, halves, holder });
    if (winner !== undefined && others.length === 0) return { winners: [winner], rule };
  }
  return { winners: [], rule: 'nobody' };
}

function longest(partitions: readonly NodeIds[]): readonly NodeIds[] {
  const most = Math.max(...partitions.map(({ length }) => length));
  return partitions.filter(({ length }) => length === most);
}
