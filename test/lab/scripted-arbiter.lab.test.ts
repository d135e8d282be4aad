/**
 * Debian's corosync-qdevice on a real corosync with a scripted arbiter: every message that it sends, every vote that it
 * confirms, and what votequorum shows in the end have to be what is recorded, which our core does (test/member/scripts.test.ts);
 * and in scripts drawn by chance, what our core does beside it.
 *
 * Always: the first script of each algorithm, and three by chance. `npm run compare:node` with LAB_SCRIPTS=N: all that Debian's
 * daemon can play, with our daemon on a real corosync as well, and N by chance; LAB_SEED repeats these.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allScripts } from '../member/scripts/files.ts';
import { randomScript } from '../member/scripts/random-script.ts';
import { type Outcome, recorded, runScript } from '../member/scripts/run-script.ts';
import { TwinStage } from '../member/scripts/twin-stage.ts';
import type { Case } from '../scenarios/script.ts';
import { RealStage } from './real-stage.ts';

/** A script mostly waits. */
const SIDE_BY_SIDE = 8;
const ALWAYS_BY_CHANCE = 3;

const wish = process.env['LAB_SCRIPTS'];
const firstSeed = Number(process.env['LAB_SEED'] ?? Date.now() % 1_000_000_000);
const byChance = wish === undefined ? ALWAYS_BY_CHANCE : Number(wish);

const kind = ({ cluster }: Case): string => `${cluster['algorithm']} ${cluster['wait-for-all']}`;
const isFirstOfItsKind = (scenario: Case, index: number, all: readonly Case[]): boolean =>
  all.findIndex((other) => kind(other) === kind(scenario)) === index;

async function playReal(scenario: Case, program: 'debian' | 'ours'): Promise<{ outcomes: Outcome[]; log: string }> {
  const stage = await RealStage.create(scenario.cluster, program);
  try {
    return { outcomes: await runScript(scenario, stage), log: stage.daemonLog };
  } finally {
    await stage.close();
  }
}

const playable = allScripts().filter(({ cluster }) => cluster['safety'] === 'upstream');
const programs = wish === undefined ? (['debian'] as const) : (['debian', 'ours'] as const);

describe('scripts', { concurrency: SIDE_BY_SIDE }, () => {
  for (const scenario of wish === undefined ? playable.filter(isFirstOfItsKind) : playable) {
    for (const program of programs) {
      test(`${program}: ${scenario.file}: ${scenario.title}`, async () => {
        const { outcomes, log } = await playReal(scenario, program);
        assert.deepEqual(outcomes, recorded(scenario, program), log);
      });
    }
  }

  for (let seed = firstSeed; seed < firstSeed + byChance; seed += 1) {
    const scenario = randomScript(seed);
    test(`by chance: LAB_SEED=${seed}: ${kind(scenario)}, ${scenario.commands.length} commands`, async () => {
      const { outcomes, log } = await playReal(scenario, 'debian');
      assert.deepEqual(await runScript(scenario, new TwinStage(scenario.cluster)), outcomes, log);
    });
  }
});
