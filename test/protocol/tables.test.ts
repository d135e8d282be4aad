/** The tables are the protocol: every number is there once, and every row refers to what exists. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingOption } from '../../src/protocol/decode.ts';
import { NODE_LIST_TYPE, REPLY_CODE } from '../../src/protocol/enums.ts';
import { PeerError, REPLY_TEXT } from '../../src/protocol/errors.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import { MESSAGES, NODE_LIST_REQUIRED, SUPPORTED_MESSAGES } from '../../src/protocol/messages.ts';
import type { OptionName, OptionRow } from '../../src/protocol/options.ts';
import { OPTIONS, SUPPORTED_OPTIONS } from '../../src/protocol/options.ts';
import { MESSAGE_NAMES, OPTION_NAMES } from './arbitraries.ts';

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, code) => code);

test('the messages have the codes 0 to 17, in this order', () => {
  assert.deepEqual(SUPPORTED_MESSAGES, upTo(17));
});

test('the options have the codes 0 to 23, in this order; two of our own are not among those listed as supported', () => {
  assert.deepEqual(SUPPORTED_OPTIONS, upTo(23));
  assert.deepEqual(
    OPTION_NAMES.map((name) => OPTIONS[name].code).filter((code) => code > 23),
    [0xff01, 0xff02],
  );
});

test('messages are called as corosync-qnetd 3.0.3 -v calls them', () => {
  const printed = Object.values(MESSAGES).map(({ printedName, code }) => `${printedName} (${code})`);
  assert.equal(
    printed.join(', '),
    'Preinit (0), Preinit reply (1), StartTLS (2), Init (3), Init reply (4), Server error (5), Set option (6), ' +
      'Set option reply (7), Echo request (8), Echo reply (9), Node list (10), Node list reply (11), ' +
      'Ask for vote (12), Ask for vote reply (13), Vote info (14), Vote info reply (15), Heuristics change (16), ' +
      'Heuristics change reply (17)',
  );
});

test('what a message requires it can carry, and it carries nothing twice', () => {
  for (const message of MESSAGE_NAMES) {
    const order: readonly OptionName[] = MESSAGES[message].order;
    assert.equal(new Set(order).size, order.length, message);
    for (const option of MESSAGES[message].required) assert.ok(order.includes(option), `${message} ${option}`);
  }
  const order: readonly OptionName[] = MESSAGES.nodeList.order;
  for (const option of Object.values(NODE_LIST_REQUIRED).flat()) assert.ok(order.includes(option), option);
});

test('nine types come from clients, nine from servers', () => {
  const from = (side: 'client' | 'server') => MESSAGE_NAMES.filter((name) => MESSAGES[name].from === side);
  assert.deepEqual(
    from('client').map((name) => MESSAGES[name].code),
    [0, 2, 3, 6, 8, 10, 12, 15, 16],
  );
  assert.deepEqual(
    from('server').map((name) => MESSAGES[name].code),
    [1, 4, 5, 7, 9, 11, 13, 14, 17],
  );
});

test('node info is the only repeated option', () => {
  const repeated = OPTION_NAMES.filter((name) => {
    const row: OptionRow = OPTIONS[name];
    return row.repeated === true;
  });
  assert.deepEqual(repeated, ['nodeInfo']);
});

test('the reply codes are 0 to 19, and each has a text of its own', () => {
  assert.deepEqual(Object.values(REPLY_CODE), upTo(19));
  assert.deepEqual(Object.keys(REPLY_TEXT), Object.keys(REPLY_CODE));
  assert.equal(new Set(Object.values(REPLY_TEXT)).size, 20);
});

test("a peer's mistake carries its code, and says in words what it is", () => {
  const error = new PeerError('duplicateNodeId');
  assert.equal(error.code, 'duplicateNodeId');
  assert.equal(`${error}`, 'PeerError: a node with the same id is connected already');
});

const REQUIRED: Readonly<Record<MessageName, readonly OptionName[]>> = {
  preinit: ['clusterName'],
  preinitReply: ['msgSeqNumber', 'tlsSupported', 'tlsClientCertRequired'],
  startTls: [],
  init: ['nodeId', 'ringId', 'heartbeatIntervalMs', 'tieBreaker', 'decisionAlgorithm'],
  initReply: ['msgSeqNumber', 'replyErrorCode'],
  serverError: ['replyErrorCode'],
  setOption: [],
  setOptionReply: [],
  echoRequest: [],
  echoReply: ['msgSeqNumber'],
  nodeList: ['msgSeqNumber', 'nodeListType'],
  nodeListReply: ['msgSeqNumber', 'nodeListType', 'ringId', 'vote'],
  askForVote: ['msgSeqNumber'],
  askForVoteReply: ['msgSeqNumber', 'vote', 'ringId'],
  voteInfo: ['msgSeqNumber', 'vote', 'ringId'],
  voteInfoReply: ['msgSeqNumber'],
  heuristicsChange: ['msgSeqNumber', 'heuristics'],
  heuristicsChangeReply: ['msgSeqNumber', 'vote', 'ringId', 'heuristics'],
};

test('the mandatory options are those of the protocol description', () => {
  for (const message of MESSAGE_NAMES) assert.deepEqual(MESSAGES[message].required, REQUIRED[message], message);
});

test('an empty message lacks the first thing it needs', () => {
  for (const message of MESSAGE_NAMES) assert.equal(missingOption(message, {}), REQUIRED[message][0], message);
});

test('what a node list lacks depends on its type', () => {
  assert.deepEqual(Object.keys(NODE_LIST_REQUIRED), Object.keys(NODE_LIST_TYPE));
  const seq = { msgSeqNumber: 1 };
  assert.equal(missingOption('nodeList', seq), 'nodeListType');
  assert.equal(missingOption('nodeList', { nodeListType: 'membership' }), 'msgSeqNumber');
  assert.equal(missingOption('nodeList', { ...seq, nodeListType: 'initialConfig' }), undefined);
  assert.equal(missingOption('nodeList', { ...seq, nodeListType: 'changedConfig' }), undefined);
  assert.equal(missingOption('nodeList', { ...seq, nodeListType: 'membership' }), 'ringId');
  assert.equal(missingOption('nodeList', { ...seq, nodeListType: 'quorum' }), 'quorate');
  const ringId = { nodeId: 1, seq: 1n };
  assert.equal(missingOption('nodeList', { ...seq, nodeListType: 'membership', ringId }), undefined);
  assert.equal(missingOption('nodeList', { ...seq, nodeListType: 'quorum', ringId }), 'quorate');
  assert.equal(missingOption('nodeList', { ...seq, nodeListType: 'quorum', quorate: 'inquorate' }), undefined);
});

test('a reply that grants INIT brings the limits and all three lists, one that refuses need not', () => {
  const refused = { msgSeqNumber: 1, replyErrorCode: REPLY_CODE.duplicateNodeId };
  assert.equal(missingOption('initReply', refused), undefined);
  const granted = {
    msgSeqNumber: 1,
    replyErrorCode: REPLY_CODE.noError,
    supportedMessages: [],
    supportedOptions: [],
    serverMaximumRequestSize: 0,
    serverMaximumReplySize: 0,
    supportedDecisionAlgorithms: [],
  };
  assert.equal(missingOption('initReply', granted), undefined);
  for (const option of ['supportedMessages', 'supportedOptions', 'supportedDecisionAlgorithms'] as const) {
    const { [option]: _, ...lacking } = granted;
    assert.equal(missingOption('initReply', lacking), option);
  }
  assert.equal(missingOption('initReply', { ...refused, replyErrorCode: REPLY_CODE.noError }), 'supportedMessages');
});
