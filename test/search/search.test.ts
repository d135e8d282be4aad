/** A part of the search that is small enough to be whole, and a proof that it finds what is there to be found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type Limits } from './explore.ts';
import { scopeOf, startOf } from './worlds.ts';
import { FRIENDLY_WORLDS, STRICT_SMALL, STRICT_WORLDS, WINDOWS } from './worlds-list.ts';

const LIMITS: Limits = { mayGoOn: () => true, recoveryEach: 0, recoveryTicks: 30, frontierMax: 1_000_000 };

/** Of each of the larger worlds; `npm run search` takes its time. */
const WORLD_MS_MAX = 800;

for (const world of FRIENDLY_WORLDS) {
  test(`upstream's rules, every state: ${world.name}`, () => {
    const { complete, found, states } = explore(startOf(world), scopeOf(world), LIMITS);
    assert.deepEqual(found, undefined);
    assert.ok(complete, 'all of them');
    assert.ok(states > 100, `${states} states`);
  });
}

for (const world of WINDOWS) {
  test(`upstream's rules, two sides cast: ${world.name}`, () => {
    const { found } = explore(startOf(world), scopeOf(world), LIMITS);
    assert.equal(found?.broken.property, 'S2');
  });
}

for (const world of STRICT_SMALL) {
  test(`strict, every state: ${world.name}`, () => {
    const { complete, found } = explore(startOf(world), scopeOf(world), { ...LIMITS, recoveryEach: 8 });
    assert.deepEqual(found, undefined);
    assert.ok(complete, 'all of them');
  });
}

/** The nearest states of the full search. */
for (const world of STRICT_WORLDS) {
  test(`strict, the first states: ${world.name}`, (t) => {
    const endMs = performance.now() + WORLD_MS_MAX;
    const mayGoOn = () => performance.now() < endMs;
    const { found, states } = explore(startOf(world), scopeOf(world), { ...LIMITS, mayGoOn, recoveryEach: 16 });
    assert.deepEqual(found, undefined);
    t.diagnostic(`${states} states`);
  });
}

test("upstream's rules, a late confirmation takes the vote away for good", () => {
  const [world] = FRIENDLY_WORLDS;
  assert.ok(world !== undefined);
  const { found } = explore(startOf(world), scopeOf(world), { ...LIMITS, recoveryEach: 1 });
  assert.equal(found?.broken.property, 'liveness');
});
