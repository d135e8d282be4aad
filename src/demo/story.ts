/**
 * What is played: a split, lost nodes and a lost arbiter, each undone again. Without a seed always in the order of the
 * manual; a seed draws the order, the split and the nodes. Every scene knows what has to come of it, so nothing is played
 * of which no rule tells the end.
 */
import { nodesText } from '../status/text-layout.ts';
import { Chance } from './random.ts';
import { arbiterVotes, isEvenSplit, type Outcome, outcomeOf, quorumOf } from './rules.ts';
import {
  type Change,
  changed,
  type DemoAlgorithm,
  healthyWorld,
  type NodeIds,
  partitionsOf,
  type World,
} from './world.ts';

export interface Scene {
  readonly title: string;
  /** What happens, in a sentence. */
  readonly happens: string;
  readonly change: Change;
  /** As it is afterwards. */
  readonly world: World;
  readonly outcome: Outcome;
}

interface Incident {
  readonly begin: Change;
  readonly undo: Change;
}

const NUMBERS = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];

export function storyOf(
  nodeCount: number,
  seed: number | undefined,
  algorithm: DemoAlgorithm = 'ffsplit',
): readonly Scene[] {
  const world = healthyWorld(nodeCount, algorithm);
  const changes = seed === undefined ? manualOrder(world) : drawnOrder(world, new Chance(seed));
  const scenes: Scene[] = [];
  let before = world;
  let holder: NodeIds = [];
  for (const change of [{ kind: 'start' } as const, ...changes]) {
    const after = changed(before, change);
    const outcome = outcomeOf(after, holder);
    scenes.push({ ...wordsOf(change, before), change, world: after, outcome });
    before = after;
    holder = outcome.winner;
  }
  return scenes;
}

function manualOrder(world: World): Change[] {
  const { nodeIds, algorithm } = world;
  // With "test" both halves would go on.
  const first = Math.ceil(nodeIds.length / 2) + (algorithm === 'test' && nodeIds.length % 2 === 0 ? 1 : 0);
  const lost = lostInManual(world);
  return [
    { kind: 'split', islands: [nodeIds.slice(0, first), nodeIds.slice(first)] },
    { kind: 'heal' },
    { kind: 'loseNodes', nodeIds: lost },
    { kind: 'loseArbiter' },
    { kind: 'returnArbiter' },
    { kind: 'returnNodes', nodeIds: lost },
  ];
}

/** The last man is not the one that a tie-breaker would prefer. */
function lostInManual({ nodeIds, algorithm }: World): NodeIds {
  if (algorithm === 'lms' || algorithm === '2nodelms') return nodeIds.slice(0, -1);
  return [nodeIds.length > 2 ? 3 : 2];
}

/** One change at a time, any of those that may come next, until everything is undone. */
function drawnOrder(start: World, chance: Chance): Change[] {
  const nodeIds = drawnLosses(start, chance);
  let toBegin: Incident[] = [
    { begin: { kind: 'split', islands: drawnIslands(start, chance) }, undo: { kind: 'heal' } },
    { begin: { kind: 'loseNodes', nodeIds }, undo: { kind: 'returnNodes', nodeIds } },
    { begin: { kind: 'loseArbiter' }, undo: { kind: 'returnArbiter' } },
  ];
  let toUndo: Incident[] = [];
  let world = start;
  const changes: Change[] = [];
  while (toBegin.length + toUndo.length > 0) {
    const possible = [
      ...toBegin.filter(({ begin }) => isForeseeable(begin, world)),
      ...toUndo.filter(({ undo }) => isForeseeable(undo, world)),
    ];
    const incident = chance.oneOf(possible);
    const isBeginning = toBegin.includes(incident);
    const change = isBeginning ? incident.begin : incident.undo;
    toBegin = toBegin.filter((other) => other !== incident);
    toUndo = isBeginning ? [...toUndo, incident] : toUndo.filter((other) => other !== incident);
    world = changed(world, change);
    changes.push(change);
  }
  return changes;
}

function drawnLosses({ nodeIds, algorithm }: World, chance: Chance): NodeIds {
  if (algorithm !== 'lms') return [chance.oneOf(nodeIds)];
  const mixed = chance.shuffled(nodeIds);
  return mixed.slice(0, 1 + chance.below(nodeIds.length - 1)).sort((a, b) => a - b);
}

/**
 * An arbiter that comes back to two halves gives its vote to the one that happens to reach it first; where nodes are
 * judged one by one any partition can be first. There the others are not told either when those leave who had the vote.
 * And a node that starts anew leaves the device's votes out of its expected votes until it has met every other node, as
 * real corosync does; unless it is one vote in a cluster of even size its quorum is then too low.
 */
function isForeseeable(change: Change, world: World): boolean {
  const isWhole = world.islands.length === 1;
  const isJudgedOneByOne = world.algorithm !== 'ffsplit';
  switch (change.kind) {
    case 'returnArbiter':
      return isJudgedOneByOne ? isWhole : !isEvenSplit(world);
    case 'returnNodes':
      return isWhole || (arbiterVotes(world) === 1 && world.nodeIds.length % 2 === 0 && !isJudgedOneByOne);
    case 'loseNodes':
      return isWhole || !isJudgedOneByOne;
    default:
      return true;
  }
}

/** Mostly two sides, with even halves as often as not; three where there are nodes enough. */
function drawnIslands(world: World, chance: Chance): NodeIds[] {
  const { nodeIds } = world;
  const mixed = chance.shuffled(nodeIds);
  const cuts = new Set([1 + chance.below(nodeIds.length - 1)]);
  if (nodeIds.length > 4 && chance.below(3) === 0) cuts.add(1 + chance.below(nodeIds.length - 1));
  else if (nodeIds.length % 2 === 0 && chance.below(2) === 0) {
    cuts.clear();
    cuts.add(nodeIds.length / 2);
  }
  // With "test" every side has the vote: where two of them could go on, one node is cut off instead.
  if (world.algorithm === 'test' && isEnoughForTwo(cutAt(mixed, cuts), world)) return cutAt(mixed, new Set([1]));
  return cutAt(mixed, cuts);
}

function cutAt(mixed: NodeIds, cuts: ReadonlySet<number>): NodeIds[] {
  const ends = [0, ...[...cuts].sort((a, b) => a - b), mixed.length];
  const islands = ends.slice(1).map((end, at) => mixed.slice(ends[at], end).sort((a, b) => a - b));
  return islands.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

function isEnoughForTwo(islands: readonly NodeIds[], world: World): boolean {
  return islands.filter(({ length }) => length + arbiterVotes(world) >= quorumOf(world)).length > 1;
}

function wordsOf(change: Change, before: World): Pick<Scene, 'title' | 'happens'> {
  switch (change.kind) {
    case 'start': {
      const all = `${NUMBERS[before.nodeIds.length] ?? before.nodeIds.length} nodes`;
      return { title: 'Healthy', happens: `The arbiter and ${all} start and find each other.` };
    }
    case 'split': {
      const sides = partitionsOf(changed(before, change));
      const counts = sides.map(({ length }) => NUMBERS[length] ?? String(length));
      const title = sides.length === 1 ? 'A split beside a lost node' : capital(counts.join(' against '));
      const parts = change.islands.map((island) => nodesText(island)).join(' | ');
      const reach = before.hasArbiter ? ' All still reach the arbiter.' : '';
      return { title, happens: `The cluster's own network is cut: ${parts}.${reach}` };
    }
    case 'heal':
      return { title: 'Healed', happens: "The cluster's network is whole again." };
    case 'loseNodes': {
      const { nodeIds } = change;
      const [title, power] = nodeIds.length === 1 ? ['A node is lost', 'its power'] : ['Nodes are lost', 'their power'];
      const isLastMan = before.nodeIds.length - before.lost.length - nodeIds.length === 1;
      const verb = nodeIds.length === 1 ? 'loses' : 'lose';
      return {
        title: isLastMan && before.algorithm === 'lms' ? 'One node is left' : title,
        happens: `${capital(nodesText(nodeIds))} ${verb} ${power}.`,
      };
    }
    case 'returnNodes': {
      const { nodeIds } = change;
      return nodeIds.length === 1
        ? { title: 'The node is back', happens: `${capital(nodesText(nodeIds))} starts again.` }
        : { title: 'The nodes are back', happens: `${capital(nodesText(nodeIds))} start again.` };
    }
    case 'loseArbiter':
      return { title: 'The arbiter is lost', happens: "The arbiter's machine goes away." };
    case 'returnArbiter':
      return { title: 'The arbiter is back', happens: `The arbiter starts again.${memoryOf(before)}` };
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What an arbiter writes down it does for vote_safety=strict alone. */
const memoryOf = ({ algorithm }: World): string =>
  algorithm === 'test' ? '' : ' It has it in writing who had its vote.';
