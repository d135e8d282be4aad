/**
 * The window that upstream leaves open longest, in short: the holder of the vote loses its daemon while the cluster is split. The other
 * side gets the vote, and never were both quorate. `npm run windows` times all of them on both stacks.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OURS } from './arbiter.ts';
import { Lab } from './lab.ts';
import { nodePrograms } from './node-program.ts';
import { HEALTHY, settled } from './settled.ts';
import { type Pair, playWindow } from './windows.ts';

const STRICT = { ...OURS, daemon: [...OURS.daemon, '-S', 'vote_safety=strict'] };
const DEVICE_TIMEOUT_MS = 3000;

let pair: Pair | undefined;

before(async () => {
  const lab = await Lab.create(STRICT);
  const cluster = await lab.addCluster('window', 2, { deviceTimeoutMs: DEVICE_TIMEOUT_MS }, nodePrograms('ours'));
  pair = { lab, cluster };
  await cluster.start();
  await settled(cluster, HEALTHY);
});
after(() => pair?.lab.destroy());

test('the other side gets the vote of a killed daemon, once it counts nowhere any more', async () => {
  assert.ok(pair);
  const seen = await playWindow(pair, 'killed').catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await pair?.lab.describe()}`, { cause: error });
  });
  console.log(seen);
  assert.equal(seen.leastMs, 0, 'both sides were quorate at once');
  assert.ok(seen.takenOverMs !== undefined && !seen.unended);
});
