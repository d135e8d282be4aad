/**
 * Which programs meet in a test: either arbiter with either daemon on the nodes, or with a mix of them in one cluster. The six
 * combinations take long on few cores, so a file names the ones that it always runs; LAB_MATRIX=full runs all six in each.
 * Debian's arbiter with Debian's daemons is the standard: what it does by the rules of expected.ts, the others must do.
 */
import { describe } from 'node:test';
import { arbiterProgram } from './arbiter.ts';
import type { ClusterSettings } from './cluster.ts';
import { Lab } from './lab.ts';
import { nodePrograms } from './node-program.ts';
import { Play } from './play.ts';
import { Trial } from './trial.ts';

const COMBINATIONS = {
  'our arbiter, our nodes': { arbiter: 'ours', nodes: 'ours' },
  "Debian's arbiter, our nodes": { arbiter: 'debian', nodes: 'ours' },
  'our arbiter, mixed nodes': { arbiter: 'ours', nodes: 'mix' },
  "Debian's arbiter, mixed nodes": { arbiter: 'debian', nodes: 'mix' },
  "our arbiter, Debian's nodes": { arbiter: 'ours', nodes: 'debian' },
  "Debian's arbiter, Debian's nodes": { arbiter: 'debian', nodes: 'debian' },
} as const;
export type Combination = keyof typeof COMBINATIONS;

/** Clusters wait far more than they work, but a starved one loses its token. */
const SIDE_BY_SIDE = 3;

export const isFullMatrix = process.env['LAB_MATRIX'] === 'full';

/** Labs of one suite run side by side, the tests of each in order. LAB_MATRIX may also name single combinations, after commas. */
export function forEachCombination(always: readonly Combination[], tests: (combination: Combination) => void): void {
  const wish = process.env['LAB_MATRIX'] ?? '';
  const all = Object.keys(COMBINATIONS).filter((name) => name in COMBINATIONS) as Combination[];
  const wished = all.filter((name) => wish.split(';').includes(name));
  const chosen = isFullMatrix ? all : wished.length > 0 ? wished : always;
  describe('programs', { concurrency: SIDE_BY_SIDE }, () => {
    for (const combination of chosen) describe(combination, { concurrency: 1 }, () => tests(combination));
  });
}

export interface Stage {
  readonly lab: Lab;
  readonly play: Play;
}

/** A lab of its own with one cluster, nothing on its nodes started yet. */
export async function setUp(
  combination: Combination,
  size: number,
  settings: Partial<ClusterSettings> = {},
): Promise<Stage> {
  const { arbiter, nodes } = COMBINATIONS[combination];
  const lab = await Lab.create(arbiterProgram(arbiter));
  try {
    const cluster = await lab.addCluster('matrix', size, settings, nodePrograms(nodes));
    return { lab, play: new Play(new Trial(`${size} nodes: ${combination}`, lab), cluster) };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}
