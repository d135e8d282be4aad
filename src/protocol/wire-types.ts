/**
 * How one value looks on the wire. The rule: `decode` answers undefined for bytes that are not allowed (a wrong length,
 * a word without a meaning) and never throws, because bytes come from a peer; `encode` asserts, because values come
 * from us. Numbers are big-endian. The compound values are at the end; they follow the shape of values.ts.
 */
import assert from 'node:assert';
import { TIE_BREAKER_MODE } from './enums.ts';
import type { ByteString, RingId, TieBreaker } from './values.ts';

export interface WireType<T> {
  encode(value: T): Uint8Array;
  /** `bytes` is exactly the value: no byte missing, none behind it. */
  decode(bytes: Uint8Array): T | undefined;
}

export const U16_MAX = 0xffff;
const U8_MAX = 0xff;
const U32_MAX = 0xffff_ffff;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** A call with this many arguments fits every stack. */
const CHARS_PER_CALL = 4_096;

/** The readers assume that the caller has looked at the length; a byte past the end reads as 0. */
export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * 0x1_0000 + readU16(bytes, at + 2);
}

function readU64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readU32(bytes, at)) << 32n) | BigInt(readU32(bytes, at + 4));
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  assertFits(value, U16_MAX);
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  assertFits(value, U32_MAX);
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function writeU64(bytes: Uint8Array, at: number, value: bigint): void {
  assert(value >= 0n && value <= U64_MAX, `${value} is not a u64`);
  writeU32(bytes, at, Number(value >> 32n));
  writeU32(bytes, at + 4, Number(value & 0xffff_ffffn));
}

function assertFits(value: number, max: number): void {
  assert(Number.isInteger(value) && value >= 0 && value <= max, `${value} is not an integer from 0 to ${max}`);
}

export const u8: WireType<number> = {
  encode(value) {
    assertFits(value, U8_MAX);
    return Uint8Array.of(value);
  },
  decode: (bytes) => (bytes.length === 1 ? bytes[0] : undefined),
};

export const u16: WireType<number> = {
  encode(value) {
    const bytes = new Uint8Array(2);
    writeU16(bytes, 0, value);
    return bytes;
  },
  decode: (bytes) => (bytes.length === 2 ? readU16(bytes, 0) : undefined),
};

export const u32: WireType<number> = {
  encode(value) {
    const bytes = new Uint8Array(4);
    writeU32(bytes, 0, value);
    return bytes;
  },
  decode: (bytes) => (bytes.length === 4 ? readU32(bytes, 0) : undefined),
};

export const u64: WireType<bigint> = {
  encode(value) {
    const bytes = new Uint8Array(8);
    writeU64(bytes, 0, value);
    return bytes;
  },
  decode: (bytes) => (bytes.length === 8 ? readU64(bytes, 0) : undefined),
};

/** Any bytes, none included; there is no terminator on the wire and no character set. */
export const byteString: WireType<ByteString> = {
  encode: (value) =>
    Uint8Array.from(value, (char) => {
      const code = char.charCodeAt(0);
      assert(code <= U8_MAX && char.length === 1, 'a byte string holds one byte a character');
      return code;
    }),
  decode(bytes) {
    let text = '';
    for (let at = 0; at < bytes.length; at += CHARS_PER_CALL) {
      text += String.fromCharCode(...bytes.subarray(at, at + CHARS_PER_CALL));
    }
    return text;
  },
};

/** An empty array is legal: the option is there, its list is empty. */
export const u16Array: WireType<readonly number[]> = {
  encode(values) {
    const bytes = new Uint8Array(values.length * 2);
    for (const [index, value] of values.entries()) writeU16(bytes, index * 2, value);
    return bytes;
  },
  decode(bytes) {
    if (bytes.length % 2 !== 0) return undefined;
    return Array.from({ length: bytes.length / 2 }, (_, index) => readU16(bytes, index * 2));
  },
};

/** The way back from wire numbers to the words of a table; undefined is a number that it lacks. */
export function wordsByNumber<W extends string, Row>(
  table: Readonly<Record<W, Row>>,
  numberOf: (row: Row) => number,
): readonly (W | undefined)[] {
  const words: (W | undefined)[] = [];
  for (const word in table) words[numberOf(table[word])] = word;
  return words;
}

/** A word of ours for each number allowed in one byte; any other number is refused. */
export function enum8<W extends string>(numberOf: Readonly<Record<W, number>>): WireType<W> {
  const wordOf = wordsByNumber(numberOf, (number) => number);
  return {
    encode(word) {
      assert(Object.hasOwn(numberOf, word), `${word} has no number on the wire`);
      return u8.encode(numberOf[word]);
    },
    decode: (bytes) => (bytes.length === 1 ? wordOf[bytes[0] ?? 0] : undefined),
  };
}

/** u32 node id, then u64 sequence. */
export const ringId: WireType<RingId> = {
  encode(value) {
    const bytes = new Uint8Array(12);
    writeU32(bytes, 0, value.nodeId);
    writeU64(bytes, 4, value.seq);
    return bytes;
  },
  decode: (bytes) => (bytes.length === 12 ? { nodeId: readU32(bytes, 0), seq: readU64(bytes, 4) } : undefined),
};

const tieBreakerMode = enum8(TIE_BREAKER_MODE);

/** u8 mode, then u32 node id, which means something in mode nodeId only: written as 0 and not looked at in the others. */
export const tieBreaker: WireType<TieBreaker> = {
  encode(value) {
    const bytes = new Uint8Array(5);
    bytes.set(tieBreakerMode.encode(value.mode));
    writeU32(bytes, 1, value.mode === 'nodeId' ? value.nodeId : 0);
    return bytes;
  },
  decode(bytes) {
    if (bytes.length !== 5) return undefined;
    const mode = tieBreakerMode.decode(bytes.subarray(0, 1));
    if (mode === undefined) return undefined;
    return mode === 'nodeId' ? { mode, nodeId: readU32(bytes, 1) } : { mode };
  },
};
