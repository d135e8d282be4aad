/** Messages to frames: 6 header bytes (u16 type, u32 body length) and the options in upstream's order. */
import assert from 'node:assert';
import type { MessageName } from './messages.ts';
import { MESSAGES } from './messages.ts';
import type { OptionName, OptionRow, OptionValues } from './options.ts';
import { OPTIONS } from './options.ts';
import type { Tlv } from './tlv.ts';
import { tlvListBytes, writeTlvs } from './tlv.ts';
import { writeU16, writeU32 } from './wire-types.ts';

export const HEADER_BYTES = 6;

/** The whole frame. Which options are there is the caller's affair; one the message cannot carry is a bug. */
export function encodeMessage(name: MessageName, options: OptionValues): Uint8Array {
  const order: readonly OptionName[] = MESSAGES[name].order;
  const list: Tlv[] = [];
  let carried = 0;
  for (const option of order) {
    const value = options[option];
    if (value === undefined) continue;
    carried += 1;
    appendOption(list, OPTIONS[option], value);
  }
  assert(carried === givenOptions(options), `${name} was given an option that it cannot carry`);
  const bodyBytes = tlvListBytes(list);
  const frame = newFrame(name, bodyBytes);
  writeTlvs(frame, HEADER_BYTES, list);
  return frame;
}

/** The request come back byte by byte, options unknown to us included. */
export function encodeEchoReply(requestBody: Uint8Array): Uint8Array {
  const frame = newFrame('echoReply', requestBody.length);
  frame.set(requestBody, HEADER_BYTES);
  return frame;
}

function appendOption(list: Tlv[], row: OptionRow, value: unknown): void {
  if (row.repeated === undefined) {
    list.push({ code: row.code, value: row.type.encode(value) });
    return;
  }
  assert(Array.isArray(value), 'a repeated option takes a list');
  for (const element of value) list.push({ code: row.code, value: row.type.encode(element) });
}

function givenOptions(options: OptionValues): number {
  let given = 0;
  for (const value of Object.values(options)) if (value !== undefined) given += 1;
  return given;
}

function newFrame(name: MessageName, bodyBytes: number): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + bodyBytes);
  writeU16(frame, 0, MESSAGES[name].code);
  writeU32(frame, 2, bodyBytes);
  return frame;
}
