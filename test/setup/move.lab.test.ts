/**
 * To another arbiter, with a look at all nodes and both arbiters every 50 ms: never does a vote of the old one count
 * beside one of the new. Only with SETUP_LAB=wide.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../lab/processes.ts';
import { until } from '../lab/wait.ts';
import { isChosen, succeeded } from './lab/chosen.ts';
import { addressesOf } from './lab/names.ts';
import { lookedAt } from './lab/sampled.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { startSshd } from './lab/ssh.ts';
import { onStage, type Stage } from './lab/stage.ts';
import { caughtIn, stepsOf } from './lab/steps.ts';

const NEW = '192.0.2.2';
const STEP_MS_MAX = 90_000;
/** A line a look: when it began and ended, and what was seen. */
const look = (command: string) =>
  `while sleep 0.05; do begun=$(date +%s%3N); said=$(${command}); echo "$begun $(date +%s%3N) $said"; done`;
const CLIENTS = look('ss -Htn state established "( sport = :5403 )" | wc -l');
/** The exit code of quorumtool, 0 with a quorum, and what this node's own device does. */
const VOTE = look(
  `all=$(corosync-quorumtool -s 2>/dev/null); echo "$? $(echo "$all" | sed -n 's/.* \\([A-Z,]*\\) .*(local).*/\\1/p')"`,
);

interface Look {
  readonly begunMs: number;
  readonly endedMs: number;
  readonly said: string;
}

interface Watched {
  readonly clients: readonly Look[][];
  readonly votes: readonly Look[][];
}

const looks = (lines: readonly string[]): Look[] =>
  lines.map((line) => {
    const [begun, ended, ...said] = line.split(' ');
    return { begunMs: Number(begun), endedMs: Number(ended), said: said.join(' ') };
  });
const votes = ({ said }: Look) => said.includes('A,V');
const isQuorate = ({ said }: Look) => said.startsWith('0 ');

async function watched(stage: Stage, work: () => Promise<void>): Promise<Watched> {
  let nodes: string[][] = [];
  const arbiters = await lookedAt(stage.arbiters, 'clients', CLIENTS, async () => {
    nodes = await lookedAt(stage.nodes, 'votes', VOTE, work);
  });
  return { clients: arbiters.map(looks), votes: nodes.map(looks) };
}

/** The last vote of the old arbiter is gone from every node before the first node is a client of the new one. */
function oneAfterTheOther({ clients, votes: nodes }: Watched): void {
  const [, newOnes = []] = clients;
  const firstNewMs = newOnes.find(({ said }) => said !== '0')?.begunMs ?? 0;
  const lastOld = nodes.map((all) =>
    all
      .slice(
        0,
        all.findIndex((each) => !votes(each)),
      )
      .at(-1),
  );
  const lastOldMs = Math.max(...lastOld.map((each) => each?.endedMs ?? Number.POSITIVE_INFINITY));
  assert.ok(lastOldMs < firstNewMs, `the old one's until ${lastOldMs}, the new one's from ${firstNewMs}`);
  for (const all of nodes) {
    const between = all.filter(({ begunMs, endedMs }) => begunMs > lastOldMs && endedMs < firstNewMs);
    assert.ok(between.length > 0 && !between.some(votes), `${between.length} looks between`);
    assert.ok(all.some((each) => each.begunMs > firstNewMs && votes(each)));
  }
  console.log(`between the last vote of the old one and the first client of the new one: ${firstNewMs - lastOldMs} ms`);
}

if (isChosen('move')) {
  test('move goes to another arbiter; quorum stays, and a cut is settled by the new one', () =>
    onStage({ nodes: 2, spare: true }, async (stage) => {
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
      const seen = await watched(stage, async () => {
        succeeded(await stage.qdevice('move', NEW, '--yes'));
        await stage.winners([1, 2]);
      });
      oneAfterTheOther(seen);
      assert.ok(seen.votes.every((all) => all.every(isQuorate)));
      await stage.arbiter.exec('systemctl', 'stop', 'corosync-qnetd');
      await stage.cut([1]);
      await stage.winners([1]);
      await stage.heal([1]);
      await stage.winners([1, 2]);
      assert.match(succeeded(await stage.qdevice('nodes')), /has the vote/);
      assert.match(succeeded(await stage.qdevice('status')), /3 of 3 votes are here/);
      assert.equal((await stage.qdevice('expected', '2', '--yes')).exitCode, 1);
      succeeded(await stage.qdevice('remove', '--yes'));
      await stage.settled();
    }));
}

for (const daemons of ['ours', 'debian'] as const) {
  if (!isChosen('move-frozen')) continue;
  test(`a daemon that is frozen holds no vote of the old arbiter when the new one gives its first (${daemons})`, () =>
    onStage({ nodes: 2, spare: true, daemons }, async (stage) => {
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
      const seen = await watched(stage, async () => {
        await stage.node(2).exec('sh', '-c', 'kill -STOP $(cat /run/lab-units/corosync-qdevice.pid)');
        succeeded(await stage.qdevice('move', NEW, '--yes'));
        await stage.winners([1, 2]);
      });
      oneAfterTheOther(seen);
      assert.ok(seen.votes.every((all) => all.every(isQuorate)));
    }));
}

if (isChosen('move-killed')) {
  test('killed in each of its steps, and when all are done: move again gets to its end', () =>
    onStage({ nodes: 2, spare: true }, async (stage) => {
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
      let [there, here] = [NEW, stage.arbiterAddress];
      const steps = await stepsOf(stage, 'move', there);
      for (const [at, step] of [...steps, 'all are done'].entries()) {
        // Where the cluster was before, its name is still on record.
        const args = ['move', there, ...(at === 0 ? [] : ['--force'])];
        const caught = await caughtIn(stage, at + 1, ...args);
        assert.ok(caught.inTime, `${step} was not seen:\n${caught.printed()}`);
        await caught.running.stop('SIGKILL');
        const told = succeeded(await stage.qdevice(...args, '--yes'));
        assert.match(told, /An earlier qdevice move was cut off/, step);
        assert.match(told.replaceAll(/\s+/g, ' '), new RegExp(`All nodes of lab have the vote of ${there}`), step);
        await stage.winners([1, 2]);
        console.log(`killed in ${step}: move again ends`);
        [there, here] = [here, there];
      }
    }));
}

if (isChosen('move-offline')) {
  test('with a node that is offline nothing is moved; when it is back everything is', () =>
    onStage({ nodes: 2, spare: true }, async (stage) => {
      const two = stage.node(2);
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
      await two.exec('systemctl', 'stop', 'corosync-qdevice');
      await two.crash();
      const isAlone = async () => ((await stage.quorum(1))?.members.length === 1 ? undefined : 'it is not missed yet');
      await until('the other is gone', isAlone, { deadlineMs: STEP_MS_MAX });
      await stage.winners([1]);
      const standing = await snapshot(stage);
      const { exitCode, stdout, stderr } = await stage.qdevice('move', NEW, '--yes');
      assert.equal(exitCode, 1, stdout + stderr);
      assert.match(
        stdout.replaceAll(/\s+/g, ' '),
        /Node node-2 is offline; certificates must reach every node\. Bring it up/,
      );
      assert.deepEqual(differences(standing, await snapshot(stage)), []);
      await stage.winners([1]);
      await startSshd(two);
      await two.start('corosync', ['corosync', '-f']);
      await stage.settled();
      await two.exec('systemctl', 'start', 'corosync-qdevice');
      await stage.winners([1, 2]);
      succeeded(await stage.qdevice('move', NEW, '--yes'));
      await stage.winners([1, 2]);
    }));
}

if (isChosen('move-lost')) {
  test('a node that is lost with the new vote keeps the others from going back to the old one', () =>
    onStage({ nodes: 2, spare: true }, async (stage) => {
      const [one, two] = [stage.node(1), stage.node(2)];
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
      const apart = async (verb: 'add' | 'del') => {
        const routes = (addresses: readonly string[]) =>
          addresses.map((address) => `route ${verb} blackhole ${address}\n`).join('');
        await run([...two.enter, 'ip', '-batch', '-'], routes([...addressesOf(one), '192.0.2.1']));
        await run([...one.enter, 'ip', '-batch', '-'], routes(addressesOf(two)));
      };
      const seen = await watched(stage, async () => {
        const running = await stage.startQdevice('lost', 'move', NEW, '--yes');
        const told = (words: RegExp) => () => (words.test(stage.printed('lost')) ? undefined : stage.printed('lost'));
        await until('the daemons are stopped', told(/^ok +all nodes: stop/m), { deadlineMs: STEP_MS_MAX });
        await one.exec('ip', 'route', 'add', 'blackhole', NEW); // so that the run is not over before the other is lost
        await until('the daemons are started', told(/^ok +all nodes: start/m), { deadlineMs: STEP_MS_MAX });
        await until('it has the new vote', async () => ((await vote(stage, 2)) ? undefined : 'no vote'), {
          deadlineMs: STEP_MS_MAX,
        });
        await apart('add');
        assert.equal(await running.end(STEP_MS_MAX), 2, stage.printed('lost'));
        assert.match(stage.printed('lost').replaceAll(/\s+/g, ' '), /may have the vote of the new arbiter/);
        await stage.winners([2]);
        await until('a while', () => undefined, { deadlineMs: STEP_MS_MAX, holdMs: 5_000 });
      });
      const all = seen.votes[0] ?? [];
      const lost = all.findIndex((each) => !isQuorate(each));
      assert.ok(lost >= 0, 'the first node has been quorate all the time');
      assert.deepEqual(all.slice(lost).filter(isQuorate), []);
      await apart('del');
      await one.exec('ip', 'route', 'del', 'blackhole', NEW);
      await stage.settled();
      assert.match(succeeded(await stage.qdevice('move', NEW, '--yes')), /was cut off/);
      await stage.winners([1, 2]);
    }));
}

async function vote(stage: Stage, id: number): Promise<boolean> {
  return (await stage.quorum(id))?.device?.startsWith('A,V') === true;
}
