/** The table against the arbiter's own judgement, which shares no code with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Algorithm } from '../../src/arbiter/algorithms/algorithm.ts';
import { selectPartition } from '../../src/arbiter/algorithms/ffsplit-selection.ts';
import type { Picture } from '../../src/arbiter/algorithms/ffsplit-view.ts';
import { lms } from '../../src/arbiter/algorithms/lms.ts';
import { testAlgorithm } from '../../src/arbiter/algorithms/test-algorithm.ts';
import { twoNodeLms } from '../../src/arbiter/algorithms/two-node-lms.ts';
import { type Cluster, type Member, memberOf, newCluster } from '../../src/arbiter/cluster.ts';
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
      return {
        algorithm: 'ffsplit',
        nodeIds,
        islands: filled,
        lost: lost === undefined ? [] : [lost],
        hasArbiter: true,
      };
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
        assert.equal(holdsVote, nodeIds.join() === winner.join());
        assert.equal(votes, nodeIds.length + (holdsVote ? 1 : 0));
      }
    }),
  );
});

/** Every running node connected and reporting truly, judged by the arbiter one after the other. */
function judged(
  world: World,
  algorithm: Algorithm,
): { readonly winner: readonly number[]; readonly rules: ReadonlySet<string> } {
  const rules = new Set<string>();
  let cluster: Cluster = { ...newCluster('demo', true), members: membersOf(world) };
  for (const { client } of cluster.members) {
    const member = memberOf(cluster, client);
    const { ringId, members } = member;
    const step = algorithm.membershipList(cluster, member, { ringId, members, heuristics: 'undefined' }, 0);
    assert.ok('vote' in step);
    cluster = step.cluster;
    for (const report of step.reports) if (report.what === 'judged') rules.add(report.rule);
  }
  return { winner: cluster.members.filter(({ granted }) => granted).map(({ nodeId }) => nodeId), rules };
}

const NOTHING_SAID = { latest: 'undefined', membership: 'undefined', regular: 'undefined' } as const;

function membersOf(world: World): Member[] {
  const partitions = partitionsOf(world);
  const members = partitions.flatMap((partition, index) =>
    partition.map(
      (nodeId): Member => ({
        client: nodeId,
        nodeId,
        algorithm: 'lms',
        tieBreaker: { mode: 'lowest' },
        heartbeatMs: 1_000,
        castBoundMs: undefined,
        keepActivePartition: true,
        ringId: { nodeId: Math.min(...partition), seq: BigInt(index + 1) },
        config: nodeListOf(nodeInfos(world.nodeIds)),
        configVersion: 1n,
        members: nodeListOf(nodeInfos(partition)),
        heuristics: NOTHING_SAID,
        // They have been judged before, so that nobody is a newcomer.
        judged: 'ack',
        wakeAtMs: undefined,
        due: undefined,
        granted: false,
        voteSeq: 0,
        lastVote: undefined,
        lastAckNack: undefined,
      }),
    ),
  );
  return members.sort((a, b) => a.nodeId - b.nodeId);
}

test('where nodes are judged one by one each of them is told what the table says', () => {
  const algorithms = [
    ['lms', lms],
    ['2nodelms', twoNodeLms],
    ['test', testAlgorithm],
  ] as const;
  fc.assert(
    fc.property(anyWorld, fc.constantFrom(...algorithms), (drawn, [name, algorithm]) => {
      const world: World = { ...drawn, algorithm: name };
      if (partitionsOf(world).length === 0 || (name === '2nodelms' && world.nodeIds.length !== 2)) return;
      const { winner, rule } = outcomeOf(world, []);
      assert.deepEqual(judged(world, algorithm), { winner, rules: new Set([rule]) });
    }),
    { numRuns: 300 },
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
