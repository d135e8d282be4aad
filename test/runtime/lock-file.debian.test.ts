import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { takeLockFile } from '../../src/runtime/lock-file.ts';
import { startDaemon } from '../interop/daemon.ts';

test('a running daemon of Debian excludes ours from its lock file, and no longer when it has ended', async () => {
  const daemon = await startDaemon('upstream');
  const path = join(dirname(daemon.localSocket), 'qnetd.pid');
  try {
    const content = await readFile(path, 'utf8');
    const holder = content.trim();
    await assert.rejects(takeLockFile(path, 1), new RegExp(`Another instance is running: process ${holder} holds `));
    assert.equal(await readFile(path, 'utf8'), content);
    process.kill(Number(holder), 'SIGTERM');
    await daemon.ended;
    const lock = await takeLockFile(path, 1);
    assert.equal(await readFile(path, 'utf8'), '1\n');
    await lock.release();
  } finally {
    await daemon.stop();
  }
});

/** Takes the lock and prints how that went. */
const TAKE = `const { takeLockFile } = await import(process.argv[1]);
  await takeLockFile(process.argv[2], 4711).then(
    () => console.log('held'),
    (error) => console.log(error.name + ': ' + error.message),
  );`;

test('a full disk under the lock file is told to the operator', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lock-full-'));
  try {
    const script =
      'set -e; mount -t tmpfs -o size=64k none "$1"; : > "$1/qnetd.pid"; ' +
      'dd if=/dev/zero of="$1/fill" bs=4096 2>/dev/null || true; ' +
      'exec "$2" --import tsx --input-type=module -e "$3" "$4" "$1/qnetd.pid"';
    const module = new URL('../../src/runtime/lock-file.ts', import.meta.url).href;
    const args = ['-rm', 'sh', '-c', script, 'sh', directory, process.execPath, TAKE, module];
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout, stderr } = spawnSync('unshare', args, { cwd, encoding: 'utf8' });
    assert.match(stdout, /^OperatorError: The lock file .*qnetd\.pid cannot be written \(ENOSPC.*Make room/, stderr);
  } finally {
    await rm(directory, { recursive: true });
  }
});
