/** A cluster with a device changes, or a run on it is cut off. Only with SETUP_LAB=wide. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConf, serialise, valueAtPath } from '../../src/setup/conf/document.ts';
import { raiseConfigVersion } from '../../src/setup/conf/edit.ts';
import type { Host } from '../lab/host.ts';
import { until } from '../lab/wait.ts';
import { isChosen, succeeded } from './lab/chosen.ts';
import { sampled } from './lab/sampled.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { onStage, type Stage } from './lab/stage.ts';

const CONF = '/etc/corosync/corosync.conf';
const valueOn = (stage: Stage, id: number, path: string) =>
  valueAtPath(parseConf(stage.node(id).read(CONF).toString('latin1')), path);

for (const size of [4, 3]) {
  if (!isChosen('sync')) continue;
  test(`a node goes and comes, sync follows, and nobody ever loses quorum (${size} nodes)`, () =>
    onStage({ nodes: size }, async (stage) => {
      const everybody = stage.nodes.map((_, at) => at + 1);
      const [last, staying] = [stage.node(size), stage.nodes.slice(0, -1)];
      // An odd number of nodes has a device only by force, and then lms.
      const force = (nodes: number) => (nodes % 2 === 1 ? ['--force'] : []);
      const algorithm = (nodes: number) => (nodes % 2 === 1 ? 'lms' : 'ffsplit');
      const runBy = (nodes: number) => assert.equal(valueOn(stage, 1, 'quorum.device.net.algorithm'), algorithm(nodes));
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes', ...force(size)));
      await stage.winners(everybody);
      const whole = stage.node(1).read(CONF).toString('latin1');
      const [entry = ''] = new RegExp(` {2}node \\{\\n {4}name: ${last.name}\\n[^}]*\\}\\n`).exec(whole) ?? [];
      const samples = await sampled(staying, async () => {
        await last.exec('systemctl', 'disable', '--now', 'corosync-qdevice');
        await last.daemon('corosync').stop('SIGTERM');
        await last.exec('rm', '-r', '/etc/corosync/qdevice');
        await loadOn(stage, staying, whole.replace(entry, ''));
        if (size === 4) assert.match((await stage.qdevice('sync', '--yes')).stdout, /ffsplit runs with 3 nodes/);
        succeeded(await stage.qdevice('sync', '--yes', ...force(size - 1)));
        runBy(size - 1);
        const fewer = stage.node(1).read(CONF).toString('latin1');
        await loadOn(stage, stage.nodes, fewer.replace('}\n\nquorum {', `${entry}}\n\nquorum {`));
        await last.start('corosync', ['corosync', '-f']);
        await stage.settled();
        succeeded(await stage.qdevice('sync', '--yes', ...force(size)));
        runBy(size);
        await stage.winners(everybody);
      });
      console.log(
        `${size} nodes, ${size - 1}, ${size}: ${samples.taken} looks, ${samples.without.length} without quorum`,
      );
      assert.ok(samples.taken > 100, `only ${samples.taken} looks`);
      assert.deepEqual(samples.without, []);
    }));
}

if (isChosen('renew')) {
  test('certificates that are about to end are made anew by sync, with quorum all the time', () =>
    onStage({ nodes: 2 }, async (stage) => {
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes', '--valid-days', '20'));
      await stage.winners([1, 2]);
      assert.match(succeeded(await stage.qdevice('check')), /certificate of node-2 ends in 19 days/);
      assert.match((await stage.qdevice('status')).stderr, /ends on .*, in 19 days\. Make a new one: qdevice sync/);
      const samples = await sampled(stage.nodes, async () => {
        succeeded(await stage.qdevice('sync', '--yes'));
      });
      assert.deepEqual(samples.without, []);
      await stage.winners([1, 2]);
      assert.doesNotMatch(succeeded(await stage.qdevice('check')), /ends in/);
      assert.match(succeeded(await stage.qdevice('sync', '--yes')), /Nothing is to be done/);
    }));
}

if (isChosen('lost')) {
  test('a connection that is lost: what cannot be undone is named, and undone by the next run', () =>
    onStage({ nodes: 2 }, async (stage) => {
      const before = await snapshot(stage);
      const running = await stage.startQdevice('lost', 'setup', stage.arbiterAddress, '--yes');
      const isThere = () => /^ok +all nodes: make a key/m.test(stage.printed('lost'));
      await until('keys are made', () => (isThere() ? undefined : stage.printed('lost')), { deadlineMs: 60_000 });
      await stage.node(2).daemon('sshd').stop('SIGKILL');
      const sessions = await stage.node(2).exec('sh', '-c', 'grep -l "^Name:.sshd" /proc/[0-9]*/status | cut -d/ -f3');
      await stage.node(2).tryExec('kill', '-KILL', ...sessions.trim().split('\n'));
      assert.equal(await running.end(120_000), 2, stage.printed('lost'));
      assert.match(stage.printed('lost'), /NOT everything is as it was before/);
      await stage.node(2).start('sshd', ['/usr/sbin/sshd', '-D', '-e', '-f', '/etc/ssh/lab_sshd_config']);
      succeeded(await stage.qdevice('remove', '--yes'));
      assert.deepEqual(differences(before, await snapshot(stage)), []);
    }));
}

if (isChosen('proxmox-undo')) {
  test('on Proxmox VE what was there comes back as one more version, and without quorum nothing is begun', () =>
    onStage({ nodes: 2, proxmox: true }, async (stage) => {
      const unit = '/etc/lab-units/corosync-qdevice';
      const command = stage.node(2).read(unit);
      const before = stage.node(2).read(CONF).toString('latin1');
      stage.node(2).write(unit, '/bin/false');
      const failed = await stage.qdevice('setup', stage.arbiterAddress, '--yes');
      assert.equal(failed.exitCode, 1, failed.stdout + failed.stderr);
      assert.match(failed.stdout, /Everything is as it was before/);
      const twiceRaised = serialise(raiseConfigVersion(raiseConfigVersion(parseConf(before))));
      for (const node of stage.nodes) assert.equal(node.read(CONF).toString('latin1'), twiceRaised);
      await stage.settled();
      stage.node(2).write(unit, command);
      await stage.node(2).daemon('corosync').stop('SIGKILL');
      await until('no quorum', async () => ((await stage.quorum(1))?.quorate === true ? 'quorate' : undefined), {
        deadlineMs: 20_000,
      });
      const refused = await stage.qdevice('setup', stage.arbiterAddress, '--yes');
      const told = refused.stdout.replaceAll(/\s+/g, ' ');
      assert.match(told, /Node node-2 is offline/);
      assert.match(told, /cannot be written on node node-1\. That is so while the cluster has no quorum/);
      for (const node of stage.nodes) assert.equal(node.read(CONF).toString('latin1'), twiceRaised);
    }));
}

if (isChosen('name')) {
  test("another cluster's name is not taken by accident, and is by --force; then the nodes vouch for each other", () =>
    onStage({ nodes: 3, daemons: 'debian' }, async (stage) => {
      const request = 'openssl req -new -newkey rsa:2048 -nodes -keyout /run/key -subj /CN=lab -outform DER';
      await stage.arbiter.exec('sh', '-c', `${request} -out /run/request 2>/dev/null`);
      await stage.arbiter.exec('qnetd', 'sign', '--cluster', 'lab', '--request', '/run/request');
      const before = await snapshot(stage);
      const odd = ['--algorithm', 'lms', '--yes'];
      const refused = await stage.qdevice('setup', stage.arbiterAddress, ...odd);
      assert.equal(refused.exitCode, 1, refused.stdout);
      assert.match(refused.stdout.replaceAll(/\s+/g, ' '), /Cluster lab is registered on 192\.0\.2\.1, and no node/);
      assert.deepEqual(differences(before, await snapshot(stage)), []);
      const forced = await stage.qdevice('setup', stage.arbiterAddress, ...odd, '--force');
      assert.equal(forced.exitCode, 0, forced.stdout + forced.stderr);
      await stage.winners([1, 2, 3]);
      const listed = await stage.arbiter.exec('qnetd', 'certs', 'list');
      assert.equal(listed.match(/cluster "lab"/g)?.length, 3, listed);
    }));
}

/** With a higher version, and in use. */
async function loadOn(stage: Stage, nodes: readonly Host[], conf: string): Promise<void> {
  const raised = serialise(raiseConfigVersion(parseConf(conf)));
  for (const node of nodes) node.write(CONF, raised);
  // Corosync wants it tried again while a node goes.
  await until('loaded', async () => (await stage.node(1).tryExec('corosync-cfgtool', '-R')).stderr || undefined, {
    deadlineMs: 30_000,
  });
}
