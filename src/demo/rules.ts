/**
 * What has to come of a situation, from the rules of the fifty-fifty split alone. A table, kept apart from the arbiter's
 * own code on purpose: one is checked against the other.
 */
import type { DecidingRule } from '../arbiter/reports.ts';
import { type NodeIds, partitionsOf, type World } from './world.ts';

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
  /** Who holds the arbiter's vote; nobody is empty. */
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

/** From top to bottom: the first row with exactly one candidate decides. */
const TABLE: readonly Row[] = [
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
];

const ARBITER_VOTES = 1;

/** `holder`: who held the arbiter's vote before. */
export function outcomeOf(world: World, holder: NodeIds): Outcome {
  const quorum = Math.floor((world.nodeIds.length + ARBITER_VOTES) / 2) + 1;
  const partitions = partitionsOf(world);
  const { winner, rule } = winnerOf(world, partitions, holder);
  const sides = partitions.map((nodeIds) => {
    const holdsVote = nodeIds === winner;
    const votes = nodeIds.length + (holdsVote ? ARBITER_VOTES : 0);
    return { nodeIds, holdsVote, votes, quorate: votes >= quorum };
  });
  return { sides, quorum, winner, rule };
}

/** Both halves reach the arbiter, and neither is preferred by what was before. */
export function isEvenSplit(world: World): boolean {
  return partitionsOf(world).filter(({ length }) => length * 2 === world.nodeIds.length).length === 2;
}

function winnerOf(world: World, partitions: readonly NodeIds[], holder: NodeIds): Pick<Outcome, 'winner' | 'rule'> {
  if (!world.hasArbiter) return { winner: [], rule: undefined };
  const halves = partitions.filter(({ length }) => length * 2 === world.nodeIds.length);
  for (const { rule, candidates } of TABLE) {
    const [winner, ...others] = candidates({ world, partitions, halves, holder });
    if (winner !== undefined && others.length === 0) return { winner, rule };
  }
  return { winner: [], rule: 'nobody' };
}
