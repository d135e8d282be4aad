import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlap } from './overlap.ts';
import type { Sample } from './safety.ts';

/** A reading every 100 ms that took 10 ms: Y quorate, n not, ? no answer. */
function samples(nodeId: number, letters: string, firstMs = 0): Sample[] {
  return [...letters].map((letter, at) => {
    const beganMs = firstMs + at * 100;
    const reading = { nodeId, ringId: '1.8', totalVotes: 0, expectedVotes: 0, flags: [], members: [] };
    const answer = letter === '?' ? undefined : { ...reading, quorate: letter === 'Y' };
    return { nodeId, beganMs, endedMs: beganMs + 10, reading: answer };
  });
}

test('the bounds lie around what the samples leave open on both ends', () => {
  const found = overlap(samples(1, 'YYYYYYnn'), samples(2, 'nnYYYYYY'));
  assert.deepEqual(found, { leastMs: 500 - 210, mostMs: 610 - 100 });
});

test('nodes that are quorate one after the other never overlap', () => {
  assert.deepEqual(overlap(samples(1, 'YYYnnnnn'), samples(2, 'nnnnnYYY')), { leastMs: 0, mostMs: 0 });
  assert.deepEqual(overlap(samples(1, 'nnnnYYYY'), samples(2, 'YYnnnnnn')), { leastMs: 0, mostMs: 0 });
});

test('a handover between two readings is no overlap for sure, and could be a short one', () => {
  assert.deepEqual(overlap(samples(1, 'YYnn'), samples(2, 'nYYY', 50)), { leastMs: 0, mostMs: 210 - 50 });
});

test('a node that does not answer may have been quorate all the while', () => {
  assert.deepEqual(overlap(samples(1, 'YY??n'), samples(2, 'YYYYY')), { leastMs: 90, mostMs: 410 });
});

test('an overlap that does not end lasts as long as was looked', () => {
  assert.deepEqual(overlap(samples(1, 'YYYYY'), samples(2, 'YYYYY')), { leastMs: 390, mostMs: 410 });
  assert.deepEqual(overlap([], samples(2, 'YYYYY')), { leastMs: 0, mostMs: 0 });
});
