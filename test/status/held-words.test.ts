import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldWords, releaseWords } from '../../src/status/held-words.ts';
import type { HeldStatus } from '../../src/status/json.ts';

const held = (waitsFor: HeldStatus['waitsFor'], recordFailure: string | null = null): string =>
  heldWords({ partition: [3, 4], sinceMs: 0, waitsFor, recordFailure });

test('what a partition waits for, in words', () => {
  assert.equal(
    held([{ nodeId: 1, reason: 'confirmation', remainingMs: null }]),
    'node 1 to confirm that the vote is gone, before nodes 3 and 4 may have it',
  );
  assert.equal(
    held([
      { nodeId: 1, reason: 'lease', remainingMs: 2_000 },
      { nodeId: 2, reason: 'lease', remainingMs: 14_000 },
    ]),
    'nodes 1 and 2, gone and perhaps still casting the vote, for 14 s more, before nodes 3 and 4 may have it',
  );
  assert.match(held([{ nodeId: 1, reason: 'lease', remainingMs: null }]), /to come back: without the arbiter/);
  assert.match(held([{ nodeId: 1, reason: 'unknown', remainingMs: 1_000 }]), /no record tells .* for 1 s more/);
  assert.match(held([], 'ENOSPC'), /^the record of who gets it, which cannot be written \(ENOSPC\)/);
  assert.match(held([]), /^the record of who gets it to be written/);
});

test('the way out where no time ends the wait, with no name in it that a shell would obey', () => {
  const release = (cluster: string, waitsFor: HeldStatus['waitsFor']) =>
    releaseWords({ partition: [3], sinceMs: 0, waitsFor, recordFailure: null }, cluster);
  const node = (nodeId: number, remainingMs: number | null) => ({ nodeId, reason: 'lease' as const, remainingMs });
  assert.equal(release('lab', [node(1, null)]), 'if node 1 will never be back: qnetd release --cluster lab --node 1');
  assert.match(release("a'; true", [node(1, null), node(2, null)]) ?? '', /nodes 1 and 2 .* --cluster NAME --node ID$/);
  assert.equal(release('lab', [node(1, 5)]), undefined);
  assert.equal(release('lab', [{ nodeId: 1, reason: 'confirmation', remainingMs: null }]), undefined);
});
