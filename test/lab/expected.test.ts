import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedLines, parsePartitions, partitionWithVote, type Situation } from './expected.ts';

function situation(partitions: string, rest: Partial<Situation> = {}): Situation {
  return {
    partitions: parsePartitions(partitions),
    down: [],
    apart: new Map(),
    tieBreaker: 'lowest',
    active: [],
    wellness: new Map(),
    ...rest,
  };
}

/** Every row was seen with corosync-qnetd 3.0.3 and real nodes, by running the lab's tests against it. */
const TABLE: readonly (readonly [string, string | undefined, Partial<Situation>])[] = [
  ['12', '12', {}],
  ['1|2', '1', {}],
  ['1|2', '2', { tieBreaker: 'highest' }],
  ['1|2', '2', { tieBreaker: 2 }],
  ['1|2', '1', { tieBreaker: 9 }],
  ['1|2', '2', { active: [2] }],
  ['1|2', '1', { active: [1, 2] }],
  ['1|2', '2', { apart: new Map([[1, 'lost']]) }],
  ['2', '2', { down: [1] }],
  ['14|23', '14', {}],
  ['14|23', '23', { tieBreaker: 3 }],
  ['1|234', '234', {}],
  ['1|2|34', '34', {}],
  ['1|2|3|4', undefined, {}],
  ['12|34', '34', { apart: new Map([[2, 'unregistered']]) }],
  ['12|34', '34', { active: [3, 4] }],
  ['12|3', '12', { down: [4] }],
  ['1|2', '2', { wellness: new Map([[2, true]]) }],
  ['1|2', '2', { wellness: new Map([[1, false]]), active: [1] }],
  [
    '1|2',
    '1',
    {
      wellness: new Map([
        [1, false],
        [2, false],
      ]),
    },
  ],
];

for (const [partitions, holder, rest] of TABLE) {
  const circumstances = Object.entries(rest).map(([name, value]) => ` ${name} ${JSON.stringify([...[value]].flat())}`);
  test(`${partitions}${circumstances}: ${holder ?? 'nobody'} holds the vote`, () => {
    const winner = partitionWithVote(situation(partitions, rest));
    assert.equal(winner?.join(''), holder);
  });
}

test('with the arbiter gone nobody holds the vote, and a majority of nodes needs none', () => {
  const gone = situation('123|4', { apart: new Map([1, 2, 3, 4].map((node) => [node, 'withheld'])) });
  assert.equal(partitionWithVote(gone), undefined);
  assert.equal(expectedLines(gone).get(1), 'quorate with 3 1:A,NV,NMW 2:A,NV,NMW 3:A,NV,NMW [Quorate Qdevice]');
  assert.equal(expectedLines(gone).get(4), 'blocked with 1 4:A,NV,NMW [Qdevice]');
});

test('the lines of a split: the holder counts the vote of the device, the rest is blocked, a dead node says nothing', () => {
  const lines = expectedLines(situation('12|3', { down: [4] }));
  assert.equal(lines.get(2), 'quorate with 3 1:A,V,NMW 2:A,V,NMW [Quorate Qdevice]');
  assert.equal(lines.get(3), 'blocked with 1 3:A,NV,NMW [Qdevice]');
  assert.equal(lines.get(4), 'no answer');
});
