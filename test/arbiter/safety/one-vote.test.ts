/**
 * S1 and S2 under vote_safety=strict: whatever breaks, no two nodes cast the vote for partitions without a common node.
 * Random scripts of splits, killed and silent daemons, late answers, restarts of the arbiter with and without its record
 * and with writes that fail. Nodes are stock ones and as bad as they may be: a killed daemon's cast stands for the whole
 * of T, a silent one notices as late as it can and is killed then, and without ffsplit one may go on without a connection.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FFSPLIT, Script } from './stock-nodes.ts';

const node = fc.nat(5);
const one = <D extends string>(what: D) => fc.record({ do: fc.constant(what), node });
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ arbitrary, weight });
const step = fc.oneof(
  often(
    4,
    fc.record({
      do: fc.constant('split' as const),
      sides: fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }),
      all: fc.constantFrom(true, true, true, false),
    }),
  ),
  often(
    2,
    fc.record({
      do: fc.constant('report' as const),
      node,
      heuristics: fc.constantFrom('pass' as const, 'fail' as const, undefined),
    }),
  ),
  often(10, fc.record({ do: fc.constant('rest' as const) })),
  often(3, fc.record({ do: fc.constant('read' as const), node, messages: fc.constant(1) })),
  often(5, fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(300, 1_500, 6_000, 12_000, 15_000) })),
  often(3, one('heal' as const)),
  often(2, one('kill' as const)),
  often(2, one('cut' as const)),
  often(1, one('leave' as const)),
  often(1, fc.record({ do: fc.constant('restart' as const), keeps: fc.boolean(), reach: fc.boolean() })),
  often(
    1,
    fc.record({
      do: fc.constant('disk' as const),
      how: fc.constantFrom('slow' as const, 'fails' as const, 'well' as const),
    }),
  ),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function play(script: Script, each: Step): void {
  if (each.do === 'split') script.split(each.sides, each.all);
  else if (each.do === 'rest') script.rest();
  else if (each.do === 'pass') script.pass(each.ms);
  else if (each.do === 'restart') script.restart(each.keeps, each.reach);
  else if (each.do === 'disk') script.disk(each.how);
  else if (each.do === 'read') script.read(script.node(each.node), each.messages);
  else if (each.do === 'report') script.report(script.node(each.node), each.heuristics);
  else script[each.do](script.node(each.node));
}

/** From a cluster that is well and mostly divided, so that something is at stake. */
const episode = fc.record({
  sides: fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }),
  settledMs: fc.constantFrom(0, 30_000),
  steps: fc.array(step, { minLength: 2, maxLength: 12, size: 'max' }),
});

for (const [name, algorithm, nodes] of [
  ['ffsplit', FFSPLIT, [2, 2, 3, 4]],
  ['2nodelms', 2, [2]],
  ['lms', 3, [2, 3, 4]],
  ['test', 0, [2, 3]],
] as const) {
  test(`whatever breaks, no two partitions cast: ${name}`, () => {
    let grants = 0;
    const episodes = fc.array(episode, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...nodes), episodes, (size, script) => {
        const world = new Script(size, algorithm);
        for (const { sides, settledMs, steps } of script) {
          world.mend(settledMs);
          world.split(sides, true);
          world.rest();
          for (const each of steps) play(world, each);
        }
        grants += world.grants;
      }),
      { numRuns: 400 },
    );
    assert.ok(grants > 600, `the scripts do grant votes: ${grants}`);
  });
}
