/**
 * `qdevice setup` ended by SIGKILL in each of its steps, on an arbiter that has nothing yet, so that the plan has all
 * steps that there are: run again it gets to its end, and remove instead leaves nothing. Always with upstream's programs
 * on the hosts, which are quick, and for the second run after some of the steps; SETUP_LAB=wide, or SETUP_LAB=killed,
 * after every single one, and with ours as well.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isChosen, succeeded } from './lab/chosen.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { onStage, type Stage } from './lab/stage.ts';
import { caughtIn, stepsOf } from './lab/steps.ts';

const isWide = isChosen('killed');
const PROGRAMS = isWide ? (['debian', 'ours'] as const) : (['debian'] as const);
const WITHOUT_LOOKING = 'arbiter-port'; // it and the wait for the vote change nothing, and are steps all the same
const ALL_ARE_DONE = 'all are done';
/** Keys half made, a configuration half spread, and a run that had nothing more to do than to tidy up. */
const SOME = ['certificates', 'corosync-conf', ALL_ARE_DONE];
const STORE = '/etc/corosync/qnetd/nssdb';
const LEFT = /\/var\/lib\/qdevice|before-qdevice/;

for (const programs of PROGRAMS) {
  test(`with the programs of ${programs}: remove leaves nothing, and setup run again gets to its end`, () =>
    onStage({ nodes: 2, arbiter: programs, daemons: programs }, async (stage) => {
      await emptied(stage);
      const before = await snapshot(stage);
      const steps = await stepsOf(stage, 'setup', stage.arbiterAddress);
      assert.ok(steps.includes(WITHOUT_LOOKING) && steps.at(-1) === 'votes', steps.join(' '));
      for (const [at, step] of steps.entries()) {
        await killedIn(stage, at + 1, step);
        const removed = await stage.qdevice('remove', '--yes');
        assert.match(succeeded(removed), /was cut off/, step);
        assert.deepEqual(differences(before, await snapshot(stage)), [], step);
      }
      const ends = [...steps, ALL_ARE_DONE];
      for (const [at, step] of ends.entries()) {
        if (!isWide && !SOME.includes(step)) continue;
        await killedIn(stage, at + 1, step);
        await endsIn(stage, step);
        succeeded(await stage.qdevice('remove', '--yes'));
        await emptied(stage);
        const changed = differences(before, await snapshot(stage));
        assert.deepEqual(
          changed.filter((line) => !line.includes('/etc/corosync/corosync.conf:')),
          [],
          step,
        ); // its version
        if (isWide) console.log(`${programs}, killed in ${step}: setup again ends`);
      }
      if (!isWide) return;
      for (const [at, step] of ends.entries()) {
        const told = await killedIn(stage, at + 1, step);
        if (at > 0) assert.match(told, /An earlier qdevice setup was cut off/, step);
      }
      await endsIn(stage, 'one after the other');
    }));
}

/** As an arbiter is on which nothing was set up. */
async function emptied({ arbiter }: Stage): Promise<void> {
  await arbiter.exec('systemctl', 'disable', '--now', 'corosync-qnetd');
  await arbiter.exec('rm', '-r', STORE);
}

async function killedIn(stage: Stage, number: number, step: string): Promise<string> {
  const caught = await caughtIn(stage, number, 'setup', stage.arbiterAddress);
  assert.ok(caught.inTime, `${step} was not seen:\n${caught.printed()}`);
  await caught.running.stop('SIGKILL');
  return caught.printed();
}

/** Setup again: the vote counts on every node, and nothing is left of the run that was killed. */
async function endsIn(stage: Stage, step: string): Promise<void> {
  const told = succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
  assert.match(told, /An earlier qdevice setup was cut off/, step);
  assert.match(told.replaceAll(/\s+/g, ' '), /All 2 nodes of lab have the vote of/, step);
  await stage.winners([1, 2]);
  assert.deepEqual(
    Object.keys(await snapshot(stage)).filter((path) => LEFT.test(path)),
    [],
    step,
  );
}
