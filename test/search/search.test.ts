/**
 * The search of reachable states: those of the small worlds all of them, a proof that it finds what is there to be found, and
 * the large worlds as far as the time goes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exploreWorld, searchAll, summary } from './share.ts';
import { FRIENDLY_WORLDS, STRICT_SMALL, STRICT_WORLDS, WINDOWS } from './worlds-list.ts';

const NO_RECOVERY = { recoveryEach: 0, mayGoOn: () => true };

/** On CI five minutes, beside the lab, which mostly waits; a developer waits himself. */
const SECONDS = process.env['CI'] === 'true' ? 300 : 20;

for (const world of FRIENDLY_WORLDS) {
  test(`upstream's rules, every state: ${world.name}`, () => {
    const { complete, found, states } = exploreWorld(world, NO_RECOVERY);
    assert.deepEqual(found, undefined);
    assert.ok(complete, 'all of them');
    assert.ok(states > 100, `${states} states`);
  });
}

for (const world of WINDOWS) {
  test(`two sides have the vote: ${world.name}`, () => {
    const { found } = exploreWorld(world, NO_RECOVERY);
    assert.match(String(found?.broken.property), /^S[12]$/);
  });
}

for (const world of STRICT_SMALL) {
  test(`strict, every state: ${world.name}`, () => {
    const { complete, found } = exploreWorld(world, { ...NO_RECOVERY, recoveryEach: 8 });
    assert.deepEqual(found, undefined);
    assert.ok(complete, 'all of them');
  });
}

test(`strict, the large worlds for ${SECONDS} s`, (t) => {
  const searched = searchAll(STRICT_WORLDS, SECONDS * 1000, (line) => t.diagnostic(line));
  assert.equal(searched.failure, undefined);
  t.diagnostic(summary(searched, STRICT_WORLDS.length));
});

test("upstream's rules, a late confirmation takes the vote away for good", () => {
  const [world] = FRIENDLY_WORLDS;
  assert.ok(world !== undefined);
  const { found } = exploreWorld(world, { ...NO_RECOVERY, recoveryEach: 1 });
  assert.equal(found?.broken.property, 'liveness');
});
