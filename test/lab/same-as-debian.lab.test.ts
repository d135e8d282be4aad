/**
 * Debian's corosync-qnetd and ours, side by side in two labs: the same things happen to both, and what nodes and status tool
 * show must be alike word for word. Debian's own tool asks both, which also proves that our local socket serves it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ArbiterProgram, chosenArbiter, DEBIAN } from './arbiter.ts';
import { Lab } from './lab.ts';
import { Play } from './play.ts';
import { Trial } from './trial.ts';
import { until } from './wait.ts';

const STATUS_DEADLINE_MS = 10_000;

interface Stage {
  readonly lab: Lab;
  readonly play: Play;
}

async function setUp(program: ArbiterProgram): Promise<Stage> {
  const lab = await Lab.create(program);
  const trial = new Trial('side by side', lab);
  return { lab, play: new Play(trial, await lab.addCluster('twin', 2)) };
}

let stages: readonly Stage[] = [];

before(async () => {
  stages = await Promise.all([setUp(DEBIAN), setUp(chosenArbiter())]);
});
after(() => Promise.all(stages.map(({ lab }) => lab.destroy())));

/** What the tool prints, without the two things that chance decides: the ports of clients and the rings of corosync. */
async function status({ lab }: Stage, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await lab.arbiter.tool(...args);
  const text = stdout.replaceAll(/(Client address:.*):\d+$/gm, '$1:PORT').replaceAll(/(Ring ID:\s+).*$/gm, '$1RING');
  return `exit ${exitCode}\n${text}`;
}

async function assertAlike(): Promise<void> {
  for (const args of [['-s'], ['-s', '-v'], ['-l'], ['-l', '-v'], ['-l', '-c', 'twin'], ['-l', '-c', 'other']]) {
    let texts: string[] = [];
    const look = async (): Promise<string | undefined> => {
      texts = await Promise.all(stages.map((stage) => status(stage, ...args)));
      return new Set(texts).size === 1 ? undefined : texts.join('\n');
    };
    await until(`corosync-qnetd-tool ${args.join(' ')} prints the same`, look, { deadlineMs: STATUS_DEADLINE_MS });
    assert.match(texts[0] ?? '', /^exit 0\n/);
  }
}

const STORY: readonly (readonly [string, (play: Play) => Promise<void>])[] = [
  ['healthy', (play) => play.start()],
  ['split', (play) => play.split('1|2')],
  ['healed', (play) => play.heal()],
  ['one node crashed', (play) => play.crash(1)],
  ['the node is back', (play) => play.comeBack([1], '12')],
];

for (const [state, act] of STORY) {
  test(`${state}: nodes and status tool show the same with both arbiters`, async () => {
    await Promise.all(stages.map(({ play }) => act(play)));
    await assertAlike();
  });
}
