/** `qnetd health`: well is who listens and decides, and asking does no harm. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { qnetdHealth } from '../../src/cli/qnetd-health.ts';
import { startDaemon } from './daemon.ts';

const TIMEOUT_MS = 10_000;

test('an arbiter is well as often as somebody asks, and takes nobody who asks for an attacker', async (t) => {
  const daemon = await startDaemon(t, { options: { logLevel: 'info' } });
  const { port, localSocket, admission } = daemon.options;
  for (let asked = 0; asked < 2 * admission.failuresMax; asked += 1) {
    const { exitCode, stdout, stderr } = await qnetdHealth([localSocket.path], TIMEOUT_MS);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(stdout, `listening on 127.0.0.1:${port} and deciding; clusters: 0, nodes: 0\n`);
  }
  assert.deepEqual(
    daemon.lines.filter((line) => 'peer' in line),
    [],
    'nothing is logged of it',
  );
});

test('one that is frozen is not well, nor one that is gone', async (t) => {
  const daemon = await startDaemon(t);
  const paths = [daemon.options.localSocket.path];
  daemon.child.kill('SIGSTOP');
  const frozen = await qnetdHealth(paths, 500);
  assert.deepEqual([frozen.exitCode, frozen.stdout], [1, '']);
  daemon.child.kill('SIGCONT');
  assert.equal((await qnetdHealth(paths, TIMEOUT_MS)).exitCode, 0, 'it has woken up');
  daemon.child.kill('SIGKILL');
  await once(daemon.child, 'exit');
  assert.equal((await qnetdHealth(paths, TIMEOUT_MS)).exitCode, 1, 'it is gone');
});
