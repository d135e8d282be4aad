import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { differences, doubleQuorum, type NodeSeen, type Seen } from '../../src/demo/check.ts';
import { type Scene, storyOf } from '../../src/demo/story.ts';
import { anyStory } from './any-story.ts';
import { seenAsExpected, statusOf } from './seen.ts';

function sceneCalled(title: string): Scene {
  const scene = storyOf(4, undefined).find((candidate) => candidate.title === title);
  assert.ok(scene);
  return scene;
}

const split = sceneCalled('Two against two');

function withNode(nodeId: number, changes: Partial<NodeSeen>): Seen {
  const seen = seenAsExpected(split);
  return { ...seen, nodes: seen.nodes.map((node) => (node.nodeId === nodeId ? { ...node, ...changes } : node)) };
}

test('what is as it should be has no differences', () => {
  fc.assert(
    fc.property(anyStory, (scenes) => {
      for (const scene of scenes) {
        const seen = seenAsExpected(scene);
        assert.deepEqual(differences(scene.outcome, seen), []);
        assert.equal(doubleQuorum(seen.nodes), undefined);
      }
    }),
  );
});

test('every figure of a node counts', () => {
  const cases: readonly (readonly [Partial<NodeSeen>, string])[] = [
    [{ members: [3] }, 'node 3 sees the nodes 3, not 3,4'],
    [{ casts: true }, 'node 3 counts a vote of the arbiter: yes, not no'],
    [{ votes: 3 }, 'node 3 has votes: 3, not 2'],
    [{ quorum: 2 }, 'node 3 needs votes: 2, not 3'],
    [{ quorate: true }, 'node 3 is quorate: yes, not no'],
    [{ synchronising: true }, 'node 3 is still agreeing with the others on who is there'],
  ];
  for (const [changes, sentence] of cases) {
    assert.deepEqual(differences(split.outcome, withNode(3, changes)), [sentence]);
  }
});

test('a node too few, a node too many', () => {
  const seen = seenAsExpected(split);
  const without = { ...seen, nodes: seen.nodes.filter(({ nodeId }) => nodeId !== 2) };
  assert.deepEqual(differences(split.outcome, without), ['node 2 does not run']);
  const lost = sceneCalled('A node is lost');
  const [first] = seenAsExpected(lost).nodes;
  assert.ok(first);
  const tooMany = { ...seenAsExpected(lost), nodes: [...seenAsExpected(lost).nodes, { ...first, nodeId: 3 }] };
  assert.deepEqual(differences(lost.outcome, tooMany), ['node 3 runs, but should be lost']);
});

test('the arbiter has to say the same, for the same reason', () => {
  const seen = seenAsExpected(split);
  const told = (arbiter: Seen['arbiter']): string[] => differences(split.outcome, { ...seen, arbiter });
  const status = statusOf([1, 2, 3, 4], [1, 2], 'tieBreaker');
  assert.deepEqual(told(undefined), ['the arbiter knows no node']);
  assert.deepEqual(told(statusOf([1, 2, 3], [1, 2], 'tieBreaker')), [
    'the arbiter is connected to nodes 1, 2 and 3, not nodes 1, 2, 3 and 4',
  ]);
  assert.deepEqual(told(statusOf([1, 2, 3, 4], [3, 4], 'tieBreaker')), [
    'the arbiter decided for nodes 3 and 4, not nodes 1 and 2',
    'the vote is with nodes 3 and 4, not nodes 1 and 2',
  ]);
  assert.deepEqual(told(statusOf([1, 2, 3, 4], [1, 2], 'keepActive')), [
    'the arbiter decided by the rule keepActive, not tieBreaker',
  ]);
  assert.deepEqual(told({ ...status, vote: { ...status.vote, phase: 'withdrawing' } }), [
    "the arbiter's decision is not settled but withdrawing",
  ]);
  const away = sceneCalled('The arbiter is lost');
  assert.deepEqual(differences(away.outcome, { ...seenAsExpected(away), arbiter: status }), [
    'the arbiter answers, but should be lost',
  ]);
});

test('two partitions that go on at once are found, and only those', () => {
  const both = withNode(3, { quorate: true });
  assert.equal(doubleQuorum(both.nodes), 'nodes 1 and 2 and nodes 3 and 4 were quorate at the same time');
  const agreeing = withNode(3, { quorate: true, synchronising: true });
  assert.equal(doubleQuorum(agreeing.nodes), undefined);
  const oldRing = withNode(3, { quorate: true, members: [1, 2, 3, 4] });
  assert.equal(doubleQuorum(oldRing.nodes), undefined, 'it still believes to be with the others');
});
