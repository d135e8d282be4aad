/** The contract has these rows and no other, each once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTRACT } from './table.ts';

const RANGES = [
  [1, 15],
  [20, 23],
  [30, 41],
  [50, 65],
] as const;

test('every requirement has exactly one row', () => {
  const expected = RANGES.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => `D${from + at}`));
  assert.deepEqual(
    CONTRACT.map(({ id }) => id),
    expected,
  );
});
