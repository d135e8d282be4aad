/** Each shape of a value: it comes back as it went, at its length and at no other, and in one form only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NodeState } from '../../src/protocol/enums.ts';
import { NODE_STATE, TLS_SUPPORT } from '../../src/protocol/enums.ts';
import { nodeInfo } from '../../src/protocol/node-info.ts';
import type { WireType } from '../../src/protocol/wire-types.ts';
import {
  byteString,
  enum8,
  ringId,
  tieBreaker,
  u8,
  u16,
  u16Array,
  u32,
  u64,
  wordsByNumber,
} from '../../src/protocol/wire-types.ts';
import { anyByteString, anyNodeInfo, anyRingId, anyTieBreaker, anyU8, anyU16, anyU32, anyU64 } from './arbitraries.ts';
import { fromHex, toHex } from './fixtures.ts';

function assertComesBack<T>(type: WireType<T>, values: fc.Arbitrary<T>) {
  fc.assert(
    fc.property(values, (value) => {
      assert.deepEqual(type.decode(type.encode(value)), value);
    }),
  );
}

test('every value comes back as it went', () => {
  assertComesBack(u8, anyU8);
  assertComesBack(u16, anyU16);
  assertComesBack(u32, anyU32);
  assertComesBack(u64, anyU64);
  assertComesBack(byteString, anyByteString);
  assertComesBack(u16Array, fc.array(anyU16));
  assertComesBack(enum8(NODE_STATE), fc.constantFrom<NodeState>('member', 'dead', 'leaving'));
  assertComesBack(ringId, anyRingId);
  assertComesBack(tieBreaker, anyTieBreaker);
  assertComesBack(nodeInfo, anyNodeInfo);
});

test('numbers are big-endian', () => {
  assert.equal(toHex(u16.encode(0x0102)), '0102');
  assert.equal(toHex(u32.encode(0x8203_0405)), '82030405');
  assert.equal(toHex(u64.encode(0x8102_0304_0506_0708n)), '8102030405060708');
  assert.equal(u32.decode(fromHex('82030405')), 0x8203_0405);
  assert.equal(u64.decode(fromHex('8102030405060708')), 0x8102_0304_0506_0708n);
  assert.equal(toHex(ringId.encode({ nodeId: 1, seq: 0x1b4n })), '0000000100000000000001b4');
  assert.deepEqual(u16Array.decode(fromHex('00010203')), [1, 0x0203]);
});

test('a value of another length is refused', () => {
  const lengthOf: readonly (readonly [WireType<unknown>, number])[] = [
    [u8, 1],
    [enum8(TLS_SUPPORT), 1],
    [u16, 2],
    [u32, 4],
    [tieBreaker, 5],
    [u64, 8],
    [ringId, 12],
  ];
  for (const [type, right] of lengthOf) {
    for (let bytes = 0; bytes <= 14; bytes += 1) {
      assert.equal(type.decode(new Uint8Array(bytes).fill(1)) !== undefined, bytes === right, `${bytes} for ${right}`);
    }
  }
  for (let bytes = 0; bytes <= 9; bytes += 1) {
    assert.equal(u16Array.decode(new Uint8Array(bytes))?.length, bytes % 2 === 0 ? bytes / 2 : undefined);
    assert.equal(byteString.decode(new Uint8Array(bytes))?.length, bytes);
  }
});

test('a value is read from a view at any offset', () => {
  const shifted = fromHex('ff82030405ff').subarray(1, 5);
  assert.equal(u32.decode(shifted), 0x8203_0405);
  assert.equal(byteString.decode(shifted), '\u0082\u0003\u0004\u0005');
});

test('a byte without a word is refused, a word without a byte is our bug', () => {
  const state = enum8(NODE_STATE);
  const words = Array.from({ length: 256 }, (_, byte) => state.decode(Uint8Array.of(byte)));
  assert.deepEqual(words.slice(0, 5), [undefined, 'member', 'dead', 'leaving', undefined]);
  assert.ok(words.slice(5).every((word) => word === undefined));
  const anyWord: WireType<string> = enum8<string>(NODE_STATE);
  assert.throws(() => anyWord.encode('gone'), { name: 'AssertionError' });
  assert.throws(() => anyWord.encode('toString'), { name: 'AssertionError' });
});

test('a tie-breaker mode beyond 1 to 3 is refused', () => {
  const modes = [0, 1, 2, 3, 4, 255].map((mode) => tieBreaker.decode(Uint8Array.of(mode, 0, 0, 0, 9)));
  const [lowest, highest, nodeId] = [{ mode: 'lowest' }, { mode: 'highest' }, { mode: 'nodeId', nodeId: 9 }];
  assert.deepEqual(modes, [undefined, lowest, highest, nodeId, undefined, undefined]);
});

test('words are found by their numbers, gaps have none', () => {
  const words = wordsByNumber({ one: { code: 1 }, three: { code: 3 } }, (row) => row.code);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 0xffff].map((number) => words[number]),
    [undefined, 'one', undefined, 'three', undefined, undefined],
  );
});
