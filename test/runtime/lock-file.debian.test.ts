import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
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
