/**
 * Setups that meet: from two nodes of one cluster, and from two clusters with the same arbiter, all at the same moment.
 * Whoever has to wait is told so and has changed nothing. Upstream's programs are on the hosts: signing with them at the
 * same time would give two certificates one number. Only with SETUP_LAB=wide.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../lab/wait.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { onStage, type Stage } from './lab/stage.ts';
import { inTwo } from './lab/two-clusters.ts';

const END_MS_MAX = 150_000;

const TITLE = 'F24: from two nodes of a cluster and from another cluster at once';
for (const title of process.env['SETUP_LAB'] === 'wide' ? [TITLE] : [])
  test(title, () =>
    onStage({ nodes: 4, arbiter: 'debian', daemons: 'debian' }, async (stage) => {
      await inTwo(stage, 'other');
      const before = await snapshot(stage);
      const daemons = await Promise.all(
        [1, 2, 3].map((id) => stage.startQdeviceOn(id, `at-once-${id}`, 'setup', stage.arbiterAddress, '--yes')),
      );
      const codes = await Promise.all(daemons.map((daemon) => daemon.end(END_MS_MAX)));
      const told = [1, 2, 3].map((id) => stage.printed(`at-once-${id}`, id));
      assert.equal(codes[2], 0, told[2]);
      assert.deepEqual(codes.slice(0, 2).toSorted(), [0, 1], told.slice(0, 2).join('\n'));
      const refused = told[codes.indexOf(1)]?.replaceAll(/\s+/g, ' ') ?? '';
      assert.match(refused, /A setup that was started on node node-[12] is at work.*|A quorum device is configured/);
      for (const id of [1, 2, 3, 4]) await voting(stage, id);
      const certificates = await Promise.all([1, 2, 3, 4].map((id) => serialOn(stage, id)));
      assert.equal(new Set(certificates).size, 4, certificates.join());
      for (const [id, name] of [
        [1, 'lab'],
        [3, 'other'],
      ] as const) {
        assert.equal(await codeOf(stage, id, 'remove', '--yes'), 0, stage.printed(`remove-${id}`, id));
        assert.ok(!(await stage.arbiter.exec('ls', '/etc/corosync/qnetd/nssdb')).includes(`cluster-${name}`));
      }
      const stays = ['corosync.conf:', 'nssdb/serial.txt:'];
      const left = differences(before, await snapshot(stage)).filter(
        (line) => !stays.some((part) => line.includes(part)),
      );
      assert.deepEqual(left, []);
    }),
  );

async function codeOf(stage: Stage, id: number, ...args: readonly string[]): Promise<unknown> {
  const daemon = await stage.startQdeviceOn(id, `${args[0]}-${id}`, ...args);
  return await daemon.end(END_MS_MAX);
}

async function voting(stage: Stage, id: number): Promise<void> {
  await until(
    `node ${id} votes`,
    async () => {
      const device = (await stage.quorum(id))?.device;
      return device?.startsWith('A,V') === true ? undefined : device;
    },
    { deadlineMs: 60_000 },
  );
}

async function serialOn(stage: Stage, id: number): Promise<string> {
  const store = '/etc/corosync/qdevice/net/nssdb';
  const shown = await stage.node(id).exec('certutil', '-d', store, '-L', '-n', 'Cluster Cert');
  return /Serial Number:\s*(.*)/.exec(shown)?.[1] ?? shown;
}
