/** The frame reader and every decoder: any stream gives frames or refusals, and what is read is written and read again the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { decodeBody, missingOption } from '../../../src/protocol/decode.ts';
import { encodeMessage } from '../../../src/protocol/encode.ts';
import { type FrameEvent, FrameReader } from '../../../src/protocol/frame-reader.ts';
import { MESSAGES, type MessageName } from '../../../src/protocol/messages.ts';
import { OPTIONS, type OptionName, type OptionRow, type OptionValues } from '../../../src/protocol/options.ts';
import { Bytes, type FuzzTarget } from '../target.ts';

const HEADER_BYTES = 6;
const SMALL_LIMIT_BYTES = 64;
const LIMIT_BYTES = 32_768;

/** Captured frames, without their comments. */
export const FRAMES: readonly Uint8Array[] = readFileSync(new URL('../../fixtures/frames.txt', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => /\b(?:[0-9a-f]{2}){6,}\b/.exec(line)?.[0] ?? [])
  .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

const names = <K extends string>(table: Readonly<Record<K, unknown>>): K[] => {
  const found: K[] = [];
  for (const name in table) found.push(name);
  return found;
};
const OPTION_NAMES = names(OPTIONS);

const stream = (pattern: number, frames: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from([pattern, ...frames.flatMap((frame) => [...frame])]);

export const frames: FuzzTarget = {
  name: 'frames',
  seeds: [
    ...FRAMES.map((frame) => stream(7, [frame])),
    stream(1, FRAMES.slice(0, 5)),
    stream(0x83, FRAMES.slice(5, 9)),
    stream(3, [Uint8Array.of(0, 99, 0, 0, 0, 2, 1, 2), ...FRAMES.slice(0, 1)]),
  ],
  bytesMax: 4096,
  run(input) {
    const bytes = new Bytes(input);
    const pattern = bytes.byte();
    const limitBytes = pattern >= 0x80 ? SMALL_LIMIT_BYTES : LIMIT_BYTES;
    const whole = bytes.rest();
    const events = readAll(limitBytes, [whole.slice()]);
    assert.deepEqual(readAll(limitBytes, cut(whole, 1 + (pattern % 32))), events, 'however the stream is cut');
    for (const event of events) if (event.kind === 'frame') checkBody(event.name, event.body);
  },
};

export const options: FuzzTarget = {
  name: 'options',
  seeds: OPTION_NAMES.flatMap((_, row) =>
    ['00', '01', '0001', '00000001', '0000000100000005', '000000010000000000000005', '0300000002'].map((hex) =>
      Uint8Array.from([row, ...Buffer.from(hex, 'hex')]),
    ),
  ),
  bytesMax: 256,
  run(input) {
    const name = OPTION_NAMES[(input[0] ?? 0) % OPTION_NAMES.length];
    assert.ok(name !== undefined);
    const row: OptionRow = OPTIONS[name];
    const value = row.type.decode(input.subarray(1));
    if (value === undefined) return;
    const written = row.type.encode(value);
    assert.deepEqual(row.type.decode(written), value, 'what is read is written and read again the same');
    assert.ok(written.length <= input.length, 'nothing is made up');
  },
};

function readAll(limitBytes: number, chunks: readonly Uint8Array[]): FrameEvent[] {
  const reader = new FrameReader(limitBytes);
  const events: FrameEvent[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'frame') assert.ok(event.body.length + HEADER_BYTES <= limitBytes, 'a frame keeps the limit');
      events.push(event);
    }
  }
  return events;
}

function cut(stream: Uint8Array, chunkBytes: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += chunkBytes) chunks.push(stream.slice(at, at + chunkBytes));
  return chunks;
}

function checkBody(name: MessageName, body: Uint8Array): void {
  const decoded = decodeBody(body);
  if (!decoded.ok) return;
  missingOption(name, decoded.options);
  const carried = carriedBy(name, decoded.options);
  const again = decodeBody(encodeMessage(name, carried).subarray(HEADER_BYTES));
  if (Object.keys(carried).length === 0) return;
  assert.ok(again.ok);
  assert.deepEqual(again.options, carried, 'a message is written and read again the same');
}

/** The options that a message of this name may have; others are read and passed over. */
function carriedBy(name: MessageName, options: OptionValues): OptionValues {
  const order: readonly OptionName[] = MESSAGES[name].order;
  return Object.fromEntries(Object.entries(options).filter(([option]) => order.some((each) => each === option)));
}
