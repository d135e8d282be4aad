/**
 * Last man standing with Debian's node daemons behind our arbiter: the holder of the vote dies for good, and no time tells when
 * it casts no more. The other half waits, the status names the way out, and with an operator's word it goes on.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { built, OURS } from './arbiter.ts';
import { Lab } from './lab.ts';
import { nodePrograms } from './node-program.ts';
import { FIRST_HOLDS, HEALTHY, settled } from './settled.ts';
import { until } from './wait.ts';
import type { Pair } from './windows.ts';

const CLUSTER = 'last';
const SETTINGS = { algorithm: 'lms', deviceTimeoutMs: 2000 } as const;
const DEADLINE_MS = 20_000;

let pair: Pair | undefined;

before(async () => {
  const lab = await Lab.create(OURS);
  const cluster = await lab.addCluster(CLUSTER, 2, SETTINGS, nodePrograms('debian'));
  pair = { lab, cluster };
  await cluster.start();
  await settled(cluster, HEALTHY);
});
after(() => pair?.lab.destroy());

test('a holder that will never be back is released, and the last man stands', async () => {
  assert.ok(pair);
  const { lab, cluster } = pair;
  const qnetd = (...words: readonly string[]) => lab.arbiter.host.tryExec(process.execPath, built('qnetd'), ...words);
  await lab.network.split(cluster, [[1], [2]]);
  await settled(cluster, FIRST_HOLDS);
  await cluster.host(1).crash();
  const command = `qnetd release --cluster ${CLUSTER} --node 1`;
  await until(
    'the status names the way out',
    async () => {
      const { stdout } = await qnetd('status');
      return stdout.replace(/\s+/g, ' ').includes(command) ? undefined : stdout;
    },
    { deadlineMs: DEADLINE_MS },
  );
  const quorate = (): boolean => cluster.watch.newest(2, 0)?.reading?.quorate === true;
  assert.ok(!quorate(), 'the other half waits');
  const { exitCode, stdout, stderr } = await qnetd('release', '--cluster', CLUSTER, '--node', '1', '--yes');
  assert.equal(exitCode, 0, stdout + stderr);
  await until('node 2 goes on alone', () => (quorate() ? undefined : 'not quorate'), { deadlineMs: DEADLINE_MS });
});
