/**
 * `qdevice setup` ended by SIGKILL in each of its steps, on an arbiter that has nothing yet, so that the plan has all
 * steps that there are. Always with upstream's programs on the hosts, which are quick; SETUP_LAB=wide with ours as well.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../lab/processes.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { onStage, type Stage } from './lab/stage.ts';
import { caughtIn, stepsOf } from './lab/steps.ts';

const PROGRAMS = process.env['SETUP_LAB'] === 'wide' ? (['debian', 'ours'] as const) : (['debian'] as const);
const WITHOUT_LOOKING = 'arbiter-port'; // it and the wait for the vote change nothing, and are steps all the same

for (const programs of PROGRAMS) {
  test(`with the programs of ${programs}: remove leaves nothing, and setup run again gets to its end`, () =>
    onStage({ nodes: 2, arbiter: programs, daemons: programs }, async (stage) => {
      await stage.arbiter.exec('systemctl', 'disable', '--now', 'corosync-qnetd');
      await stage.arbiter.exec('rm', '-r', '/etc/corosync/qnetd/nssdb');
      const before = await snapshot(stage);
      const steps = await stepsOf(stage, 'setup', stage.arbiterAddress);
      assert.ok(steps.includes(WITHOUT_LOOKING) && steps.at(-1) === 'votes', steps.join(' '));
      for (const [at, step] of steps.entries()) {
        await killedIn(stage, at + 1, step);
        const removed = await stage.qdevice('remove', '--yes');
        assert.match(succeeded(removed), /was cut off/, step);
        assert.deepEqual(differences(before, await snapshot(stage)), [], step);
      }
      for (const [at, step] of [...steps, 'all are done'].entries()) {
        const told = await killedIn(stage, at + 1, step);
        if (at > 0) assert.match(told, /An earlier qdevice setup was cut off/, step);
      }
      assert.match(succeeded(await stage.qdevice('remove', '--yes')), /its traces are tidied up/);
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
      const left = Object.keys(await snapshot(stage)).filter((path) => /\/var\/lib\/qdevice|before-qdevice/.test(path));
      assert.deepEqual(left, []);
    }));
}

async function killedIn(stage: Stage, number: number, step: string): Promise<string> {
  const caught = await caughtIn(stage, number, 'setup', stage.arbiterAddress);
  assert.ok(caught.inTime, `${step} was not seen:\n${caught.printed()}`);
  await caught.running.stop('SIGKILL');
  return caught.printed();
}

function succeeded({ exitCode, stdout, stderr }: CommandResult): string {
  assert.equal(exitCode, 0, stdout + stderr);
  return stdout;
}
