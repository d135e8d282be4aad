/** The table against the arbiter's own judgement, which shares no code with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { selectPartition } from '../../src/arbiter/algorithms/ffsplit-selection.ts';
import type { Picture } from '../../src/arbiter/algorithms/ffsplit-view.ts';
import { nodeListOf } from '../../src/arbiter/node-list.ts';
import { outcomeOf } from '../../src/demo/rules.ts';
import { changed, healthyWorld, type NodeIds, partitionsOf, type World } from '../../src/demo/world.ts';
import { nodeInfos } from '../arbiter/world.ts';

/** Up to three islands, and one node lost at most, as the show has it. */
const anyWorld = fc.integer({ min: 2, max: 8 }).chain((count) =>
  fc
    .record({
      island: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: count, maxLength: count }),
      lost: fc.option(fc.integer({ min: 1, max: count }), { nil: undefined }),
    })
    .map(({ island, lost }): World => {
      const { nodeIds } = healthyWorld(count);
      const islands = [0, 1, 2].map((index) => nodeIds.filter((nodeId) => island[nodeId - 1] === index));
      const filled = islands.filter(({ length }) => length > 0);
      return { nodeIds, islands: filled, lost: lost === undefined ? [] : [lost], hasArbiter: true };
    }),
);

/** Everybody who runs is connected and reports truly. */
function pictureOf(world: World, holder: NodeIds): Picture {
  const partitions = partitionsOf(world);
  const views = partitions.flatMap((partition, index) =>
    partition.map((nodeId) => ({
      client: nodeId,
      nodeId,
      ringId: { nodeId: Math.min(...partition), seq: BigInt(index) },
      config: nodeListOf(nodeInfos(world.nodeIds)),
      members: nodeListOf(nodeInfos(partition)),
      tieBreaker: { mode: 'lowest' } as const,
      heuristics: 'undefined' as const,
    })),
  );
  return {
    views: views.sort((a, b) => a.nodeId - b.nodeId),
    listed: new Map(views.map(({ nodeId }) => [nodeId, 'undefined'])),
    keepActive: true,
    previousWinner: new Set(holder),
  };
}

test('the table and the arbiter name the same winner for the same reason', () => {
  fc.assert(
    fc.property(anyWorld, anyWorld, (before, world) => {
      const same = changed(healthyWorld(world.nodeIds.length), { kind: 'start' });
      const earlier = before.nodeIds.length === world.nodeIds.length ? before : same;
      const holder = outcomeOf(earlier, []).winner;
      const { winner, rule, sides } = outcomeOf(world, holder);
      const judged = selectPartition(pictureOf(world, holder));
      assert.deepEqual([winner, rule], [[...judged.winner], judged.rule]);
      assert.ok(sides.filter(({ quorate }) => quorate).length <= 1);
      for (const { nodeIds, holdsVote, votes } of sides) {
        assert.equal(holdsVote, nodeIds === winner);
        assert.equal(votes, nodeIds.length + (holdsVote ? 1 : 0));
      }
    }),
  );
});

test('without an arbiter nobody has its vote, and own votes alone count', () => {
  const four = changed(healthyWorld(4), { kind: 'loseArbiter' });
  assert.deepEqual(outcomeOf(four, [1, 2, 3, 4]), {
    sides: [{ nodeIds: [1, 2, 3, 4], holdsVote: false, votes: 4, quorate: true }],
    quorum: 3,
    winner: [],
    rule: undefined,
  });
  const islands = [
    [1, 2],
    [3, 4],
  ];
  const halves = outcomeOf(changed(four, { kind: 'split', islands }), []);
  assert.deepEqual(
    halves.sides.map(({ quorate }) => quorate),
    [false, false],
  );
});
