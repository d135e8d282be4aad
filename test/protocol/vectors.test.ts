/** What the programs of corosync 3.0.3 put on the wire is what we read and what we write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBody, missingOption } from '../../src/protocol/decode.ts';
import { encodeEchoReply, encodeMessage } from '../../src/protocol/encode.ts';
import { REPLY_CODE } from '../../src/protocol/enums.ts';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import { MESSAGES, SUPPORTED_MESSAGES } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import { SUPPORTED_OPTIONS } from '../../src/protocol/options.ts';
import { fromHex, readFixture, readOneFrame, toHex } from './fixtures.ts';

const RING = { nodeId: 1, seq: 5n };
const LIMITS = { serverMaximumRequestSize: 32_768, serverMaximumReplySize: 32_768 };
const ALGORITHMS = { supportedDecisionAlgorithms: [0, 1, 2, 3] };
const LISTS = { supportedMessages: SUPPORTED_MESSAGES, supportedOptions: SUPPORTED_OPTIONS };

function node(nodeId: number, dataCenterId = 0) {
  return { nodeId, dataCenterId };
}

const MEANING: Readonly<Record<string, readonly [MessageName, OptionValues]>> = {
  'preinit of labcluster': ['preinit', { msgSeqNumber: 1, clusterName: 'labcluster' }],
  'preinit reply, TLS off': [
    'preinitReply',
    { msgSeqNumber: 1, tlsSupported: 'unsupported', tlsClientCertRequired: 1 },
  ],
  'preinit reply, TLS on': ['preinitReply', { msgSeqNumber: 1, tlsSupported: 'supported', tlsClientCertRequired: 1 }],
  'preinit without a sequence number': ['preinit', { clusterName: 'tst' }],
  'preinit reply without a sequence number': [
    'preinitReply',
    { tlsSupported: 'unsupported', tlsClientCertRequired: 1 },
  ],
  'start of TLS': ['startTls', { msgSeqNumber: 2 }],
  init: [
    'init',
    {
      msgSeqNumber: 2,
      ...LISTS,
      nodeId: 1,
      decisionAlgorithm: 1,
      heartbeatIntervalMs: 8_000,
      tieBreaker: { mode: 'lowest' },
      ringId: RING,
    },
  ],
  'init reply': ['initReply', { replyErrorCode: 0, ...LISTS, msgSeqNumber: 2, ...LIMITS, ...ALGORITHMS }],
  'init without lists, heartbeat too short': [
    'init',
    {
      msgSeqNumber: 2,
      nodeId: 1,
      decisionAlgorithm: 0,
      heartbeatIntervalMs: 999,
      tieBreaker: { mode: 'lowest' },
      ringId: { nodeId: 1, seq: 4n },
    },
  ],
  'init reply, invalid heartbeat interval': [
    'initReply',
    { replyErrorCode: REPLY_CODE.invalidHeartbeatInterval, msgSeqNumber: 2, ...LIMITS, ...ALGORITHMS },
  ],
  'init reply, duplicate node id': [
    'initReply',
    { replyErrorCode: REPLY_CODE.duplicateNodeId, msgSeqNumber: 10, ...LIMITS, ...ALGORITHMS },
  ],
  'set option': ['setOption', { msgSeqNumber: 3, keepActivePartition: 'enabled' }],
  'set option reply': ['setOptionReply', { msgSeqNumber: 3, keepActivePartition: 'enabled' }],
  'set option with an interval': [
    'setOption',
    { msgSeqNumber: 4, heartbeatIntervalMs: 10_000, keepActivePartition: 'enabled' },
  ],
  'set option reply with an interval': [
    'setOptionReply',
    { msgSeqNumber: 4, heartbeatIntervalMs: 10_000, keepActivePartition: 'enabled' },
  ],
  'node list, initial config': [
    'nodeList',
    { msgSeqNumber: 4, nodeListType: 'initialConfig', configVersion: 42n, nodeInfo: [node(1), node(2)] },
  ],
  'node list, initial config with a data centre': [
    'nodeList',
    { msgSeqNumber: 5, nodeListType: 'initialConfig', configVersion: 42n, nodeInfo: [node(1, 3), node(2)] },
  ],
  'node list reply, initial config': [
    'nodeListReply',
    { msgSeqNumber: 4, nodeListType: 'initialConfig', ringId: RING, vote: 'askLater' },
  ],
  'node list, membership': [
    'nodeList',
    { msgSeqNumber: 5, nodeListType: 'membership', ringId: RING, nodeInfo: [node(1)], heuristics: 'pass' },
  ],
  'vote info, ack': ['voteInfo', { msgSeqNumber: 1, vote: 'ack', ringId: RING }],
  'node list reply, membership': [
    'nodeListReply',
    { msgSeqNumber: 5, nodeListType: 'membership', ringId: RING, vote: 'noChange' },
  ],
  'vote info reply': ['voteInfoReply', { msgSeqNumber: 1 }],
  'node list, inquorate': [
    'nodeList',
    { msgSeqNumber: 6, nodeListType: 'quorum', quorate: 'inquorate', nodeInfo: [{ ...node(1), state: 'member' }] },
  ],
  'node list reply, quorum': [
    'nodeListReply',
    { msgSeqNumber: 6, nodeListType: 'quorum', ringId: RING, vote: 'noChange' },
  ],
  'node list, quorate with a dead node': [
    'nodeList',
    {
      msgSeqNumber: 7,
      nodeListType: 'quorum',
      quorate: 'quorate',
      nodeInfo: [
        { ...node(1), state: 'member' },
        { ...node(2), state: 'dead' },
      ],
    },
  ],
  'node list, changed config': [
    'nodeList',
    { msgSeqNumber: 15, nodeListType: 'changedConfig', configVersion: 43n, nodeInfo: [node(3), node(1), node(2)] },
  ],
  'vote info, nack': ['voteInfo', { msgSeqNumber: 2, vote: 'nack', ringId: RING }],
  'heuristics change': ['heuristicsChange', { msgSeqNumber: 8, heuristics: 'fail' }],
  'heuristics change reply': [
    'heuristicsChangeReply',
    { msgSeqNumber: 8, vote: 'noChange', ringId: RING, heuristics: 'fail' },
  ],
  'echo request': ['echoRequest', { msgSeqNumber: 1 }],
  'echo reply': ['echoReply', { msgSeqNumber: 1 }],
  'ask for vote': ['askForVote', { msgSeqNumber: 8 }],
  'ask for vote reply': ['askForVoteReply', { msgSeqNumber: 8, vote: 'ack', ringId: { nodeId: 1, seq: 8n } }],
  'server error without a sequence number': ['serverError', { replyErrorCode: REPLY_CODE.unsupportedMessage }],
  'server error with a sequence number': ['serverError', { msgSeqNumber: 7, replyErrorCode: REPLY_CODE.initRequired }],
};

const frames = readFixture('frames.txt');

for (const [name, sender, hex] of frames) {
  test(`${name} (${sender}) is read, and written again byte for byte`, () => {
    const meaning = MEANING[name];
    assert.ok(meaning !== undefined, 'the fixture has no meaning here');
    const { name: message, body } = readOneFrame(fromHex(hex));
    assert.equal(message, meaning[0]);
    assert.deepEqual(decodeBody(body), { ok: true, options: meaning[1] });
    assert.equal(toHex(encodeMessage(...meaning)), hex);
    assert.match(sender, MESSAGES[message].from === 'client' ? /^(corosync-qdevice 3|made up)/ : /^corosync-qnetd 3/);
    const lacksSeq = /reply without a sequence number/.test(name);
    assert.equal(missingOption(message, meaning[1]), lacksSeq ? 'msgSeqNumber' : undefined);
  });
}

test('every message is among the frames, and every meaning has its frame', () => {
  assert.deepEqual(Object.keys(MEANING).sort(), frames.map(([name]) => name).sort());
  const seen = new Set(Object.values(MEANING).map(([message]) => message));
  assert.deepEqual([...seen].sort(), Object.keys(MESSAGES).sort());
});

for (const [name, request, reply] of readFixture('echoes.txt')) {
  test(`an echo request comes back as it was: ${name}`, () => {
    assert.equal(toHex(encodeEchoReply(readOneFrame(fromHex(request)).body)), reply);
  });
}

/** The smallest server: it refuses what cannot be read, and asks for INIT otherwise. */
function answerBeforeInit(request: Uint8Array): Uint8Array {
  const reader = new FrameReader(32_768);
  reader.push(request);
  const event = reader.next();
  assert.ok(event !== undefined, 'the request is not whole');
  if (event.kind === 'refused') return encodeMessage('serverError', { replyErrorCode: REPLY_CODE[event.code] });
  const decoded = decodeBody(event.body);
  const seq = decoded.ok ? decoded.options.msgSeqNumber : decoded.seq;
  return encodeMessage('serverError', {
    ...(seq === undefined ? {} : { msgSeqNumber: seq }),
    replyErrorCode: decoded.ok ? REPLY_CODE.initRequired : REPLY_CODE.errorDecodingMessage,
  });
}

for (const [name, request, answer] of readFixture('answers-before-init.txt')) {
  test(`upstream's answer before INIT is ours: ${name}`, () => {
    assert.equal(toHex(answerBeforeInit(fromHex(request))), answer);
  });
}

test("upstream's answer to a body of 32763 bytes is ours", () => {
  const request = new Uint8Array(6 + 32_763);
  request.set(fromHex('000000007ffb'));
  assert.equal(toHex(answerBeforeInit(request)), '000500000006000600020005');
});
