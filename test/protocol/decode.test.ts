/** The rules by which a body is right or wrong; upstream's verdict on the same bytes is in vectors.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeEchoReply, encodeMessage } from '../../src/protocol/encode.ts';
import { anyBodyBytes, anyMessage, anyOptionsOf, MESSAGE_NAMES } from './arbitraries.ts';
import { fromHex, readOneFrame, toHex } from './fixtures.ts';

const SEQ_7 = '0000000400000007';
const SEQ_8 = '0000000400000008';

function decodeHex(...parts: string[]) {
  return decodeBody(fromHex(parts.join('')));
}

function optionsOf(...parts: string[]) {
  const decoded = decodeHex(...parts);
  assert.ok(decoded.ok, 'this should be readable');
  return decoded.options;
}

function assertFails(seq: number | undefined, ...parts: string[]) {
  assert.deepEqual(decodeHex(...parts), { ok: false, seq });
}

test('an empty body is a fault, one unknown option makes it legal', () => {
  assertFails(undefined);
  assert.deepEqual(optionsOf('00180000'), {});
});

test('options fit the body exactly: one to three stray bytes spoil it', () => {
  assertFails(7, SEQ_7, '00');
  assertFails(7, SEQ_7, '0000');
  assertFails(7, SEQ_7, '000000');
  assertFails(undefined, '00');
});

test('a value that runs over the end spoils the body, an unknown one too', () => {
  assertFails(undefined, '000000040000');
  assertFails(7, SEQ_7, '00180001');
  assertFails(7, SEQ_7, '0018ffff00');
});

test('every truncation of a body is a fault, unless it ends between options', () => {
  const body = fromHex(`${SEQ_7}001200010200160001010003000101`);
  const borders = new Set([8, 13, 18, 23]);
  for (let cut = 0; cut < body.length; cut += 1) {
    assert.equal(decodeBody(body.subarray(0, cut)).ok, borders.has(cut), `cut at ${cut}`);
  }
});

test('unknown options are passed over, whatever their length and wherever they stand', () => {
  assert.deepEqual(optionsOf('00180000', SEQ_7, 'ffff0003616263', '00160001', '01', '00630000'), {
    msgSeqNumber: 7,
    heuristics: 'pass',
  });
  const long = new Uint8Array(4 + 0xffff);
  long.set(fromHex('0018ffff'));
  assert.deepEqual(decodeBody(long), { ok: true, options: {} });
});

test('a known option that the message has no use for is checked all the same', () => {
  assert.deepEqual(optionsOf(SEQ_7, '0013000101'), { msgSeqNumber: 7, vote: 'ack' });
  assertFails(7, SEQ_7, '0013000100');
});

test('of a repeated option the last one wins', () => {
  assert.deepEqual(optionsOf(SEQ_7, SEQ_8), { msgSeqNumber: 8 });
  assert.deepEqual(optionsOf('000400020001', '00040000', SEQ_7), { supportedMessages: [], msgSeqNumber: 7 });
});

test('an earlier value does not save a later bad one', () => {
  assertFails(7, SEQ_7, '0013000101', '0013000100');
});

test('node infos add up in order, doubles included', () => {
  const one = '00110008'.concat('0009000400000001');
  const two = '00110008'.concat('0009000400000002');
  assert.deepEqual(optionsOf(two, SEQ_7, one, two), {
    msgSeqNumber: 7,
    nodeInfo: [
      { nodeId: 2, dataCenterId: 0 },
      { nodeId: 1, dataCenterId: 0 },
      { nodeId: 2, dataCenterId: 0 },
    ],
  });
});

test('the sequence number is known only if it stood before the fault', () => {
  assertFails(undefined, '00020000', SEQ_7);
  assertFails(7, SEQ_7, '00020000');
  assertFails(8, SEQ_7, SEQ_8, '00020000');
  assertFails(7, SEQ_7, '0000000100');
  assertFails(7, SEQ_7, '00020000', SEQ_8);
});

test('an empty list is a list', () => {
  assert.deepEqual(optionsOf('00040000', '00050000', '000a0000'), {
    supportedMessages: [],
    supportedOptions: [],
    supportedDecisionAlgorithms: [],
  });
});

test('a cluster name is any bytes, none included', () => {
  assert.deepEqual(optionsOf('00010000'), { clusterName: '' });
  assert.deepEqual(optionsOf('0001000400ff80c3'), { clusterName: '\u0000\u00ff\u0080\u00c3' });
  const longest = new Uint8Array(4 + 0xffff).fill(0x61);
  longest.set(fromHex('0001ffff'));
  assert.deepEqual(decodeBody(longest), { ok: true, options: { clusterName: 'a'.repeat(0xffff) } });
});

test('numbers without a word of their own stay numbers', () => {
  assert.deepEqual(optionsOf('0003000107', '00060002ffff', '000b00020009', '000c000400000000'), {
    tlsClientCertRequired: 7,
    replyErrorCode: 0xffff,
    decisionAlgorithm: 9,
    heartbeatIntervalMs: 0,
  });
});

test('node id, data centre and state also stand outside a node info, where id 0 is legal', () => {
  assert.deepEqual(optionsOf('0009000400000000', '000f000400000000', '0010000103'), {
    nodeId: 0,
    dataCenterId: 0,
    nodeState: 'leaving',
  });
});

test('the largest numbers keep every bit', () => {
  assert.deepEqual(optionsOf('00000004ffffffff', '000d000cffffffffffffffffffffffff', '000e00088000000000000001'), {
    msgSeqNumber: 0xffff_ffff,
    ringId: { nodeId: 0xffff_ffff, seq: 0xffff_ffff_ffff_ffffn },
    configVersion: 0x8000_0000_0000_0001n,
  });
});

test('a tie-breaker has a node id in mode 3 only', () => {
  assert.deepEqual(optionsOf('001500050300000002'), { tieBreaker: { mode: 'nodeId', nodeId: 2 } });
  assert.deepEqual(optionsOf('001500050100000002'), { tieBreaker: { mode: 'lowest' } });
  assert.deepEqual(optionsOf('0015000502ffffffff'), { tieBreaker: { mode: 'highest' } });
});

function decodeNodeInfo(...inner: string[]) {
  const value = inner.join('');
  return decodeHex('0011', (value.length / 2).toString(16).padStart(4, '0'), value);
}

const ID_1 = '0009000400000001';

test('a node info is read in any order, with unknown and foreign options passed over', () => {
  const full = { ok: true, options: { nodeInfo: [{ nodeId: 1, dataCenterId: 3, state: 'dead' }] } };
  assert.deepEqual(decodeNodeInfo(ID_1, '000f000400000003', '0010000102'), full);
  assert.deepEqual(decodeNodeInfo('0010000102', '000f000400000003', ID_1), full);
  // Neither the unknown option 99, nor a vote and a sequence number that would be faults outside.
  assert.deepEqual(
    decodeNodeInfo('00630001ff', ID_1, '0013000100', '00000000', '000f000400000003', '0010000102'),
    full,
  );
});

test('a node info keeps the last of repeated options', () => {
  const decoded = decodeNodeInfo('0009000400000000', ID_1, '0010000101', '0010000103');
  assert.deepEqual(decoded, { ok: true, options: { nodeInfo: [{ nodeId: 1, dataCenterId: 0, state: 'leaving' }] } });
});

test('a node info is spoilt by an id of 0 or none, a bad value, stray bytes, an overrun', () => {
  const fault = { ok: false, seq: undefined };
  assert.deepEqual(decodeNodeInfo(), fault);
  assert.deepEqual(decodeNodeInfo('0010000101'), fault);
  assert.deepEqual(decodeNodeInfo('0009000400000000'), fault);
  assert.deepEqual(decodeNodeInfo(ID_1, '0009000400000000'), fault);
  assert.deepEqual(decodeNodeInfo('00090003000001'), fault);
  assert.deepEqual(decodeNodeInfo(ID_1, '000f0003000001'), fault);
  assert.deepEqual(decodeNodeInfo(ID_1, '0010000100'), fault);
  assert.deepEqual(decodeNodeInfo(ID_1, '0010000104'), fault);
  assert.deepEqual(decodeNodeInfo(ID_1, '00100000'), fault);
  for (const stray of ['00', '0000', '000000', '00180001']) assert.deepEqual(decodeNodeInfo(ID_1, stray), fault);
  // Later good ones do not save an earlier fault.
  assert.deepEqual(decodeNodeInfo('00090003000001', ID_1), fault);
});

test('whatever a message carries comes back as it was', () => {
  for (const message of MESSAGE_NAMES) {
    fc.assert(
      fc.property(anyOptionsOf(message), (options) => {
        const frame = readOneFrame(encodeMessage(message, options));
        const empty = Object.keys(options).length === 0;
        assert.equal(frame.name, message);
        assert.deepEqual(decodeBody(frame.body), empty ? { ok: false, seq: undefined } : { ok: true, options });
      }),
    );
  }
});

test('garbage is either options or a fault, never an exception', () => {
  fc.assert(
    fc.property(anyBodyBytes, (body) => {
      const before = toHex(body);
      const decoded = decodeBody(body);
      assert.equal(typeof decoded.ok, 'boolean');
      assert.equal(toHex(body), before);
    }),
    { numRuns: 5_000 },
  );
});

test('a message with one byte changed is either options or a fault, never an exception', () => {
  fc.assert(
    fc.property(anyMessage, fc.nat(), fc.integer({ min: 1, max: 255 }), ([message, options], where, change) => {
      const { body } = readOneFrame(encodeMessage(message, options));
      if (body.length === 0) return;
      const at = where % body.length;
      body[at] = (body[at] ?? 0) ^ change;
      assert.equal(typeof decodeBody(body).ok, 'boolean');
    }),
    { numRuns: 2_000 },
  );
});

test('what was decoded does not change when its bytes do', () => {
  const body = fromHex(`${SEQ_7}0001000361626300110008${ID_1}000400020005`);
  const decoded = decodeBody(body);
  body.fill(0xff);
  assert.deepEqual(decoded, {
    ok: true,
    options: {
      msgSeqNumber: 7,
      clusterName: 'abc',
      nodeInfo: [{ nodeId: 1, dataCenterId: 0 }],
      supportedMessages: [5],
    },
  });
});

test('an echo is the request in another envelope, for any body', () => {
  fc.assert(
    fc.property(anyBodyBytes, (body) => {
      const reply = readOneFrame(encodeEchoReply(body));
      assert.deepEqual(reply, { kind: 'frame', name: 'echoReply', body });
    }),
  );
});
