/**
 * The list of options that fills a message body, and again the value of NODE_INFO: u16 option code, u16 value length,
 * value; no padding, no terminator. The list has to end exactly where its bytes end.
 */
import assert from 'node:assert';
import { readU16, U16_MAX, writeU16 } from './wire-types.ts';

export const TLV_HEADER_BYTES = 4;

/** Called for each option in order; false stops the walk. `value` is a view, not a copy. */
type Visit = (code: number, value: Uint8Array) => boolean;

/** True if the list is well formed and every visit said so. What stood before a fault has been visited by then. */
export function visitTlvs(list: Uint8Array, visit: Visit): boolean {
  let at = 0;
  while (at < list.length) {
    const valueAt = at + TLV_HEADER_BYTES;
    if (valueAt > list.length) return false;
    const end = valueAt + readU16(list, at + 2);
    if (end > list.length) return false;
    if (!visit(readU16(list, at), list.subarray(valueAt, end))) return false;
    at = end;
  }
  return true;
}

export interface Tlv {
  readonly code: number;
  readonly value: Uint8Array;
}

export function tlvListBytes(list: readonly Tlv[]): number {
  let bytes = 0;
  for (const { value } of list) bytes += TLV_HEADER_BYTES + value.length;
  return bytes;
}

/** Writes the list into `target` from `at` on. */
export function writeTlvs(target: Uint8Array, at: number, list: readonly Tlv[]): void {
  let next = at;
  for (const { code, value } of list) {
    assert(value.length <= U16_MAX, `${value.length} bytes do not fit in an option`);
    writeU16(target, next, code);
    writeU16(target, next + 2, value.length);
    target.set(value, next + TLV_HEADER_BYTES);
    next += TLV_HEADER_BYTES + value.length;
  }
}
