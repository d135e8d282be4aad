/**
 * In each of its steps setup fails, is stopped by Ctrl-C, or loses the connection to a host in the middle; each time
 * everything is undone on all hosts, byte for byte, and it says so. The steps are those of the plan, with an arbiter that
 * has nothing yet. Always run is a script that comes late, beside what `two-nodes.lab.test.ts` has of the others;
 * SETUP_LAB=wide tries every step, and with SETUP_STEP=NAME the hosts are cut off in that one alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../lab/wait.ts';
import { failing } from './lab/failing.ts';
import { differences, running, type Snapshot, snapshot } from './lab/snapshot.ts';
import { onStage, type Stage } from './lab/stage.ts';
import { type Caught, caughtIn, stepsOf } from './lab/steps.ts';

const isWide = process.env['SETUP_LAB'] === 'wide';
const onlyStep = process.env['SETUP_STEP'];
const END_MS_MAX = 150_000;

/** Upstream's programs are quick; what undoing is does not depend on them. */
async function onBareStage(work: (stage: Stage, steps: readonly string[]) => Promise<void>): Promise<void> {
  await onStage({ nodes: 2, arbiter: 'debian', daemons: 'debian' }, async (stage) => {
    await stage.arbiter.exec('systemctl', 'disable', '--now', 'corosync-qnetd');
    await stage.arbiter.exec('rm', '-r', '/etc/corosync/qnetd/nssdb');
    // A reload takes keys away that corosync only makes at its start: what is compared is what reloads give.
    await stage.node(1).exec('corosync-cfgtool', '-R');
    await work(stage, await stepsOf(stage, 'setup', stage.arbiterAddress));
  });
}

interface Before {
  readonly files: Snapshot;
  readonly corosync: readonly string[];
}

async function lookedAt(stage: Stage): Promise<Before> {
  return { files: await snapshot(stage), corosync: await running(stage) };
}

async function unchanged(stage: Stage, before: Before, step: string): Promise<void> {
  assert.deepEqual(differences(before.files, await snapshot(stage)), [], step);
  assert.deepEqual(await running(stage), before.corosync, step);
}

async function undone(caught: Caught, exitCode: number, step: string): Promise<void> {
  assert.equal(await caught.running.end(END_MS_MAX), exitCode, `${step}:\n${caught.printed()}`);
  assert.match(caught.printed(), /Everything is as it was before\./, step);
}

const FAILURES = 'a step that fails, and Ctrl-C in it';
for (const title of isWide ? [FAILURES] : []) {
  test(title, () =>
    onBareStage(async (stage, steps) => {
      const before = await lookedAt(stage);
      for (const [at, step] of steps.entries()) {
        const back = await failing(stage, step);
        if (back !== undefined) {
          const { exitCode, stdout, stderr } = await stage.qdevice('setup', stage.arbiterAddress, '--yes');
          await back();
          assert.equal(exitCode, 1, `${step}:\n${stdout}${stderr}`);
          assert.match(stdout, /^failed /m, step);
          assert.match(stdout, /Everything is as it was before\./, step);
          await unchanged(stage, before, step);
        }
        const caught = await caughtIn(stage, at + 1, 'setup', stage.arbiterAddress);
        process.kill(caught.running.pid, 'SIGINT');
        await undone(caught, 130, step);
        await unchanged(stage, before, step);
      }
    }),
  );
}

/** A host that answers nobody until it is let go; what it is told meanwhile it does then. */
const HOLD = 'while [ -e /run/lab-hold ]; do sleep 0.1; done\n';

test('a script that comes late, after its connection was lost and all was undone, does nothing', () =>
  onBareStage(async (stage, steps) => {
    const before = await lookedAt(stage);
    const node = stage.node(2);
    const bashrc = node.read('/root/.bashrc').toString();
    node.write('/root/.bashrc', `${HOLD}${bashrc}`);
    const number = steps.indexOf('certificates') + 1;
    const caught = await caughtIn(stage, number, 'setup', stage.arbiterAddress);
    // Whatever is to be done on the node from here on stays on its way.
    node.write('/run/lab-hold', '');
    const isWaiting = async () => (await node.tryExec('pgrep', '-x', 'sleep')).exitCode === 0;
    await until('a script is held', async () => ((await isWaiting()) ? undefined : 'none'), { deadlineMs: 60_000 });
    node.write('/root/.bashrc', bashrc); // the next connection is not held
    // The other end does not hear that the connection is gone, as when the network is.
    const sessions = (await node.exec('pgrep', '-f', '^sshd: root')).trim().split('\n');
    await node.exec('kill', '-STOP', ...sessions);
    await endConnections(stage, 2);
    await undone(caught, 1, 'held');
    assert.ok(await isWaiting(), 'the script was held to the end');
    await node.exec('rm', '/run/lab-hold');
    const hasRun = async () => ((await isWaiting()) ? 'held' : undefined);
    await until('it has run', hasRun, { deadlineMs: 10_000, holdMs: 1_000 });
    await node.exec('kill', '-KILL', ...sessions);
    await unchanged(stage, before, 'held');
  }));

/** Cut off at the end of the node that works: the other end does not hear of it, and goes on with what it was told. */
async function endConnections(stage: Stage, id: number): Promise<void> {
  const pattern = `[C]ontrolMaster=yes.* ${stage.node(id).address} cat`;
  const masters = await stage.node(1).exec('pgrep', '-f', pattern);
  await stage.node(1).exec('kill', '-KILL', ...masters.trim().split('\n'));
}

async function blackhole(stage: Stage, address: string, verb: 'add' | 'del'): Promise<void> {
  await stage.node(1).exec('ip', 'route', verb, 'blackhole', address);
}

/** False: nothing had to be said to that host any more, so that it is done all the same. */
async function isUndoneWithout(stage: Stage, address: string, number: number, comesBack: boolean): Promise<boolean> {
  await stage.settled(); // a node that was cut off was so for corosync too
  const caught = await caughtIn(stage, number, 'setup', stage.arbiterAddress);
  await blackhole(stage, address, 'add');
  if (comesBack) {
    const isLost = () => !caught.running.running || /^failed /m.test(caught.printed());
    await until('the loss is noticed', () => (isLost() ? undefined : caught.printed()), { deadlineMs: END_MS_MAX });
    await blackhole(stage, address, 'del');
  }
  const exitCode = await caught.running.end(2 * END_MS_MAX);
  if (!comesBack) await blackhole(stage, address, 'del');
  const told = caught.printed();
  if (exitCode === 0) {
    await tidiedUp(stage, told);
    return false;
  }
  assert.equal(exitCode, comesBack ? 1 : 2, told);
  if (comesBack) assert.match(told, /Everything is as it was before\./);
  else {
    assert.match(told, /NOT everything is as it was before/);
    assert.match(told.replaceAll(/\s+/g, ' '), /stuck .* (node-2|192\.0\.2\.1)/);
    const removed = await stage.qdevice('remove', '--yes');
    assert.equal(removed.exitCode, 0, removed.stdout + removed.stderr);
  }
  return true;
}

/** The vote counted before the loss was felt, so that all is done; what the host keeps of it goes with the next command. */
async function tidiedUp(stage: Stage, told: string): Promise<void> {
  const flat = (text: string) => text.replaceAll(/\s+/g, ' ');
  assert.match(flat(told), /The next qdevice setup, remove or sync tidies up there\. All 2 nodes of lab have the vote/);
  await stage.winners([1, 2]);
  const { exitCode, stdout, stderr } = await stage.qdevice('remove', '--yes');
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(flat(stdout), /An earlier qdevice setup was cut off: its traces are tidied up/);
  const left = Object.keys(await snapshot(stage)).filter((path) => /\/var\/lib\/qdevice|before-qdevice/.test(path));
  assert.deepEqual(left, []);
}

for (const who of isWide ? (['node', 'arbiter'] as const) : []) {
  test(`the ${who} cut off by the network in each step: put back when it is there again, and named until then`, () =>
    onBareStage(async (stage, steps) => {
      const before = await lookedAt(stage);
      const { address } = who === 'node' ? stage.node(2) : stage.arbiter;
      for (const [at, step] of steps.entries()) {
        if (onlyStep !== undefined && step !== onlyStep) continue;
        for (const comesBack of [true, false]) {
          if (!(await isUndoneWithout(stage, address, at + 1, comesBack))) return;
          await unchanged(stage, before, `${step}, ${comesBack ? 'back' : 'away'}`);
          console.log(`${who}, ${step}, ${comesBack ? 'back' : 'away'}: as before`);
        }
      }
    }));
}
