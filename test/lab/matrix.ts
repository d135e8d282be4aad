/**
 * Which programs meet in a test: either arbiter with either daemon on the nodes, or with a mix of them in one cluster. The six
 * combinations take long on few cores, so a file names the ones that it always runs; LAB_MATRIX=full runs all six in each, and
 * 'full;NAME' the named one to the same extent.
 * Debian's arbiter with Debian's daemons is the standard: what it does by the rules of expected.ts, the others must do.
 */
import { describe } from 'node:test';
import { arbiterProgram } from './arbiter.ts';
import type { ClusterSettings } from './cluster.ts';
import { Lab } from './lab.ts';
import { nodePrograms } from './node-program.ts';
import { Play } from './play.ts';
import { Trial } from './trial.ts';

const COMBINATIONS = [
  { name: 'our arbiter, our nodes', arbiter: 'ours', nodes: 'ours' },
  { name: "Debian's arbiter, our nodes", arbiter: 'debian', nodes: 'ours' },
  { name: 'our arbiter, mixed nodes', arbiter: 'ours', nodes: 'mix' },
  { name: "Debian's arbiter, mixed nodes", arbiter: 'debian', nodes: 'mix' },
  { name: "our arbiter, Debian's nodes", arbiter: 'ours', nodes: 'debian' },
  { name: "Debian's arbiter, Debian's nodes", arbiter: 'debian', nodes: 'debian' },
] as const;
export type Combination = (typeof COMBINATIONS)[number]['name'];

/** Clusters wait far more than they work, but a starved one loses its token. */
const SIDE_BY_SIDE = 3;

const WISHES = (process.env['LAB_MATRIX'] ?? '').split(';');
export const isFullMatrix = WISHES.includes('full');

/** Labs of one suite run side by side, the tests of each in order. LAB_MATRIX may also name single ones, between semicolons. */
export function forEachCombination(always: readonly Combination[], tests: (combination: Combination) => void): void {
  const all = COMBINATIONS.map(({ name }) => name);
  const wished = all.filter((name) => WISHES.includes(name));
  const chosen = wished.length > 0 ? wished : isFullMatrix ? all : always;
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
  const programs = COMBINATIONS.find(({ name }) => name === combination);
  if (programs === undefined) throw new Error(`nobody knows "${combination}"`);
  const lab = await Lab.create(arbiterProgram(programs.arbiter));
  try {
    const cluster = await lab.addCluster('matrix', size, settings, nodePrograms(programs.nodes));
    return { lab, play: new Play(new Trial(`${size} nodes: ${combination}`, lab), cluster) };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}
