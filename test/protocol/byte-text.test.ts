/** Text as C reads it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asciiLower, untilNul } from '../../src/protocol/byte-text.ts';

test('text ends at the first NUL', () => {
  assert.deepEqual(['', 'a', 'a\0b\0c', '\0a'].map(untilNul), ['', 'a', 'a', '']);
});

test('only the letters of ASCII have a lower case', () => {
  assert.equal(asciiLower('AZ[az\xc4\u212a'), 'az[az\xc4\u212a');
});
