/** What we write is upstream's order and sizes; what cannot be written is our own bug and says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEchoReply, encodeMessage } from '../../src/protocol/encode.ts';
import { OPTIONS } from '../../src/protocol/options.ts';
import { toHex } from './fixtures.ts';

const RING = { nodeId: 1, seq: 5n };
const RING_HEX = '000d000c000000010000000000000005';

test('options are written in the order of the row, not in that of the caller', () => {
  const sorted = encodeMessage('voteInfo', { msgSeqNumber: 1, vote: 'ack', ringId: RING });
  assert.deepEqual(encodeMessage('voteInfo', { ringId: RING, vote: 'ack', msgSeqNumber: 1 }), sorted);
});

test('a node list reply has the ring before the vote, the other votes have it behind', () => {
  const options = { msgSeqNumber: 1, vote: 'ack', ringId: RING } as const;
  const nodeListReply = toHex(encodeMessage('nodeListReply', { ...options, nodeListType: 'quorum' }));
  assert.ok(nodeListReply.endsWith(`${RING_HEX}0013000101`));
  for (const message of ['askForVoteReply', 'voteInfo', 'heuristicsChangeReply'] as const) {
    assert.ok(toHex(encodeMessage(message, options)).endsWith(`0013000101${RING_HEX}`), message);
  }
});

test('a node info has 12, 17, 20 or 25 bytes, its own header included', () => {
  const bytesOf = (extra: { dataCenterId?: number; state?: 'member' }) =>
    4 + OPTIONS.nodeInfo.type.encode({ nodeId: 1, dataCenterId: 0, ...extra }).length;
  assert.equal(bytesOf({}), 12);
  assert.equal(bytesOf({ state: 'member' }), 17);
  assert.equal(bytesOf({ dataCenterId: 1 }), 20);
  assert.equal(bytesOf({ dataCenterId: 1, state: 'member' }), 25);
});

test('a tie-breaker is written with node id 0 unless it names a node', () => {
  const { type } = OPTIONS.tieBreaker;
  assert.equal(toHex(type.encode({ mode: 'lowest' })), '0100000000');
  assert.equal(toHex(type.encode({ mode: 'highest' })), '0200000000');
  assert.equal(toHex(type.encode({ mode: 'nodeId', nodeId: 2 })), '0300000002');
});

test('an option without a value is left out', () => {
  assert.equal(toHex(encodeMessage('setOption', {})), '000600000000');
  assert.equal(toHex(encodeMessage('nodeList', { msgSeqNumber: 1, nodeInfo: [] })), '000a000000080000000400000001');
});

test('the option that fills its length field is written, one byte more is our bug', () => {
  const longest = encodeMessage('preinit', { clusterName: 'x'.repeat(0xffff) });
  assert.equal(toHex(longest.subarray(0, 10)), '0000000100030001ffff');
  assert.equal(longest.length, 6 + 4 + 0xffff);
  assert.throws(() => encodeMessage('preinit', { clusterName: 'x'.repeat(0x1_0000) }), { name: 'AssertionError' });
});

test('a message above 64 KiB is written: only an option is limited, not their sum', () => {
  const nodeInfo = Array.from({ length: 10_000 }, (_, index) => ({ nodeId: index + 1, dataCenterId: 0 }));
  const frame = encodeMessage('nodeList', { nodeInfo });
  assert.equal(toHex(frame.subarray(0, 6)), '000a0001d4c0');
  assert.equal(frame.length, 6 + 120_000);
});

test('an echo reply is a copy', () => {
  const body = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 1);
  const reply = encodeEchoReply(body);
  body.fill(0xff);
  assert.equal(toHex(reply), '0009000000080000000400000001');
});

test('an option that the message cannot carry is our bug', () => {
  assert.throws(() => encodeMessage('echoRequest', { msgSeqNumber: 1, vote: 'ack' }), /echoRequest .*cannot carry/);
  assert.throws(() => encodeMessage('preinit', { nodeId: 1 }), { name: 'AssertionError' });
});

test('a value that its option has no room for is our bug', () => {
  const isBug = { name: 'AssertionError' };
  for (const seq of [-1, 0x1_0000_0000, 1.5, Number.NaN]) {
    assert.throws(() => encodeMessage('echoRequest', { msgSeqNumber: seq }), isBug, `${seq}`);
  }
  assert.throws(() => encodeMessage('serverError', { replyErrorCode: 0x1_0000 }), isBug);
  assert.throws(() => encodeMessage('preinitReply', { tlsClientCertRequired: 256 }), isBug);
  assert.throws(() => encodeMessage('init', { supportedOptions: [0x1_0000] }), isBug);
  assert.throws(() => encodeMessage('nodeList', { configVersion: -1n }), isBug);
  assert.throws(() => encodeMessage('nodeList', { configVersion: 0x1_0000_0000_0000_0000n }), isBug);
  assert.throws(() => encodeMessage('preinit', { clusterName: 'č' }), isBug);
  assert.throws(() => encodeMessage('preinit', { clusterName: '\u{1f600}' }), isBug);
  assert.throws(() => encodeMessage('nodeList', { nodeInfo: [{ nodeId: 0, dataCenterId: 0 }] }), isBug);
});
