/** Two nodes and an arbiter: what most people have. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseConf, serialise } from '../../src/setup/conf/document.ts';
import { raiseConfigVersion } from '../../src/setup/conf/edit.ts';
import type { CommandResult } from '../lab/processes.ts';
import { until } from '../lab/wait.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { Stage } from './lab/stage.ts';

const CONF = '/etc/corosync/corosync.conf';
const STEP_MS_MAX = 60_000;
const ESCAPE = '\u001b';
let stage: Stage;

before(async () => {
  stage = await Stage.create({ nodes: 2, quorumLines: ['two_node: 1', 'wait_for_all: 0'] });
});
after(() => stage.destroy());

function succeeded({ exitCode, stdout, stderr }: CommandResult): string {
  assert.equal(exitCode, 0, `${stdout}${stderr}${stage.logs()}`);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  return stdout;
}

const setup = (...args: readonly string[]) => stage.qdevice('setup', stage.arbiterAddress, '--yes', ...args);
const remove = (...args: readonly string[]) => stage.qdevice('remove', '--yes', ...args);

/** Raised twice, a reload each: nothing else may be different. */
function confAfterRemoval(before: string): string {
  return serialise(raiseConfigVersion(raiseConfigVersion(parseConf(before))));
}

test('a dry run says what it would do and does nothing', async () => {
  const before = await snapshot(stage);
  const told = succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--dry-run'));
  assert.match(told, /Nothing was changed\. It would:/);
  assert.deepEqual(differences(before, await snapshot(stage)), []);
});

test('on a terminal it says what it is busy with, in 80 columns and in colour', async () => {
  const escapes = new RegExp(`${ESCAPE}\\[[0-9;]*[A-Za-z]`, 'g');
  const screens = [
    [['setup', stage.arbiterAddress, '--dry-run'], /\.\.\. +looking at 2 nodes and 192\.0\.2\.1/],
    [['setup', '--help'], /Exit codes: 0 done; 1 nothing was changed/],
  ] as const;
  for (const [args, words] of screens) {
    const { exitCode, screen } = await stage.onTerminal(args, []);
    assert.equal(exitCode, 0, screen);
    assert.match(screen, words);
    for (const line of screen.replaceAll(escapes, '').split(/[\r\n]+/)) assert.ok(line.length <= 80, line);
    assert.equal(screen.includes(`${ESCAPE}[33mnote${ESCAPE}[0m `), args[1] !== '--help');
  }
});

test('machines are told everything in JSON, mistakes as well, and expected votes can be tried dry', async () => {
  const json = async (...args: readonly string[]) => {
    const { exitCode, stdout } = await stage.qdevice(...args, '--json');
    return { exitCode, told: JSON.parse(stdout) };
  };
  const planned = await json('setup', stage.arbiterAddress, '--dry-run');
  assert.deepEqual([planned.exitCode, planned.told.outcome, planned.told.steps.length], [0, 'planned', 6]);
  const mistake = await json('sync');
  assert.deepEqual([mistake.exitCode, mistake.told.outcome], [1, 'refused']);
  assert.match(mistake.told.problem, /^No quorum device is configured/);
  const dry = await json('expected', '3', '--dry-run');
  assert.deepEqual([dry.exitCode, dry.told.steps[0].title], [0, 'expect 3 votes, so that 2 make a quorum']);
  assert.equal((await stage.quorum(1))?.expectedVotes, 2);
});

test('setup ends with a vote that counts, a cut is won by the right side, and remove leaves nothing', async () => {
  const before = await snapshot(stage);
  const conf = stage.node(1).read(CONF).toString('latin1');
  const told = succeeded(await setup());
  assert.match(told, /^ok +all nodes: wait until the vote counts \(A,V\)$/m);
  await stage.winners([1, 2]);
  const second = await setup();
  assert.equal(second.exitCode, 1);
  assert.match(second.stdout, /A quorum device is configured/);
  await stage.cut([1]);
  await stage.winners([1]);
  await stage.heal([1]);
  await stage.winners([1, 2]);
  succeeded(await remove());
  await stage.settled();
  for (const node of stage.nodes) {
    assert.equal(node.read(CONF).toString('latin1'), confAfterRemoval(conf));
    node.write(CONF, conf);
  }
  assert.deepEqual(differences(before, await snapshot(stage)), []);
  for (const node of stage.nodes) node.write(CONF, confAfterRemoval(conf)); // as corosync has it
});

test('a step that fails is undone with all before it, on all hosts', async () => {
  const unit = '/etc/lab-units/corosync-qdevice';
  const command = stage.node(2).read(unit);
  stage.node(2).write(unit, '/bin/false');
  const before = await snapshot(stage);
  const failed = await setup();
  assert.equal(failed.exitCode, 1, failed.stdout + failed.stderr);
  assert.match(failed.stdout, /failed +all nodes: start corosync-qdevice/);
  assert.match(failed.stdout, /Everything is as it was before\./);
  assert.deepEqual(differences(before, await snapshot(stage)), []);
  stage.node(2).write(unit, command);
  await stage.settled();
});

test('stopped by Ctrl-C it undoes what it did', async () => {
  const before = await snapshot(stage);
  const running = await stage.startQdevice('stopped', 'setup', stage.arbiterAddress, '--yes');
  await stepDone('stopped', /ok +all nodes: enable/);
  process.kill(running.pid, 'SIGINT');
  assert.equal(await running.end(STEP_MS_MAX), 130, stage.printed('stopped'));
  assert.match(stage.printed('stopped'), /Everything is as it was before\./);
  assert.deepEqual(differences(before, await snapshot(stage)), []);
});

function stepDone(log: string, words: RegExp): Promise<number> {
  const goal = `${words} in ${log}`;
  return until(goal, () => (words.test(stage.printed(log)) ? undefined : stage.printed(log)), {
    deadlineMs: STEP_MS_MAX,
  });
}
