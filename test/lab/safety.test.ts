import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findDoubleQuorum, type Sample } from './safety.ts';

/** A reading that took 10 ms. */
function sample(nodeId: number, beganMs: number, ringId: string, quorate: boolean, members: readonly number[]): Sample {
  const list = members.map((id) => ({ nodeId: id, votes: 1, qdevice: '', name: `n${id}` }));
  const reading = { nodeId, ringId, quorate, totalVotes: 0, expectedVotes: 0, flags: [], members: list };
  return { nodeId, beganMs, endedMs: beganMs + 10, reading };
}

test('two nodes of different partitions, quorate over the same time, are found with that time', () => {
  const one = [0, 100, 200].map((ms) => sample(1, ms, '1.8', true, [1]));
  const two = [50, 150].map((ms) => sample(2, ms, '2.8', true, [2]));
  assert.deepEqual(findDoubleQuorum([...one, ...two]), [{ partitions: [[1], [2]], fromMs: 60, toMs: 150 }]);
});

test('partitions with a common node are one cluster that is not of one mind yet', () => {
  const one = [0, 100].map((ms) => sample(1, ms, '1.8', true, [1]));
  const two = [0, 100].map((ms) => sample(2, ms, '1.4', true, [1, 2]));
  assert.deepEqual(findDoubleQuorum([...one, ...two]), []);
});

test('a handover is no double quorum, however close', () => {
  const one = [sample(1, 0, '1.8', true, [1]), sample(1, 100, '1.8', true, [1]), sample(1, 200, '1.8', false, [1])];
  const two = [sample(2, 100, '2.8', false, [2]), sample(2, 111, '2.8', true, [2]), sample(2, 300, '2.8', true, [2])];
  assert.deepEqual(findDoubleQuorum([...one, ...two]), []);
});

test('nothing is claimed about the time between two rings or without an answer', () => {
  const one = [sample(1, 0, '1.8', true, [1]), sample(1, 1000, '1.12', true, [1])];
  const two = [0, 500, 1000].map((ms) => sample(2, ms, '2.8', true, [2]));
  assert.deepEqual(findDoubleQuorum([...one, ...two]), []);
  const silent = { nodeId: 1, beganMs: 500, endedMs: 510, reading: undefined };
  const back = [sample(1, 0, '1.8', true, [1]), silent, sample(1, 1000, '1.8', true, [1])];
  assert.deepEqual(findDoubleQuorum([...back, ...two]), []);
});
