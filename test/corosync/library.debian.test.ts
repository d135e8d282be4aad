/** What koffi computes is held against the C compiler's layout; any other one has to be refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import koffi from 'koffi';
import { layoutProblem, loadLibraries } from '../../src/corosync/library.ts';

test('both libraries load, once, and their layouts are the known ones', () => {
  assert.equal(loadLibraries(), loadLibraries());
});

test('a layout that differs in size, alignment or order is noticed', () => {
  const alias = (type: ReturnType<typeof koffi.struct>) => ({ ...type, name: 'votequorum_ring_id' });
  const packed = koffi.pack({ nodeId: 'uint32_t', seq: 'uint64_t' });
  const swapped = koffi.struct({ seq: 'uint64_t', nodeId: 'uint32_t' });
  const small = koffi.struct({ nodeId: 'uint32_t', seq: 'uint32_t' });
  assert.equal(layoutProblem(alias(packed)), 'size 12 instead of 16');
  assert.equal(layoutProblem(alias(swapped)), 'nodeId at 8 instead of 0');
  assert.equal(layoutProblem(alias(small)), 'size 8 instead of 16');
  assert.equal(layoutProblem(small), 'unknown structure');
});
