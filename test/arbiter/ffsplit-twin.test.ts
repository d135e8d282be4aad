/**
 * ffsplit's judgement against a second, slow version that reads like the rules: pairwise comparison of lists, no keys,
 * no sets, no shared code.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { selectPartition } from '../../src/arbiter/algorithms/ffsplit-selection.ts';
import { isStable } from '../../src/arbiter/algorithms/ffsplit-stability.ts';
import type { Picture, View } from '../../src/arbiter/algorithms/ffsplit-view.ts';
import type { HeuristicsResult } from '../../src/arbiter/cluster.ts';
import { nodeListOf } from '../../src/arbiter/node-list.ts';
import type { TieBreaker } from '../../src/protocol/values.ts';
import { nodeInfos } from './world.ts';

const listOf = (ids: readonly number[]) => nodeListOf(nodeInfos(ids));
const idsOf = (list: View['members']) => list.nodes.map((node) => node.nodeId);

function slowlyStable({ views }: Picture): boolean {
  for (const a of views) {
    for (const b of views) {
      if (!idsOf(a.config).every((id) => idsOf(b.config).includes(id))) return false;
      if (!idsOf(a.members).includes(b.nodeId)) continue;
      if (a.ringId.nodeId !== b.ringId.nodeId || a.ringId.seq !== b.ringId.seq) return false;
      if (!idsOf(a.members).every((id) => idsOf(b.members).includes(id))) return false;
    }
  }
  return true;
}

function slowWinner(picture: Picture): number[] {
  const connected = (x: View | undefined) =>
    x === undefined ? 0 : idsOf(x.members).filter((id) => picture.listed.has(id)).length;
  const score = (x: View | undefined) => {
    if (x === undefined) return 0;
    const results = idsOf(x.members).map((id) => (id === x.nodeId ? x.heuristics : picture.listed.get(id)));
    const counted = results.filter((_, index) => picture.listed.has(idsOf(x.members)[index] ?? -1));
    return counted.length + counted.filter((r) => r === 'pass').length - counted.filter((r) => r === 'fail').length;
  };
  const preferred = (x: View) => {
    if (x.tieBreaker.mode === 'nodeId') return x.tieBreaker.nodeId;
    const sorted = idsOf(x.config).sort((a, b) => a - b);
    return x.tieBreaker.mode === 'lowest' ? sorted[0] : sorted.at(-1);
  };
  let best: View | undefined;
  for (const c of [...picture.views].sort((a, b) => a.nodeId - b.nodeId)) {
    const n = idsOf(c.config).length;
    const m = idsOf(c.members).length;
    let wins: boolean;
    if (m > Math.floor(n / 2)) wins = true;
    else if (n % 2 !== 0) wins = false;
    else if (m < n / 2) wins = false;
    else if (score(c) !== score(best)) wins = score(c) > score(best);
    else if (connected(c) !== connected(best)) wins = connected(c) > connected(best);
    else if (
      best !== undefined &&
      picture.keepActive &&
      picture.previousWinner.has(c.nodeId) !== picture.previousWinner.has(best.nodeId)
    ) {
      wins = picture.previousWinner.has(c.nodeId);
    } else {
      const node = preferred(c);
      wins = node !== undefined && idsOf(c.members).includes(node);
    }
    if (wins) best = c;
  }
  return best === undefined ? [] : idsOf(best.members);
}

const heuristics = fc.constantFrom<HeuristicsResult>('pass', 'fail', 'undefined');
const tieBreaker: fc.Arbitrary<TieBreaker> = fc.oneof(
  fc.constantFrom<TieBreaker>({ mode: 'lowest' }, { mode: 'highest' }),
  fc.integer({ min: 1, max: 7 }).map((nodeId): TieBreaker => ({ mode: 'nodeId', nodeId })),
);

/** Mostly clean partitions of one configuration, with some noise in rings, lists and configurations. */
const anyPicture: fc.Arbitrary<Picture> = fc
  .record({ size: fc.integer({ min: 1, max: 6 }), tieBreaker, keepActive: fc.boolean() })
  .chain(({ size, tieBreaker, keepActive }) => {
    const ids = Array.from({ length: size }, (_, index) => index + 1);
    return fc
      .record({
        sides: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: size, maxLength: size }),
        connected: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
        leaver: fc.option(fc.constantFrom(...ids), { nil: undefined }),
        own: fc.array(heuristics, { minLength: size, maxLength: size }),
        stored: fc.array(heuristics, { minLength: size, maxLength: size }),
        previous: fc.subarray(ids),
        noise: fc.array(fc.constantFrom('none', 'none', 'none', 'ring', 'list', 'config', 'noMembers', 'noConfig'), {
          minLength: size,
          maxLength: size,
        }),
      })
      .map(({ sides, connected, leaver, own, stored, previous, noise }): Picture => {
        const present = ids.filter((id) => connected[id - 1] === true);
        const views = present
          .filter((id) => id !== leaver)
          .map((id): View => {
            const side = sides[id - 1] ?? 0;
            const twist = noise[id - 1];
            const mates = ids.filter((other) => sides[other - 1] === side);
            const members = twist === 'list' ? [id] : twist === 'noMembers' ? [] : mates;
            const config = twist === 'config' ? [...ids, 9] : twist === 'noConfig' ? [] : ids;
            return {
              client: id,
              nodeId: id,
              tieBreaker,
              ringId: { nodeId: mates[0] ?? id, seq: twist === 'ring' ? 16n : 12n },
              config: listOf(config),
              members: listOf(members),
              heuristics: own[id - 1] ?? 'undefined',
            };
          });
        const listed = new Map(present.map((id) => [id, stored[id - 1] ?? 'undefined']));
        return { views, listed, keepActive, previousWinner: new Set(previous) };
      });
  });

test('stability agrees with the pairwise reading', () => {
  let stable = 0;
  fc.assert(
    fc.property(anyPicture, (picture) => {
      assert.equal(isStable(picture), slowlyStable(picture));
      if (isStable(picture)) stable += 1;
    }),
    { numRuns: 5000 },
  );
  assert.ok(stable > 500 && stable < 4900, `the pictures are of both kinds: ${stable} of 5000 stable`);
});

test('selection agrees with the reading of the rules', () => {
  fc.assert(
    fc.property(anyPicture, (picture) => {
      const { winner, rule } = selectPartition(picture);
      assert.deepEqual([...winner].sort(), slowWinner(picture).sort());
      assert.equal(rule === 'nobody', winner.size === 0);
    }),
    { numRuns: 5000 },
  );
});

const RULES: readonly [string, Picture, string, number[]][] = [
  ['more than half', half({ 1: [1, 2, 3], 4: [4] }), 'majority', [1, 2, 3]],
  ['one half only', half({ 1: [1, 2] }), 'onlyHalf', [1, 2]],
  ['a passed heuristics result', half({ 1: [1, 2], 3: [3, 4] }, { 3: 'pass' }), 'heuristics', [3, 4]],
  ['more connected nodes', half({ 1: [1, 2], 3: [3, 4], 4: [3, 4] }), 'connectedNodes', [3, 4]],
  ['the half that had it', half({ 1: [1, 2], 3: [3, 4] }, {}, [3, 4]), 'keepActive', [3, 4]],
  ['the tie-breaker', half({ 1: [1, 2], 3: [3, 4] }), 'tieBreaker', [1, 2]],
  [
    'no half with the tie-breaker',
    half({ 2: [2, 3], 4: [4, 5] }, {}, [], { mode: 'nodeId', nodeId: 9 }),
    'firstReported',
    [2, 3],
  ],
  ['nobody has half', half({ 1: [1], 2: [2] }), 'nobody', []],
];

for (const [name, picture, rule, winner] of RULES) {
  test(`the rule in words: ${name}`, () => {
    const selection = selectPartition(picture);
    assert.equal(selection.rule, rule);
    assert.deepEqual([...selection.winner], winner);
  });
}

/** Four configured nodes; the keys are the connected nodes and the lists what they report. */
function half(
  reports: Readonly<Record<number, number[]>>,
  results: Readonly<Record<number, HeuristicsResult>> = {},
  previous: readonly number[] = [],
  tieBreaker: TieBreaker = { mode: 'lowest' },
): Picture {
  const views = Object.entries(reports).map(([id, members]): View => {
    const nodeId = Number(id);
    return {
      client: nodeId,
      nodeId,
      tieBreaker,
      ringId: { nodeId: members[0] ?? 0, seq: 12n },
      config: listOf([1, 2, 3, 4]),
      members: listOf(members),
      heuristics: results[nodeId] ?? 'undefined',
    };
  });
  const listed = new Map(views.map((view) => [view.nodeId, view.heuristics]));
  return { views, listed, keepActive: previous.length > 0, previousWinner: new Set(previous) };
}
