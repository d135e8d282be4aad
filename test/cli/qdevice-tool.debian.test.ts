/** Our tool for the node daemon beside Debian's: the same arguments, the same answers, the same bytes and exit codes. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CommandResult } from '../../src/cli/command-result.ts';
import { qdeviceTool } from '../../src/cli/corosync-qdevice-tool.ts';
import { wallClock } from '../../src/qdevice/wall-clock.ts';
import { serveLocalSocket } from '../../src/runtime/local-socket.ts';
import { qdeviceIpcReply } from '../../src/status/qdevice-ipc.ts';
import { FACTS, memberSnapshot } from '../status/member-snapshots.ts';
import { runProgram, withDirectory, withFakeDaemon } from './beside-debian.ts';

const debianTool = (args: readonly string[]) => runProgram('/usr/sbin/corosync-qdevice-tool', args);

async function assertSame(args: readonly string[]): Promise<CommandResult> {
  const [ours, theirs] = [await qdeviceTool(args), await debianTool(args)];
  assert.deepEqual(ours, theirs, JSON.stringify(args.map((arg) => arg.slice(0, 60))));
  return theirs;
}

/** Our daemon's side of the socket, with a state that stays as it is. Resolves with how often it was told to stop. */
async function withOurDaemon(use: (path: string) => Promise<void>): Promise<number> {
  let stops = 0;
  await withDirectory(async (directory) => {
    const path = join(directory, 'qdevice.sock');
    const limits = { backlog: 10, maxClients: 10, maxReceiveBytes: 4_096, maxSendBytes: 65_536 };
    const clock = wallClock(() => 1_700_000_000_000);
    const snapshot = memberSnapshot({ memberIds: [1, 2] }, { clusterName: 'b\xc3\xbcro' });
    const server = await serveLocalSocket(
      { path, umask: undefined, gid: undefined, ...limits },
      (line) => qdeviceIpcReply(line, { facts: FACTS, snapshot, clock, maxSendBytes: limits.maxSendBytes }),
      () => {
        stops += 1;
      },
    );
    try {
      await use(path);
    } finally {
      await server.close();
    }
  });
  return stops;
}

test('both tools read the same out of our daemon', async () => {
  await withOurDaemon(async (path) => {
    for (const args of [['-s'], ['-sv'], ['-v', '-s'], ['-Hs'], ['operand', '-s', '-v']]) {
      const { exitCode, stdout } = await assertSame(['-p', path, ...args]);
      assert.equal(exitCode, 0);
      assert.ok(stdout.includes('Cluster name:\t\tb\xc3\xbcro\n'), stdout);
    }
    await assertSame([`-p${path}`, '-svsv']);
  });
});

test('both tools can stop our daemon', async () => {
  for (const tool of [qdeviceTool, debianTool]) {
    const stops = await withOurDaemon(async (path) => {
      assert.deepEqual(await tool(['-p', path, '-H']), { exitCode: 0, stdout: '', stderr: '' });
      assert.deepEqual(await tool(['-p', path, '-sHv']), { exitCode: 0, stdout: '', stderr: '' });
    });
    assert.equal(stops, 2);
  }
});

test('the bytes that are asked are the same', async () => {
  await withFakeDaemon('OK\n', async (path, asked) => {
    for (const args of [['-s'], ['-sv'], ['-H'], ['-Hv'], ['-sH'], ['-Hs'], ['-vvs']])
      await assertSame(['-p', path, ...args]);
    const expected = [
      'status \n',
      'status verbose \n',
      'shutdown \n',
      'shutdown verbose \n',
      'shutdown \n',
      'status \n',
    ];
    assert.deepEqual(
      asked,
      [...expected, 'status verbose \n'].flatMap((request) => [request, request]),
    );
  });
});

test('wrong usage prints the same and exits 1', async () => {
  const wrong = [
    [],
    ['-v'],
    ['-h'],
    ['-sh'],
    ['-x'],
    ['-r'],
    ['-sr'],
    ['-p'],
    ['--', '-s'],
    ['--help'],
    ['-l'],
    ['-:'],
  ];
  for (const args of wrong) assert.equal((await assertSame(args)).exitCode, 1);
});

test('what cannot be connected to is named the same and exits 3', async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, 'file'), '');
    for (const path of ['none', 'file', '.', 'file/below', 'x'.repeat(200)]) {
      const { exitCode, stderr } = await assertSame(['-s', '-p', join(directory, path)]);
      assert.equal(exitCode, 3);
      assert.match(stderr, /is QDevice running\?/);
    }
    await assertSame(['-H', '-p', '']);
  });
});

test('whatever a daemon answers is understood the same', async () => {
  const replies = [
    '',
    'OK',
    'OK\n',
    'ok\r\nbody',
    'OK \nx',
    'OKAY\nx',
    'Error\nfoo\n',
    'ERROR\r\nfoo',
    'Error\n',
    '\n',
  ];
  replies.push('foo\nbar', 'OK\0\nz', 'OK\na\0b\r\nc\xff', 'Erro', `${'x'.repeat(511)}\ny`, `${'x'.repeat(512)}\ny`);
  for (const reply of [...replies, 'x'.repeat(512), 'x'.repeat(513)]) {
    await withFakeDaemon(reply, async (path) => {
      await assertSame(['-s', '-p', path]);
    });
  }
});
