import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlap } from './overlap.ts';
import { quorumChanges, withLoggedChanges } from './quorum-log.ts';
import type { Sample } from './safety.ts';

const T0 = Date.parse('Nov 22 2026 21:44:50.000');
const LOG = `Nov 22 21:44:49.000 [36] n2 corosync notice  [QUORUM] This node is within the non-primary component and will NOT provide any services.
Nov 22 21:44:51.433 [36] n2 corosync info    [KNET  ] link: host: 1 link: 0 is down
Nov 22 21:44:52.165 [36] n2 corosync notice  [QUORUM] This node is within the primary component and will provide service.
Nov 22 21:44:53.002 [36] n2 corosync notice  [QUORUM] This node is within the non-primary component and will NOT provide any services.
`;

function samples(nodeId: number, quorate: readonly boolean[]): Sample[] {
  return quorate.map((is, at) => {
    const reading = { nodeId, ringId: '1.8', quorate: is, totalVotes: 0, expectedVotes: 0, flags: [], members: [] };
    return { nodeId, beganMs: T0 + at * 1000, endedMs: T0 + at * 1000 + 10, reading };
  });
}

test('gains and losses of quorum since an instant are read from the log', () => {
  assert.deepEqual(quorumChanges(LOG, T0), [
    { atMs: T0 + 2165, quorate: true },
    { atMs: T0 + 3002, quorate: false },
  ]);
});

test('a handover between two readings is known to be none of both at once', () => {
  const one = samples(1, [true, true, true, false, false]);
  const two = samples(2, [false, false, false, true, true]);
  assert.equal(overlap(one, two).mostMs, 1010);
  const [lost, gained] = [
    { atMs: T0 + 2500, quorate: false },
    { atMs: T0 + 2600, quorate: true },
  ];
  const exact = overlap(withLoggedChanges(one, [lost]), withLoggedChanges(two, [gained]));
  assert.deepEqual(exact, { leastMs: 0, mostMs: 0 });
});

test('an overlap is measured to the steps of the clock', () => {
  const one = samples(1, [true, true, true, true, false]);
  const two = samples(2, [false, false, true, true, true]);
  const found = overlap(
    withLoggedChanges(one, [{ atMs: T0 + 3005, quorate: false }]),
    withLoggedChanges(two, [{ atMs: T0 + 1900, quorate: true }]),
  );
  assert.ok(found.leastMs > 1090 && found.mostMs < 1120, JSON.stringify(found));
});
