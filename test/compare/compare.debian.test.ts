/**
 * 500 random scripts said to Debian's corosync-qnetd, to our daemon and to our core: every frame that comes back has to be
 * the same. `npm run compare` does the same with other seeds, and with as many as one likes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareMany } from './many.ts';

const SCRIPTS = 500;

test('random scripts are answered alike, frame by frame', async () => {
  const tally = await compareMany({
    firstSeed: 1,
    scripts: SCRIPTS,
    kinds: ['upstream', 'core', 'ours'],
    progress: () => undefined,
  });
  assert.deepEqual(tally.differences, []);
  assert.equal(tally.scripts, SCRIPTS);
  for (const algorithm of ['ffsplit', 'lms', '2nodelms', 'test']) {
    const sums = tally.byAlgorithm.get(algorithm);
    assert.ok(sums !== undefined && sums.acks > 100, `the scripts do grant votes with ${algorithm}`);
    assert.ok(sums.nacks > 100 || algorithm === 'test', `the scripts do withhold votes with ${algorithm}`);
  }
});
