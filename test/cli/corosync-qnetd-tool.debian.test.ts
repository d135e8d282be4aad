/** Our tool beside Debian's: the same arguments, the same daemon, the same bytes and exit codes. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CommandResult } from '../../src/cli/command-result.ts';
import { qnetdTool } from '../../src/cli/corosync-qnetd-tool.ts';
import { startDaemon } from '../interop/daemon.ts';
import { runProgram, withDirectory, withFakeDaemon } from './beside-debian.ts';
import { joinCluster } from './wire-client.ts';

const debianTool = (args: readonly string[]) => runProgram('/usr/bin/corosync-qnetd-tool', args);

async function assertSame(args: readonly string[]): Promise<CommandResult> {
  const [ours, theirs] = [await qnetdTool(args), await debianTool(args)];
  assert.deepEqual(ours, theirs, JSON.stringify(args.map((arg) => arg.slice(0, 60))));
  return theirs;
}

test('against a running daemon every operation prints the same and ends the same', async () => {
  const daemon = await startDaemon('upstream');
  const nodes = [];
  try {
    nodes.push(await joinCluster(daemon, 'lab', 1), await joinCluster(daemon, 'lab', 2));
    nodes.push(await joinCluster(daemon, 'b\u00fcro "x\\y"', 1), await joinCluster(daemon, 'raw\xff name', 7));
    const path = ['-p', daemon.localSocket];
    const lists: string[] = [];
    for (const args of [['-s'], ['-sv'], ['-s', '-v'], ['-vs'], ['-l'], ['-lv'], ['-l', '-v'], ['-sl'], ['-ls']]) {
      const { exitCode, stdout } = await assertSame([...path, ...args]);
      assert.equal(exitCode, 0);
      lists.push(stdout);
    }
    assert.ok(lists.some((text) => text.includes('Cluster "lab":') && text.includes('Cluster "raw\xff name":')));
    for (const name of ['lab', 'LAB', 'none', '', 'b\u00fcro "x\\y"', '"', '\\', ' lab', 'lab\n', 'lab\nfoo']) {
      await assertSame([...path, '-l', '-c', name]);
      await assertSame([...path, '-lv', '-c', name]);
    }
    await assertSame([...path, '-slc', 'lab', 'operand', '-v']);
    await assertSame([`-p${daemon.localSocket}`, '-lvclab']);
    for (const bytes of [4077, 4078, 4079, 5_000]) await assertSame([...path, '-l', '-c', 'x'.repeat(bytes)]);
  } finally {
    for (const node of nodes) node.destroy();
    await daemon.stop();
  }
});

test('both can stop the daemon, once', async () => {
  for (const tool of [qnetdTool, debianTool]) {
    const daemon = await startDaemon('upstream');
    try {
      const path = ['-p', daemon.localSocket];
      assert.deepEqual(await tool([...path, '-H']), { exitCode: 0, stdout: '', stderr: '' });
      assert.equal(await daemon.ended, 0);
      await assertSame([...path, '-H']);
    } finally {
      await daemon.stop();
    }
  }
});

test('wrong usage prints the same and exits 1', async () => {
  const wrong = [
    [],
    ['-v'],
    ['-h'],
    ['-sh'],
    ['-x'],
    ['-sx'],
    ['-c'],
    ['-s', '-p'],
    ['--', '-s'],
    ['--help'],
    ['-hs', '-x'],
  ];
  for (const args of [...wrong, ['-:'], ['-'], ['-c', '-s'], ['-s', '-xh'], ['-vc']]) {
    assert.equal((await assertSame(args)).exitCode, 1);
  }
});

test('what cannot be connected to is named the same and exits 3', async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, 'file'), '');
    await mkdir(join(directory, 'dir'));
    for (const path of ['none', 'file', 'dir', 'file/below', 'x'.repeat(200)]) {
      const { exitCode, stderr } = await assertSame(['-s', '-p', join(directory, path)]);
      assert.equal(exitCode, 3);
      assert.match(stderr, /is QNetd running\?/);
    }
    await assertSame(['-s', '-p', '']);
    await assertSame(['-l', '-p', join(directory, 'none'), '-c', 'x'.repeat(5_000)]);
  });
});

test('whatever a daemon answers is understood the same', async () => {
  const lines = [
    '',
    'OK',
    'OK\n',
    'ok\r\nbody',
    'oK\nx',
    'OK \nx',
    'OKAY\nx',
    'Error\nfoo\n',
    'ERROR\r\nfoo',
    'Error\n',
  ];
  lines.push(
    'Errorx\nfoo',
    '\n',
    '\nOK\nfoo',
    'foo\nbar',
    '\rOK\nz',
    'O\rK\nz',
    'OK\0\nz',
    'OK\na\0b\r\nc\xff',
    'Erro',
    'error',
  );
  for (const bytes of [510, 511, 512, 513, 5_000]) {
    const line = 'x'.repeat(bytes);
    lines.push(line, `${line}\nfoo`, `OK${line.replaceAll('x', '\r')}\nz`, `${line}\r\n`);
  }
  for (const reply of lines) {
    await withFakeDaemon(reply, async (socket) => {
      await assertSame(['-s', '-p', socket]);
    });
  }
});

test('the bytes that are asked are the same', async () => {
  await withFakeDaemon('OK\n', async (socket, asked) => {
    const name = 'a"b\\c d\t\u00e9';
    for (const args of [['-s'], ['-l'], ['-H'], ['-vvls'], ['-Hv', '-s'], ['-lv', '-c', name], ['-s', '-cx', '-cy']]) {
      await assertSame(['-p', socket, ...args]);
    }
    for (const bytes of [4_078, 2_039]) await assertSame(['-p', socket, '-l', '-c', '"'.repeat(bytes)]);
    for (let at = 0; at < asked.length; at += 2) assert.equal(asked[at], asked[at + 1]);
    assert.ok(asked.includes('list verbose cluster "a\\"b\\\\c d\t\xc3\xa9" \n'));
  });
});
