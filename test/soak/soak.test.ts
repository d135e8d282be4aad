/** A soak as part of the suite, five minutes on CI and less elsewhere: `npm run soak -- --minutes 60` is the long one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownOptions } from '../qnetd/daemon.ts';
import { LogChecker } from './log-checker.ts';
import { soak } from './soak.ts';

const IS_LONG = process.env['CI'] === 'true';
const MINUTES = IS_LONG ? 5 : 0.3;
const CLUSTERS = IS_LONG ? 100 : 40;
/** Of a few minutes; what goes on growing is told by the hour. */
const GROWTH_MAX = 1.25;

test(`${2 * CLUSTERS} clients with random faults: no vote is missed, the log explains each decision`, async (t) => {
  const seed = 20_261_122;
  const options = await ownOptions(t);
  const result = await soak({ minutes: MINUTES, clusters: CLUSTERS, seed, options, say: (text) => t.diagnostic(text) });
  assert.deepEqual(result.complaints, []);
  assert.ok(result.faults > CLUSTERS, `${result.faults} faults`);
  assert.ok(result.decisions > result.faults, `${result.decisions} decisions`);
  if (IS_LONG) {
    for (const { secondQuarterMb, lastQuarterMb } of [result.heap, result.resident]) {
      assert.ok(lastQuarterMb < GROWTH_MAX * secondQuarterMb, `${secondQuarterMb} MB grew to ${lastQuarterMb} MB`);
    }
  }
  assert.ok(result.descriptorsAfter <= result.descriptorsBefore, `${result.descriptorsAfter} descriptors are left`);
});

test('the checker notices a decision that the log does not explain', () => {
  const line = (msg: string, fields: object) => ({ level: 'info', msg, cluster: 'c', ...fields });
  const checker = new LogChecker();
  for (const node of [1, 2]) checker.read(line('node joined', { node }));
  checker.read(line('node reports its membership', { node: 1, ring: '1.8', members: [1] }));
  checker.read(line('node reports its membership', { node: 2, ring: '2.8', members: [2] }));
  checker.read(line('partition gets the vote', { winner: [1], withheldFrom: [2] }));
  checker.read(line('vote confirmed', { holders: [1] }));
  assert.equal(checker.complaints.length, 0);
  checker.read(line('partition gets the vote', { winner: [2], withheldFrom: [1] }));
  checker.read(line('partition gets the vote', { winner: [2], withheldFrom: [] }));
  checker.read(line('vote confirmed', { holders: [1] }));
  checker.read(line('node reports its membership', { node: 2, ring: '1.8', members: [1, 2] }));
  checker.read(line('partition gets the vote', { winner: [1, 2], withheldFrom: [] }));
  assert.deepEqual(
    checker.complaints.map((complaint) => complaint.split(': ')[1]),
    [
      'not for 1',
      'withheld from others than the losers',
      'a vote is held outside the winner',
      'decided while the nodes contradict each other',
    ],
  );
});
