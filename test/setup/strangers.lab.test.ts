/**
 * Beside others at an arbiter of upstream's, which keeps no names and counts its certificates: a cluster that is
 * connected has the name already, or its certificate has the number of another one. What is said changes nothing. Only
 * with SETUP_LAB=wide, or SETUP_LAB=strangers.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { built } from '../lab/arbiter.ts';
import { until } from '../lab/wait.ts';
import { isChosen, succeeded } from './lab/chosen.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { onStage, type Stage } from './lab/stage.ts';
import { inTwo } from './lab/two-clusters.ts';

const NODE_STORE = '/etc/corosync/qdevice/net/nssdb';
const ARBITER_STORE = '/etc/corosync/qnetd/nssdb';
const SAID_MS_MAX = 30_000;
const flat = (text: string) => text.replaceAll(/\s+/g, ' ');

async function refuses(stage: Stage, args: readonly string[], words: RegExp): Promise<void> {
  const standing = await snapshot(stage);
  const { exitCode, stdout, stderr } = await stage.qdevice(...args);
  assert.equal(exitCode, 1, stdout + stderr);
  assert.match(flat(stdout + stderr), words);
  assert.deepEqual(differences(standing, await snapshot(stage)), []);
}

for (const arbiter of isChosen('strangers') ? (['debian', 'ours'] as const) : []) {
  test(`F11: a cluster of the same name that is connected (the arbiter of ${arbiter})`, () =>
    onStage({ nodes: 4, arbiter, daemons: 'debian' }, async (stage) => {
      await inTwo(stage, 'lab');
      const other = await stage.startQdeviceOn(3, 'other', 'setup', stage.arbiterAddress, '--yes');
      assert.equal(await other.end(SAID_MS_MAX), 0, stage.printed('other', 3));
      const words =
        /Cluster lab is already connected from 192\.0\.2\.1[34] and 192\.0\.2\.1[34]; names must be unique per tiebreaker\. Rename/;
      await refuses(stage, ['setup', stage.arbiterAddress, '--yes'], words);
      await refuses(stage, ['setup', stage.arbiterAddress, '--yes', '--force'], words);
      await refuses(stage, ['check', stage.arbiterAddress], words);
      const device = (await stage.quorum(3))?.device;
      assert.ok(device?.startsWith('A,V'), `the other cluster keeps its vote: ${device}`);
    }));
}

const SAME_NUMBER = 'F48: a certificate with the number of another one';
for (const title of isChosen('strangers') ? [SAME_NUMBER] : []) {
  test(title, () =>
    onStage({ nodes: 2, arbiter: 'debian' }, async (stage) => {
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
      const [one, two] = [stage.node(1), stage.node(2)];
      const { arbiter } = stage;
      const { serialNumber } = new X509Certificate(one.read(`${NODE_STORE}/cluster.pem`));
      const files = [`${ARBITER_STORE}/serial.txt`, `${ARBITER_STORE}/cluster-lab.crt`];
      const kept = files.map((file) => arbiter.read(file));
      await two.exec('cp', '-a', NODE_STORE, '/run/store-aside');
      // As after a restored backup: it counts from there again.
      arbiter.write(`${ARBITER_STORE}/serial.txt`, `${Number.parseInt(serialNumber, 16) - 1}\n`);
      await two.exec('corosync-qdevice-net-certutil', '-r', '-n', 'lab');
      arbiter.write('/run/again.crq', two.read(`${NODE_STORE}/qdevice-net-node.crq`));
      await arbiter.exec('corosync-qnetd-certutil', '-s', '-c', '/run/again.crq', '-n', 'lab');
      two.write('/run/again.crt', arbiter.read(`${ARBITER_STORE}/cluster-lab.crt`));
      await two.exec('corosync-qdevice-net-certutil', '-M', '-c', '/run/again.crt');
      assert.equal(new X509Certificate(two.read(`${NODE_STORE}/cluster.pem`)).serialNumber, serialNumber);
      await two.exec('systemctl', 'restart', 'corosync-qdevice');
      const words =
        /refused the certificate of this node: the certificate of another cluster may have the same number.* run qdevice remove, then qdevice setup/;
      const isSaid = async () => {
        const { stdout } = await two.tryExec(process.execPath, built('qdevice'), 'status', '--explain');
        return words.test(flat(stdout)) ? undefined : stdout;
      };
      const standing = await snapshot(stage);
      await until(String(words), isSaid, { deadlineMs: SAID_MS_MAX });
      assert.deepEqual(differences(standing, await snapshot(stage)), []);
      await refuses(stage, ['check'], /The vote does not count on node node-2 .* qdevice status --explain says why/);
      // What it advises is what helps.
      for (const [at, file] of files.entries()) arbiter.write(file, kept[at] ?? '');
      succeeded(await stage.qdevice('remove', '--yes'));
      succeeded(await stage.qdevice('setup', stage.arbiterAddress, '--yes'));
      await stage.winners([1, 2]);
    }),
  );
}
