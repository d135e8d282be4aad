/** However TCP cuts the stream, the frames are the same, and nothing a peer announces makes us hold more than the limit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { encodeMessage } from '../../src/protocol/encode.ts';
import type { FrameEvent } from '../../src/protocol/frame-reader.ts';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import { MESSAGES } from '../../src/protocol/messages.ts';
import { anyBodyBytes, anyU8, MESSAGE_NAMES } from './arbitraries.ts';
import { fromHex, readFixture, toHex } from './fixtures.ts';

const LIMIT = 64;

/** As text, taken at once: what a later chunk changes would be missed. */
function describe(event: FrameEvent): string {
  return event.kind === 'frame' ? `${event.name} ${toHex(event.body)}` : `refused ${event.code}`;
}

function drain(reader: FrameReader): readonly FrameEvent[] {
  const events: FrameEvent[] = [];
  for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event);
  return events;
}

function readAll(chunks: Iterable<Uint8Array>, limit = LIMIT): readonly string[] {
  const reader = new FrameReader(limit);
  const events: FrameEvent[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    events.push(...drain(reader));
  }
  // Only now: a frame has to outlive every later push.
  return events.map(describe);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function frameOf(type: number, body: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(6 + body.length);
  frame.writeUInt16BE(type, 0);
  frame.writeUInt32BE(body.length, 2);
  frame.set(body, 6);
  return Uint8Array.from(frame);
}

function headerOf(type: number, bodyBytes: number): Uint8Array {
  const header = frameOf(type, new Uint8Array(0));
  new DataView(header.buffer).setUint32(2, bodyBytes);
  return header;
}

/** Good, empty, unknown, too long and unknown empty frames, in turn. */
const MIXED = joined([
  encodeMessage('preinit', { msgSeqNumber: 1, clusterName: 'labcluster' }),
  frameOf(8, new Uint8Array(0)),
  frameOf(99, new Uint8Array(9).fill(7)),
  frameOf(18, new Uint8Array(0)),
  frameOf(10, new Uint8Array(LIMIT).fill(8)),
  encodeMessage('echoRequest', { msgSeqNumber: 2 }),
  frameOf(0xffff, new Uint8Array(LIMIT * 2)),
  frameOf(17, new Uint8Array(LIMIT - 6).fill(9)),
]);

const MIXED_EVENTS = [
  'preinit 00000004000000010001000a6c6162636c7573746572',
  'echoRequest ',
  'refused unsupportedMessage',
  'refused noError',
  'refused messageTooLong',
  'echoRequest 0000000400000002',
  'refused unsupportedMessage',
  `heuristicsChangeReply ${'09'.repeat(LIMIT - 6)}`,
];

test('a stream in one piece', () => {
  assert.deepEqual(readAll([MIXED]), MIXED_EVENTS);
});

test('a stream byte by byte', () => {
  assert.deepEqual(readAll(Array.from(MIXED, (byte) => Uint8Array.of(byte))), MIXED_EVENTS);
});

test('a stream cut in two, at every point', () => {
  for (let cut = 0; cut <= MIXED.length; cut += 1) {
    assert.deepEqual(readAll([MIXED.subarray(0, cut), MIXED.subarray(cut)]), MIXED_EVENTS, `cut at ${cut}`);
  }
});

test('a stream cut in three, at every pair of points', () => {
  for (let first = 0; first <= MIXED.length; first += 1) {
    for (let second = first; second <= MIXED.length; second += 3) {
      const pieces = [MIXED.subarray(0, first), MIXED.subarray(first, second), MIXED.subarray(second)];
      assert.deepEqual(readAll(pieces), MIXED_EVENTS, `cut at ${first} and ${second}`);
    }
  }
});

test('the frames of a real link, byte by byte', () => {
  const frames = readFixture('frames.txt').map(([, , hex]) => fromHex(hex));
  const bytes = Array.from(joined(frames), (byte) => Uint8Array.of(byte));
  const whole = readAll(frames, 32_768);
  assert.equal(whole.length, frames.length);
  assert.deepEqual(readAll(bytes, 32_768), whole);
});

const anyFrame = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 20 }), anyBodyBytes).map(([type, body]) => frameOf(type, body)),
  fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 20 })).map(([t, b]) => frameOf(t, b)),
);
const anyStream = fc.array(anyFrame, { maxLength: 8 }).map(joined);

function* cut(stream: Uint8Array, sizes: Iterator<number>): Generator<Uint8Array> {
  for (let at = 0; at < stream.length; ) {
    const bytes: number = sizes.next().value;
    yield stream.subarray(at, at + bytes);
    at += bytes;
  }
}

test('however TCP cuts the stream, the frames are the same', () => {
  fc.assert(
    fc.property(anyStream, fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (stream, sizes) => {
      assert.deepEqual(readAll(cut(stream, sizes)), readAll([stream]));
    }),
    { numRuns: 1_000 },
  );
});

test('it does not matter when the frames are taken', () => {
  fc.assert(
    fc.property(anyStream, fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (stream, sizes) => {
      const reader = new FrameReader(LIMIT);
      for (const chunk of cut(stream, sizes)) reader.push(chunk);
      assert.deepEqual(drain(reader).map(describe), readAll([stream]));
    }),
  );
});

/** As slow and simple as the description of upstream's reader: one byte at a time, nothing kept but what is needed. */
function readNaively(stream: Uint8Array, limit: number): readonly string[] {
  const bytes = Buffer.from(stream);
  const events: string[] = [];
  let at = 0;
  while (bytes.length - at >= 6) {
    const type = bytes.readUInt16BE(at);
    const bodyBytes = bytes.readUInt32BE(at + 2);
    if (bytes.length - at - 6 < bodyBytes) break;
    const body = bytes.subarray(at + 6, at + 6 + bodyBytes);
    at += 6 + bodyBytes;
    if (type > 17) events.push(bodyBytes === 0 ? 'refused noError' : 'refused unsupportedMessage');
    else if (6 + bodyBytes > limit) events.push('refused messageTooLong');
    else events.push(`${MESSAGE_NAMES.find((name) => MESSAGES[name].code === type)} ${toHex(body)}`);
  }
  return events;
}

test('the reader agrees with a naive one, on frames and on noise', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyStream, fc.uint8Array({ maxLength: 300 })),
      fc.integer({ min: 6, max: 120 }),
      fc.infiniteStream(anyU8.map((bytes) => bytes + 1)),
      (stream, limit, sizes) => {
        assert.deepEqual(readAll(cut(stream, sizes), limit), readNaively(stream, limit));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('every type from 0 to 17 is handed out, every other is refused', () => {
  const body = Uint8Array.of(1);
  for (const type of [...Array(20).keys(), 255, 256, 0x0100 + 3, 0x7fff, 0x8000, 0xffff]) {
    const known = MESSAGE_NAMES.find((name) => MESSAGES[name].code === type);
    assert.deepEqual(readAll([frameOf(type, body)]), [known ? `${known} 01` : 'refused unsupportedMessage'], `${type}`);
  }
});

test('a frame of exactly the limit passes, one byte more does not', () => {
  for (const limit of [16, LIMIT, 32_768]) {
    const atLimit = frameOf(0, new Uint8Array(limit - 6));
    const above = frameOf(0, new Uint8Array(limit - 5));
    assert.deepEqual(readAll([atLimit], limit), [`preinit ${'00'.repeat(limit - 6)}`]);
    assert.deepEqual(readAll([above], limit), ['refused messageTooLong']);
  }
});

test('a limit of a header alone lets empty frames through, a lower one is our bug', () => {
  assert.deepEqual(readAll([headerOf(8, 0), frameOf(8, Uint8Array.of(1))], 6), [
    'echoRequest ',
    'refused messageTooLong',
  ]);
  assert.throws(() => new FrameReader(5), { name: 'AssertionError' });
});

test('an unknown type is what is wrong with a frame that is too long as well', () => {
  assert.deepEqual(readAll([frameOf(18, new Uint8Array(LIMIT))]), ['refused unsupportedMessage']);
});

test('a refusal comes with the last byte of the frame, not before', () => {
  for (const type of [0, 18]) {
    const reader = new FrameReader(16);
    const frame = frameOf(type, new Uint8Array(11));
    reader.push(frame.subarray(0, 16));
    assert.equal(reader.next(), undefined);
    assert.equal(reader.next(), undefined);
    reader.push(frame.subarray(16));
    assert.equal(reader.next()?.kind, 'refused');
    assert.equal(reader.next(), undefined);
  }
});

test('an empty message of unknown type is refused with code 0', () => {
  assert.deepEqual(readAll([headerOf(18, 0)]), ['refused noError']);
  assert.deepEqual(readAll([headerOf(18, 0).subarray(0, 5), headerOf(18, 0).subarray(5)]), ['refused noError']);
});

test('a frame of 4 GiB is passed over, and the next one is read', () => {
  const chunk = new Uint8Array(1 << 26);
  for (const [type, code] of [
    [0, 'messageTooLong'],
    [18, 'unsupportedMessage'],
  ] as const) {
    const reader = new FrameReader(32_768);
    reader.push(headerOf(type, 0xffff_ffff));
    assert.equal(reader.next(), undefined);
    const externalBytes = process.memoryUsage().arrayBuffers;
    for (let chunks = 0; chunks < 63; chunks += 1) {
      reader.push(chunk);
      assert.equal(reader.next(), undefined);
    }
    reader.push(chunk.subarray(0, chunk.length - 2));
    assert.equal(reader.next(), undefined);
    reader.push(joined([Uint8Array.of(0), encodeMessage('echoRequest', { msgSeqNumber: 3 })]));
    assert.deepEqual(drain(reader).map(describe), [`refused ${code}`, 'echoRequest 0000000400000003']);
    assert.ok(process.memoryUsage().arrayBuffers - externalBytes < chunk.length, 'skipped bytes were kept');
  }
});

test('a frame announced and not sent costs what was sent', () => {
  const limit = 1 << 30;
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 200 }, () => new FrameReader(limit));
  for (const reader of readers) {
    for (const byte of headerOf(0, limit - 6)) reader.push(Uint8Array.of(byte));
    reader.push(new Uint8Array(100));
    assert.equal(reader.next(), undefined);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
});

test('a frame in chunks of one byte is put together, each byte copied a few times at most', (t) => {
  const frame = frameOf(
    10,
    Uint8Array.from({ length: 65_530 }, (_, index) => index % 251),
  );
  const chunks = Array.from(frame, (_, at) => frame.subarray(at, at + 1));
  const reader = new FrameReader(frame.length);
  const copy = t.mock.method(Uint8Array.prototype, 'set');
  const events: FrameEvent[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    events.push(...drain(reader));
  }
  const copiedBytes = copy.mock.calls.reduce((sum, call) => sum + call.arguments[0].length, 0);
  copy.mock.restore();
  assert.deepEqual(events.map(describe), [`nodeList ${toHex(frame.subarray(6))}`]);
  assert.ok(copiedBytes <= 3 * frame.length, `${copiedBytes} bytes copied for ${frame.length}`);
});

/** A function of its own, so that no local of the test keeps a chunk. */
function readAndForget(reader: FrameReader, frame: Uint8Array): WeakRef<Uint8Array> {
  reader.push(frame);
  assert.equal(drain(reader).length, 1);
  return new WeakRef(frame);
}

test('a reader that waits keeps nothing alive that it has read', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: unknown = runInNewContext('gc');
  assert.ok(typeof collectGarbage === 'function');
  const readers = Array.from({ length: 20 }, () => new FrameReader(LIMIT));
  const bodyBytes = [1, LIMIT - 6, LIMIT];
  const chunks = readers.map((reader, index) =>
    readAndForget(reader, frameOf(8, new Uint8Array(bodyBytes[index % 3] ?? 0))),
  );
  // What a WeakRef was made for lives on until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  assert.ok(chunks.every((chunk) => chunk.deref() === undefined));
  assert.ok(readers.every((reader) => reader.next() === undefined));
});

test('a frame handed out stays as it was, whatever comes later', () => {
  const reader = new FrameReader(32_768);
  const bodies: Uint8Array[] = [];
  for (let seq = 0; seq < 500; seq += 1) {
    const frame = encodeMessage('echoRequest', { msgSeqNumber: seq });
    const at = seq % (frame.length + 1);
    for (const part of [frame.subarray(0, at), frame.subarray(at)]) {
      reader.push(part);
      for (const event of drain(reader)) if (event.kind === 'frame') bodies.push(event.body);
    }
  }
  assert.deepEqual(
    bodies.map((body) => Buffer.from(body).readUInt32BE(4)),
    Array.from({ length: 500 }, (_, seq) => seq),
  );
});

test('an empty chunk changes nothing', () => {
  const reader = new FrameReader(LIMIT);
  const nothing = new Uint8Array(0);
  reader.push(nothing);
  assert.equal(reader.next(), undefined);
  reader.push(MIXED.subarray(0, 3));
  reader.push(nothing);
  assert.equal(reader.next(), undefined);
  reader.push(MIXED.subarray(3));
  reader.push(nothing);
  assert.deepEqual(drain(reader).map(describe), MIXED_EVENTS);
});

test('what came behind STARTTLS is given up untouched, wherever the stream is cut', () => {
  const startTls = encodeMessage('startTls', { msgSeqNumber: 2 });
  // The beginning of a TLS record, which as a frame would be of unknown type.
  const clientHello = fromHex('160301020001000200fc0303');
  const stream = joined([encodeMessage('preinit', { clusterName: 'x' }), startTls, clientHello]);
  for (let cutAt = 0; cutAt <= stream.length; cutAt += 1) {
    const reader = new FrameReader(LIMIT);
    const seen: string[] = [];
    let rest: Uint8Array | undefined;
    for (const chunk of [stream.subarray(0, cutAt), stream.subarray(cutAt)]) {
      if (rest !== undefined) {
        rest = joined([rest, chunk]);
        continue;
      }
      reader.push(chunk);
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        assert.ok(event.kind === 'frame');
        seen.push(event.name);
        if (event.name !== 'startTls') continue;
        rest = reader.takeRest();
        break;
      }
    }
    assert.deepEqual(seen, ['preinit', 'startTls']);
    assert.ok(rest !== undefined);
    assert.equal(toHex(rest), toHex(clientHello), `cut at ${cutAt}`);
  }
});

test('after the rest is taken the reader is as new', () => {
  const reader = new FrameReader(LIMIT);
  reader.push(joined([encodeMessage('startTls', { msgSeqNumber: 2 }), fromHex('1603')]));
  assert.equal(reader.next()?.kind, 'frame');
  const rest = reader.takeRest();
  assert.equal(reader.takeRest().length, 0);
  assert.equal(reader.next(), undefined);
  reader.push(MIXED);
  assert.deepEqual(drain(reader).map(describe), MIXED_EVENTS);
  assert.equal(toHex(rest), '1603');
});

test('the rest of a frame that is being skipped belongs to nobody', () => {
  const reader = new FrameReader(LIMIT);
  reader.push(headerOf(18, 1));
  assert.equal(reader.next(), undefined);
  assert.throws(() => reader.takeRest(), { name: 'AssertionError' });
});
