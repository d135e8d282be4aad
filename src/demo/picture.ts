/**
 * Draws a moment of the show: a box for each partition with its nodes and votes, and above them the arbiter with a line
 * to where its vote is. Pure text of at most 80 columns.
 */
import { nodesText, wrapped } from '../status/text-layout.ts';
import type { NodeSeen, Seen } from './check.ts';
import { arbiterVotes } from './rules.ts';
import type { Scene } from './story.ts';
import { type NodeIds, partitionsOf, type World } from './world.ts';

export type Tone = 'good' | 'bad' | 'unsure' | 'strong' | 'plain';

/** Each character one column. */
export interface Glyphs {
  /** Corners from the upper left clockwise, then horizontal and vertical. */
  readonly box: readonly [string, string, string, string, string, string];
  readonly turn: string;
  readonly branch: string;
  readonly arrow: string;
  readonly holds: string;
  readonly lacks: string;
  readonly cut: string;
}

export const UNICODE: Glyphs = {
  box: ['╭', '╮', '╯', '╰', '─', '│'],
  turn: '┐',
  branch: '┬',
  arrow: '▼',
  holds: '●',
  lacks: '○',
  cut: '╳',
};
export const ASCII: Glyphs = {
  box: ['+', '+', '+', '+', '-', '|'],
  turn: '+',
  branch: '+',
  arrow: 'v',
  holds: '*',
  lacks: '.',
  cut: 'X',
};

export interface Style {
  readonly glyphs: Glyphs;
  /** Adds no columns. */
  readonly paint: (tone: Tone, text: string) => string;
}

export interface Moment {
  readonly scene: Scene;
  readonly number: number;
  readonly count: number;
  readonly seen: Seen;
  /** Empty until the scene has ended. */
  readonly verdict: readonly string[];
}

interface Part {
  readonly nodeIds: NodeIds;
  readonly state: 'quorate' | 'not quorate' | 'regrouping';
  readonly holders: NodeIds;
  readonly votes: string;
}

const INNER_COLUMNS_MIN = 20;
const GAP = '   ';
/** As many as a verdict has, so that nothing jumps when it comes. */
const TEXT_LINES = 6;

export function pictureOf({ scene, number, count, seen, verdict }: Moment, style: Style): string[] {
  const { world } = scene;
  const parts = partsOf(world, seen);
  const text = verdict.flatMap((sentence) => hanging(sentence));
  while (text.length < TEXT_LINES) text.push('');
  return [
    style.paint('strong', ` ${number}/${count}  ${scene.title}`),
    ...wrapped(scene.happens, '      '),
    '',
    ...arbiterLines(world.hasArbiter, parts, style),
    ...boxes(parts, style),
    world.lost.length === 0 ? '' : style.paint('bad', `  lost: ${nodesText(world.lost)}`),
    ...text,
    '',
  ];
}

/** `[1* 2*] quorate  [3 4] not quorate`, for a line without a picture. */
export function compactText({ scene, seen }: Moment): string {
  const parts = partsOf(scene.world, seen);
  const shown = parts.map(({ nodeIds, holders, state, votes }) => {
    const nodes = nodeIds.map((nodeId) => `${nodeId}${holders.includes(nodeId) ? '*' : ''}`);
    return `[${nodes.join(' ')}] ${state} (votes: ${votes})`;
  });
  return shown.join('  ');
}

function partsOf(world: World, { nodes }: Seen): Part[] {
  return partitionsOf(world).map((nodeIds) => partOf(nodeIds, nodes, arbiterVotes(world)));
}

function partOf(nodeIds: NodeIds, nodes: readonly NodeSeen[], ofArbiter: number): Part {
  const own = nodes.filter(({ nodeId }) => nodeIds.includes(nodeId));
  const [first] = own;
  const holders = own.filter(({ casts }) => casts).map(({ nodeId }) => nodeId);
  if (first === undefined) return { nodeIds, state: 'regrouping', holders, votes: 'none yet' };
  const together = own.length === nodeIds.length && own.every(({ members }) => members.join() === nodeIds.join());
  const agreed = own.every(({ synchronising, quorate }) => !synchronising && quorate === first.quorate);
  const [added, extra] = first.casts ? [ofArbiter, ` + ${ofArbiter}`] : [0, ''];
  return {
    nodeIds,
    state: !together || !agreed ? 'regrouping' : first.quorate ? 'quorate' : 'not quorate',
    holders,
    votes: `${first.votes - added}${extra}, needs ${first.quorum}`,
  };
}

function innerColumns({ nodeIds }: Part): number {
  return Math.max(INNER_COLUMNS_MIN, nodeIds.length * 3 - 1);
}

function arbiterLines(hasArbiter: boolean, parts: readonly Part[], { glyphs, paint }: Style): string[] {
  if (!hasArbiter) return [paint('bad', '  arbiter: lost'), ''];
  const columns = parts.flatMap((part, at) => (holdsVote(part) ? [middleOf(parts, at)] : []));
  if (columns.length === 0) return [paint('unsure', '  arbiter: its vote is with nobody now'), ''];
  const [, , , , horizontal] = glyphs.box;
  let line = '  arbiter ';
  let arrows = '';
  for (const column of columns) {
    line = `${line.padEnd(column, horizontal)}${column === columns.at(-1) ? glyphs.turn : glyphs.branch}`;
    arrows = `${arrows.padEnd(column)}${glyphs.arrow}`;
  }
  return [paint('good', line), paint('good', arrows)];
}

const holdsVote = ({ nodeIds, holders }: Part): boolean => holders.length === nodeIds.length;

/** The column above the middle of a box. */
function middleOf(parts: readonly Part[], at: number): number {
  const before = parts.slice(0, at).reduce((sum, part) => sum + innerColumns(part) + 4 + GAP.length, 2);
  return before + Math.floor((innerColumns(parts[at] ?? emptyPart) + 4) / 2);
}

const emptyPart: Part = { nodeIds: [], state: 'regrouping', holders: [], votes: '' };

function boxes(parts: readonly Part[], style: Style): string[] {
  const drawn = parts.map((part) => boxOf(part, style));
  const { cut } = style.glyphs;
  return [0, 1, 2, 3].map((row) => {
    const gap = row === 1 || row === 2 ? ` ${style.paint('bad', cut)} ` : GAP;
    return `  ${drawn.map((lines) => lines[row] ?? '').join(gap)}`;
  });
}

function boxOf(part: Part, { glyphs, paint }: Style): string[] {
  const [upperLeft, upperRight, lowerRight, lowerLeft, horizontal, vertical] = glyphs.box;
  const columns = innerColumns(part);
  const tone = part.state === 'quorate' ? 'good' : part.state === 'not quorate' ? 'bad' : 'unsure';
  const nodes = part.nodeIds.map((nodeId) => `${part.holders.includes(nodeId) ? glyphs.holds : glyphs.lacks}${nodeId}`);
  const title = ` ${part.state} `;
  const row = (text: string): string => paint(tone, `${vertical} ${text.padEnd(columns)} ${vertical}`);
  return [
    paint(tone, `${upperLeft}${horizontal}${title.padEnd(columns + 1, horizontal)}${upperRight}`),
    row(nodes.join(' ')),
    row(`votes ${part.votes}`),
    paint(tone, `${lowerLeft}${horizontal.repeat(columns + 2)}${lowerRight}`),
  ];
}

/** The second line of a sentence further in than the first. */
function hanging(sentence: string): string[] {
  return wrapped(sentence, '    ').map((line, at) => (at === 0 ? line.slice(2) : line));
}
