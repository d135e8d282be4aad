/**
 * The simulator itself: it repeats itself, and it can fail. What upstream's rules are known to let happen it has to
 * find; a search that finds nothing there proves nothing elsewhere.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf, play } from './episode.ts';
import { faultInWords } from './faults.ts';
import { episodeSeeds, simulateFor } from './runs.ts';
import { shrink } from './shrink.ts';

const HOURS_MAX = 50;

test('one seed is one run', () => {
  const plan = planOf(7);
  const first = play(plan, 'upstream', true);
  assert.ok(first.log.length > 20, 'something is decided');
  assert.deepEqual(play(planOf(7), 'upstream', true), first);
});

test('two sides that cast the vote are found under the rules of upstream, and the script shrinks', () => {
  const { failure } = simulateFor(episodeSeeds(1), 'upstream', HOURS_MAX);
  assert.ok(failure !== undefined, `no failure within ${HOURS_MAX} cluster-hours`);
  assert.equal(failure.verdict.kind, 'safety', failure.verdict.text);
  const { plan } = failure;
  const fails = (faults: typeof plan.faults) => play({ ...plan, faults }, 'upstream').kind === 'safety';
  const faults = shrink(plan.faults, fails);
  assert.ok(fails(faults), 'the shrunk script fails as well');
  assert.ok(faults.length < 8, faults.map(faultInWords).join('\n'));
});
