/**
 * What is played: a split, a lost node and a lost arbiter, each undone again. Without a seed always in the order of the
 * manual; a seed draws the order, the split and the node. Every scene knows what has to come of it.
 */
import { nodesText } from '../status/text-layout.ts';
import { Chance } from './random.ts';
import { isEvenSplit, type Outcome, outcomeOf } from './rules.ts';
import { type Change, changed, healthyWorld, type NodeIds, partitionsOf, type World } from './world.ts';

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

export function storyOf(nodeCount: number, seed: number | undefined): readonly Scene[] {
  const world = healthyWorld(nodeCount);
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

function manualOrder({ nodeIds }: World): Change[] {
  const halfway = Math.ceil(nodeIds.length / 2);
  const nodeId = nodeIds.length > 2 ? 3 : 2;
  return [
    { kind: 'split', islands: [nodeIds.slice(0, halfway), nodeIds.slice(halfway)] },
    { kind: 'heal' },
    { kind: 'loseNode', nodeId },
    { kind: 'loseArbiter' },
    { kind: 'returnArbiter' },
    { kind: 'returnNode', nodeId },
  ];
}

/** One change at a time, any of those that may come next, until everything is undone. */
function drawnOrder(start: World, chance: Chance): Change[] {
  const nodeId = chance.oneOf(start.nodeIds);
  let toBegin: Incident[] = [
    { begin: { kind: 'split', islands: drawnIslands(start.nodeIds, chance) }, undo: { kind: 'heal' } },
    { begin: { kind: 'loseNode', nodeId }, undo: { kind: 'returnNode', nodeId } },
    { begin: { kind: 'loseArbiter' }, undo: { kind: 'returnArbiter' } },
  ];
  let toUndo: Incident[] = [];
  let world = start;
  const changes: Change[] = [];
  while (toBegin.length + toUndo.length > 0) {
    const undoable = toUndo.filter(({ undo }) => isForeseeable(undo, world));
    const incident = chance.oneOf([...toBegin, ...undoable]);
    const isBeginning = toBegin.includes(incident);
    const change = isBeginning ? incident.begin : incident.undo;
    toBegin = toBegin.filter((other) => other !== incident);
    toUndo = isBeginning ? [...toUndo, incident] : toUndo.filter((other) => other !== incident);
    world = changed(world, change);
    changes.push(change);
  }
  return changes;
}

/**
 * An arbiter that comes back to two halves gives its vote to the one that happens to reach it first. And a node that
 * starts anew leaves the device's vote out of its expected votes until it has met every other node, as real corosync
 * does; where the nodes are odd in number its quorum is then one too low.
 */
function isForeseeable(undo: Change, world: World): boolean {
  if (undo.kind === 'returnArbiter') return !isEvenSplit(world);
  if (undo.kind !== 'returnNode') return true;
  return world.islands.length === 1 || world.nodeIds.length % 2 === 0;
}

/** Mostly two sides, with even halves as often as not; three where there are nodes enough. */
function drawnIslands(nodeIds: NodeIds, chance: Chance): NodeIds[] {
  const mixed = chance.shuffled(nodeIds);
  const cuts = new Set([1 + chance.below(nodeIds.length - 1)]);
  if (nodeIds.length > 4 && chance.below(3) === 0) cuts.add(1 + chance.below(nodeIds.length - 1));
  else if (nodeIds.length % 2 === 0 && chance.below(2) === 0) {
    cuts.clear();
    cuts.add(nodeIds.length / 2);
  }
  const ends = [0, ...[...cuts].sort((a, b) => a - b), nodeIds.length];
  const islands = ends.slice(1).map((end, at) => mixed.slice(ends[at], end).sort((a, b) => a - b));
  return islands.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
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
    case 'loseNode':
      return { title: 'A node is lost', happens: `Node ${change.nodeId} loses its power.` };
    case 'returnNode':
      return { title: 'The node is back', happens: `Node ${change.nodeId} starts again.` };
    case 'loseArbiter':
      return { title: 'The arbiter is lost', happens: "The arbiter's machine goes away." };
    case 'returnArbiter':
      return { title: 'The arbiter is back', happens: 'The arbiter starts again, without any memory.' };
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
