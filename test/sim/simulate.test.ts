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

/** How long after its daemon was started again an orphaned node is a member anew, in simulated seconds. */
function backAfterS(safety: 'strict' | 'upstream', fault: 'orphan' | 'reboot', stock: readonly number[]): number {
  const nodeIds = [1, 2];
  const tieBreaker = { mode: 'lowest' } as const;
  const calm = { timeoutMs: 10_000, syncTimeoutMs: 30_000, heuristics: false, tokenLossMs: 2_200, driftPerMille: 0 };
  const shape = { nodeIds, stock, algorithm: 'ffsplit' as const, tieBreaker, keepActive: false, ...calm };
  const atMs = 60_000;
  const faults = [{ atMs, fault: { do: fault, node: 1, backAfterMs: 500 } }];
  const { log, kind, text } = play({ seed: 1, shape, faults, untilMs: 120_000, finalIslands: undefined }, safety, true);
  assert.equal(kind, 'good', text);
  const back = log.map((line) => /^ *([\d.]+) s {2}arbiter {3}joined .*nodeId=1 /.exec(line)?.[1]).map(Number);
  return Math.min(...back.filter((seconds) => seconds * 1_000 > atMs)) - atMs / 1_000;
}

test('a node that is back while the arbiter still has its old connection is let in as soon as that does not answer', () => {
  for (const stock of [[], [1, 2]]) {
    const [strict, upstream] = [backAfterS('strict', 'orphan', stock), backAfterS('upstream', 'orphan', stock)];
    assert.ok(strict < 5, `${strict} s`);
    assert.ok(upstream > strict + 2, `${upstream} s`);
    assert.ok(backAfterS('strict', 'reboot', stock) < backAfterS('upstream', 'reboot', stock));
  }
});
