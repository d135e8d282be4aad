/**
 * Simulated clusters under vote_safety=strict, from a fixed seed and from one that nobody has seen before. And the
 * simulator itself: it repeats itself, and it can fail. What upstream's rules are known to let happen it has to find; a
 * search that finds nothing there proves nothing elsewhere.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { planOf, play } from './episode.ts';
import { describeFailure } from './failure.ts';
import { faultInWords } from './faults.ts';
import { episodeSeeds, simulateFor } from './runs.ts';
import { shrink } from './shrink.ts';

const FIXED_SEED = 1;
const FIXED_HOURS = 40;
const FRESH_HOURS_MAX = 40;
/** On a busy machine fewer hours have to do. */
const FRESH_MS_MAX = 20_000;
const UPSTREAM_HOURS_MAX = 50;

function holds(t: TestContext, seed: number, hours: number, msMax: number): void {
  const endMs = performance.now() + msMax;
  const total = simulateFor(episodeSeeds(seed), 'strict', hours, () => performance.now() < endMs);
  t.diagnostic(`seed ${seed}: ${total.hours.toFixed(1)} cluster-hours, ${total.faults} faults`);
  const { failure } = total;
  if (failure !== undefined) assert.fail(describeFailure(failure.plan, 'strict', failure.verdict));
  assert.ok(total.faults > 0, 'something was simulated');
}

test('strict, a fixed seed: never two sides that cast the vote, and it comes back', (t) => {
  holds(t, FIXED_SEED, FIXED_HOURS, Number.POSITIVE_INFINITY);
});

test('strict, a fresh seed', (t) => {
  holds(t, randomInt(0x7fff_ffff), FRESH_HOURS_MAX, FRESH_MS_MAX);
});

test('one seed is one run', () => {
  const plan = planOf(7);
  const first = play(plan, 'strict', true);
  assert.ok(first.log.length > 20, 'something is decided');
  assert.deepEqual(play(planOf(7), 'strict', true), first);
});

test('two sides that cast the vote are found under the rules of upstream, and the script shrinks', () => {
  const { failure } = simulateFor(episodeSeeds(1), 'upstream', UPSTREAM_HOURS_MAX);
  assert.ok(failure !== undefined, `no failure within ${UPSTREAM_HOURS_MAX} cluster-hours`);
  assert.equal(failure.verdict.kind, 'safety', failure.verdict.text);
  const { plan } = failure;
  const fails = (faults: typeof plan.faults) => play({ ...plan, faults }, 'upstream').kind === 'safety';
  const faults = shrink(plan.faults, fails);
  assert.ok(fails(faults), 'the shrunk script fails as well');
  assert.ok(faults.length < 8, faults.map(faultInWords).join('\n'));
});
