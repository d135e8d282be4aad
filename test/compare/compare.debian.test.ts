/**
 * 500 random scripts said to Debian's corosync-qnetd, to our daemon and to our core: every frame that comes back has to be
 * the same. `npm run compare` does the same with other seeds, and with as many as one likes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openArbiter } from './arbiters.ts';
import { compare } from './comparison.ts';
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

test('a daemon that dies of a script is named, and the next script finds a new one', async () => {
  const arbiters = [openArbiter('upstream'), openArbiter('core')];
  try {
    const deadly = [
      '== only nodes without a configuration are left',
      'cluster nodes=1,2',
      'up',
      '1 close',
      '1 init 1.8',
    ];
    const died = await compare([...deadly, '2 close'], arbiters, 'deadly');
    assert.deepEqual(died, { kind: 'died', where: 'upstream ended with SIGSEGV' });
    assert.equal((await compare(['== up', 'cluster nodes=1,2', 'up'], arbiters, 'after')).kind, 'same');
  } finally {
    await Promise.all(arbiters.map((arbiter) => arbiter.stop()));
  }
});
