import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithoutHolder, leftOut } from './lost-grant.ts';

const node = (id: number, ring: string, vote: string): string =>
  `    Node ID ${id}:\n        Ring ID:\t\t${ring}\n        Vote:\t\t\t${vote}\n`;

test('a node that was told NACK in the ring of a holder was left out', () => {
  const four = [
    node(1, '1.29', 'No change (NACK)'),
    node(2, '2.29', 'No change (NACK)'),
    node(3, '2.29', 'NACK (NACK)'),
    node(4, '1.29', 'ACK (ACK)'),
  ];
  const other = node(1, '1.29', 'ACK (ACK)') + node(2, '1.29', 'NACK (NACK)');
  const list = `Cluster "other":\n${other}Cluster "four":\n${four.join('')}`;
  assert.deepEqual(leftOut(list, 'four'), [1]);
  assert.deepEqual(leftOut(list, 'other'), [2]);
  assert.deepEqual(leftOut(list, 'third'), []);
});

test('a cluster in which everybody was told NACK has no holder', () => {
  const refused = node(1, '1.29', 'No change (NACK)') + node(2, '2.29', 'NACK (NACK)');
  const held = node(1, '1.29', 'No change (NACK)') + node(2, '2.29', 'ACK (ACK)');
  const list = `Cluster "refused":\n${refused}Cluster "held":\n${held}`;
  assert.equal(isWithoutHolder(list, 'refused'), true);
  assert.equal(isWithoutHolder(list, 'held'), false);
  assert.equal(isWithoutHolder(list, 'third'), false);
});
