/** What comes at a bad moment: disks that are full or read-only, clocks that jump. Only with SETUP_LAB=wide, or SETUP_LAB=luck. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../lab/host.ts';
import { differences, snapshot } from './lab/snapshot.ts';
import { onStage, type Stage } from './lab/stage.ts';
import { caughtIn, stepsOf } from './lab/steps.ts';

const isChosen = ['wide', 'luck'].includes(process.env['SETUP_LAB'] ?? '');
/** From no room at all to room for all but the last. */
const ROOM_KB = [0, 8, 16, 40, 72];

/** A file system of its own over the directory, with what was in it, and so much room. */
async function onSmallDisk(host: Host, directory: string, roomKb: number): Promise<() => Promise<unknown>> {
  await host.exec('mkdir', '-p', directory);
  const script = [
    `cp -a ${directory} /run/before && mount -t tmpfs -o size=256k tmpfs ${directory} && cp -a /run/before/. ${directory}`,
    `dd if=/dev/zero of=${directory}/filler bs=4k count=$((($(df -k --output=avail ${directory} | tail -n 1) - ${roomKb}) / 4))`,
  ].join('\n');
  await host.exec('sh', '-c', `${script} 2>/dev/null`);
  return () => host.exec('sh', '-c', `umount ${directory}; rm -r /run/before`);
}

const filesOf = (host: Host, directory: string) =>
  host.exec(
    'sh',
    '-c',
    `cd ${directory} && find . -type f -exec sha256sum {} + | sort && find . -printf '%p %m %u %g\\n' | sort`,
  );

async function undone(stage: Stage, words: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await stage.qdevice('setup', stage.arbiterAddress, '--yes');
  const told = (stdout + stderr).replaceAll(/\s+/g, ' ');
  assert.equal(exitCode, 1, told);
  assert.match(told, words);
}

for (const programs of isChosen ? (['ours', 'debian'] as const) : []) {
  test(`with the programs of ${programs}: a full disk on a node, and on the one that works`, () =>
    onStage({ nodes: 2, arbiter: programs, daemons: programs }, async (stage) => {
      const before = await snapshot(stage);
      for (const roomKb of ROOM_KB) {
        const back = await onSmallDisk(stage.node(2), '/etc/corosync', roomKb);
        const inside = await filesOf(stage.node(2), '/etc/corosync');
        const { exitCode, stdout, stderr } = await stage.qdevice('setup', stage.arbiterAddress, '--yes');
        if (exitCode === 0) assert.equal((await stage.qdevice('remove', '--yes')).exitCode, 0);
        else {
          assert.equal(exitCode, 1, stdout + stderr);
          assert.match(stdout, /Everything is as it was before\./);
          assert.match(stdout.replaceAll(/\s+/g, ' '), /on node-2/, `room of ${roomKb} kB`);
          assert.equal(await filesOf(stage.node(2), '/etc/corosync'), inside, `room of ${roomKb} kB`);
        }
        await back();
        console.log(`${programs}, ${roomKb} kB: exit ${exitCode}, ${stdout.trim().split('\n').at(-2)}`);
        const elsewhere = differences(before, await snapshot(stage)).filter((line) => !line.includes('serial.txt'));
        if (exitCode !== 0) assert.deepEqual(elsewhere, [], `room of ${roomKb} kB`);
        if (exitCode === 0) break; // its corosync.conf has gone on
      }
      const back = await onSmallDisk(stage.node(1), '/var/lib/qdevice', 0);
      await undone(
        stage,
        /cannot be noted down in \/var\/lib\/qdevice\/setup\.json on this node .* Make room on its disk/,
      );
      await back();
    }));
}

/** The mount of the host's configuration, and the one over its corosync. */
async function remounted(host: Host, mode: 'ro' | 'rw'): Promise<void> {
  for (const path of ['/etc', '/etc/corosync']) await host.exec('mount', '-o', `remount,bind,${mode}`, path);
}

if (isChosen) {
  test('a node whose whole /etc is read-only: before anything is done, and in the middle', () =>
    onStage({ nodes: 2, arbiter: 'debian', daemons: 'debian' }, async (stage) => {
      const two = stage.node(2);
      const before = await snapshot(stage);
      await remounted(two, 'ro');
      await undone(
        stage,
        /corosync\.conf cannot be written on node node-2\. Check its permissions and the file system/,
      );
      await remounted(two, 'rw');
      assert.deepEqual(differences(before, await snapshot(stage)), []);
      const number = (await stepsOf(stage, 'setup', stage.arbiterAddress)).indexOf('enable') + 1;
      const caught = await caughtIn(stage, number, 'setup', stage.arbiterAddress);
      await remounted(two, 'ro');
      const exitCode = await caught.running.end(150_000);
      await remounted(two, 'rw');
      assert.equal(exitCode, 2, caught.printed());
      assert.match(
        caught.printed().replaceAll(/\s+/g, ' '),
        /NOT everything is as it was before.* stuck .*node-2.*Read-only file system|stuck .*node-2.*Read-only file system.*NOT everything/,
      );
      const removed = await stage.qdevice('remove', '--yes');
      assert.equal(removed.exitCode, 0, removed.stdout + removed.stderr);
      const left = differences(before, await snapshot(stage)).filter((line) => !line.includes('serial.txt'));
      assert.deepEqual(left, []);
    }));
  test('a clock that jumps by hours, again and again, changes nothing', () =>
    onStage({ nodes: 2 }, async (stage) => {
      const jump = [
        "import { existsSync } from 'node:fs';",
        'const real = Date.now.bind(Date);',
        'delete process.env.NODE_OPTIONS;',
        "const jumps = () => existsSync('/var/lib/qdevice/setup.json');",
        'Date.now = () => real() + (jumps() ? Math.round((Math.random() - 0.5) * 86_400_000) : 0);',
      ].join('\n');
      stage.node(1).write('/run/jump.mjs', jump);
      const running = await stage
        .node(1)
        .start('jumping', [
          ...['env', 'HOME=/root', 'LANG=C', 'NODE_OPTIONS=--import=/run/jump.mjs'],
          ...[process.execPath, stage.program, 'setup', stage.arbiterAddress, '--yes'],
        ]);
      assert.equal(await running.end(150_000), 0, stage.printed('jumping'));
      await stage.winners([1, 2]);
    }));
}
