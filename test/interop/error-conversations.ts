/** What else a client can get wrong, and a few things that look wrong and are not. */
import { encodeMessage } from '../../src/protocol/encode.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import { MESSAGES } from '../../src/protocol/messages.ts';
import type { Conversation, Step } from './conversation.ts';
import { frame, option, seq, u32 } from './conversation.ts';
import { init, nodeList, preinit } from './init-conversations.ts';

type State = 'before PREINIT' | 'before INIT' | 'after INIT';
const STATES: readonly State[] = ['before PREINIT', 'before INIT', 'after INIT'];

function inState(state: State, cluster: string): Step[] {
  if (state === 'before PREINIT') return [];
  if (state === 'before INIT') return [['a', preinit(cluster)]];
  return [
    ['a', preinit(cluster)],
    ['a', init()],
  ];
}

function talk(title: string, state: State, ...requests: readonly Uint8Array[]): Conversation {
  return {
    title: `${title}, ${state}`,
    steps: (cluster) => [...inState(state, cluster), ...requests.map((bytes) => ['a', bytes] satisfies Step)],
  };
}

const ALL_MESSAGES = Object.keys(MESSAGES).filter((name): name is MessageName => name in MESSAGES);

/**
 * STARTTLS closes the connection where TLS is off. An INIT that is refused after a good one leaves upstream's record of
 * the node in pieces (see differences.ts), so nothing follows one here.
 */
const IN_EVERY_STATE: readonly Conversation[] = STATES.flatMap((state) => {
  const others = ALL_MESSAGES.filter((name) => name !== 'startTls' && name !== 'preinit' && name !== 'init');
  const onlySeq = others.map((name) => frame(name, seq(77)));
  const onlyUnknown = others.map((name) => frame(name, option(0x4d, [1, 2, 3])));
  return [
    talk('every message empty', state, ...ALL_MESSAGES.map((name) => frame(name))),
    talk('every message with a sequence number alone', state, ...onlySeq),
    talk('every message with an unknown option alone', state, ...onlyUnknown),
    talk('PREINIT without a name', state, frame('preinit', seq(5)), frame('preinit', option(0x4d, []))),
    talk('STARTTLS where TLS is off', state, frame('startTls', seq(5))),
    talk('STARTTLS without a sequence number', state, frame('startTls', option(0x4d, []))),
    talk('unknown types', state, frame(18, seq(7)), frame(18), frame(0xffff, seq(7)), frame(0xffff), frame(19, seq(7))),
    talk('every message of the server, whole', state, ...serverMessages()),
  ];
});

function serverMessages(): Uint8Array[] {
  const ring = { nodeId: 1, seq: 8n };
  return [
    encodeMessage('preinitReply', { msgSeqNumber: 5, tlsSupported: 'supported', tlsClientCertRequired: 1 }),
    encodeMessage('initReply', { msgSeqNumber: 5, replyErrorCode: 0 }),
    encodeMessage('serverError', { msgSeqNumber: 5, replyErrorCode: 17 }),
    encodeMessage('setOptionReply', { msgSeqNumber: 5 }),
    encodeMessage('echoReply', { msgSeqNumber: 5 }),
    encodeMessage('nodeListReply', { msgSeqNumber: 5, nodeListType: 'quorum', vote: 'ack', ringId: ring }),
    encodeMessage('askForVoteReply', { msgSeqNumber: 5, vote: 'ack', ringId: ring }),
    encodeMessage('voteInfo', { msgSeqNumber: 5, vote: 'ack', ringId: ring }),
    encodeMessage('heuristicsChangeReply', { msgSeqNumber: 5, vote: 'ack', ringId: ring, heuristics: 'pass' }),
  ];
}

const INTERVAL = (ms: number) => option(12, u32(ms));
const KEEP_ACTIVE = (value: number) => option(23, [value]);
const TYPE = (value: number) => option(18, [value]);
const RING = option(13, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]);
const QUORATE = (value: number) => option(20, [value]);
const VERSION = option(14, [0, 0, 0, 0, 0, 0, 0, 42]);
const HEURISTICS = (value: number) => option(22, [value]);
const NODE = (...inner: readonly Uint8Array[]) => option(17, Buffer.concat(inner));
const ID = (value: number) => option(9, u32(value));
const DATA_CENTER = (value: number) => option(15, u32(value));
const NODE_STATE = (value: number) => option(16, [value]);

const lists = (...bodies: ReadonlyArray<readonly Uint8Array[]>) =>
  bodies.map((body) => frame('nodeList', seq(5), ...body));

const AFTER_INIT: readonly Conversation[] = [
  talk(
    'SET_OPTION in and out of range',
    'after INIT',
    ...[0, 5, 999, 1_000, 120_000, 120_001, 0xffff_ffff].map((ms) => frame('setOption', seq(5), INTERVAL(ms))),
  ),
  talk(
    'SET_OPTION with a bad interval leaves keep-active alone',
    'after INIT',
    frame('setOption', seq(5), KEEP_ACTIVE(1)),
    frame('setOption', seq(5), INTERVAL(5), KEEP_ACTIVE(0)),
    frame('setOption', seq(5), KEEP_ACTIVE(2)),
    frame('setOption', seq(5), KEEP_ACTIVE(0), KEEP_ACTIVE(1)),
  ),
  talk(
    'SET_OPTION with everything and without a sequence number',
    'after INIT',
    frame('setOption', KEEP_ACTIVE(1), INTERVAL(5_000)),
    frame('setOption', INTERVAL(5_000), seq(5), KEEP_ACTIVE(0)),
  ),
  talk(
    'ECHO with unknown and repeated options',
    'after INIT',
    frame('echoRequest', seq(1), option(0x4d, Buffer.from('hello')), option(0x4d, []), seq(2)),
    frame('echoRequest', option(0xffff, Buffer.alloc(3_000, 1))),
    frame('echoRequest', RING, HEURISTICS(1), NODE(ID(1)), NODE(ID(1))),
  ),
  talk(
    'the options between our own programs',
    'after INIT',
    encodeMessage('setOption', { msgSeqNumber: 5, keepActivePartition: 'enabled', castBoundMs: 12_000 }),
    encodeMessage('echoRequest', { msgSeqNumber: 6, voteWithdrawn: 1 }),
  ),
  talk(
    'NODE_LIST without kind or sequence number',
    'after INIT',
    frame('nodeList', seq(5), NODE(ID(1))),
    frame('nodeList', TYPE(0), NODE(ID(1))),
    frame('nodeList', NODE(ID(1))),
    frame('nodeList', TYPE(2)),
    frame('nodeList', TYPE(3)),
  ),
  talk(
    'NODE_LIST without what its kind needs',
    'after INIT',
    ...lists([TYPE(0)], [TYPE(1)], [TYPE(2), NODE(ID(1))], [TYPE(3), NODE(ID(1))], [TYPE(4), NODE(ID(1))]),
  ),
  talk(
    'NODE_LIST with options that its kind has no use for',
    'after INIT',
    ...lists(
      [TYPE(0), NODE(ID(1)), NODE(ID(2)), RING, QUORATE(1), HEURISTICS(2)],
      [TYPE(2), NODE(ID(1)), RING, VERSION, QUORATE(0), HEURISTICS(1)],
      [TYPE(3), NODE(ID(1), NODE_STATE(1)), QUORATE(1), RING, VERSION, HEURISTICS(2)],
      [TYPE(1), NODE(ID(1)), NODE(ID(2)), VERSION, RING, QUORATE(1), HEURISTICS(2)],
    ),
  ),
  talk(
    'NODE_LIST with ignored options of a bad value',
    'after INIT',
    ...lists(
      [TYPE(0), NODE(ID(1)), QUORATE(2)],
      [TYPE(0), NODE(ID(1)), HEURISTICS(0)],
      [TYPE(0), NODE(ID(1)), option(19, [0])],
    ),
  ),
  talk(
    'NODE_LIST with odd nodes',
    'after INIT',
    ...lists(
      [TYPE(3), QUORATE(1), NODE()],
      [TYPE(3), QUORATE(1), NODE(ID(0))],
      [TYPE(3), QUORATE(1), NODE(NODE_STATE(1))],
      [TYPE(3), QUORATE(1), NODE(ID(1), NODE_STATE(0))],
      [TYPE(3), QUORATE(1), NODE(ID(1), NODE_STATE(4))],
      [TYPE(3), QUORATE(1), NODE(NODE_STATE(3), DATA_CENTER(0), ID(1))],
      [TYPE(3), QUORATE(1), NODE(ID(1), Buffer.from([0]))],
      [TYPE(3), QUORATE(1), NODE(ID(1), Buffer.from([0, 9, 0, 9]))],
      [TYPE(3), QUORATE(1), NODE(option(0x4d, [1]), ID(1), ID(2), RING)],
      [TYPE(3), QUORATE(1), NODE(ID(1), option(13, [1]))],
      [TYPE(3), QUORATE(1)],
      [TYPE(3), QUORATE(1), NODE(ID(1)), NODE(ID(1)), NODE(ID(1))],
    ),
  ),
  talk(
    'lists that fifty-fifty split refuses',
    'after INIT',
    nodeList('initialConfig', []),
    nodeList('initialConfig', [2]),
    nodeList('membership', []),
    nodeList('membership', [2]),
    nodeList('changedConfig', [1, 1, 2]),
    nodeList('membership', [1, 1]),
  ),
  talk('node id 0 in its own list', 'after INIT', ...lists([TYPE(0), NODE(ID(0))])),
  talk('quorum list before everything', 'after INIT', nodeList('quorum', [1]), nodeList('membership', [1])),
  talk(
    'heuristics change',
    'after INIT',
    frame('heuristicsChange', seq(5)),
    frame('heuristicsChange', HEURISTICS(1)),
    frame('heuristicsChange', seq(5), HEURISTICS(0)),
    frame('heuristicsChange', seq(5), HEURISTICS(3)),
    frame('heuristicsChange', seq(5), HEURISTICS(2)),
    nodeList('initialConfig', [1]),
    nodeList('membership', [1]),
    frame('heuristicsChange', seq(6), HEURISTICS(1)),
  ),
  talk('ask for vote', 'after INIT', frame('askForVote', seq(5)), frame('askForVote', option(0x4d, []))),
  talk(
    'confirmations of votes that never were',
    'after INIT',
    frame('voteInfoReply', seq(0)),
    frame('voteInfoReply', seq(99)),
    frame('voteInfoReply', option(0x4d, [])),
    nodeList('initialConfig', [1]),
    nodeList('membership', [1]),
    frame('voteInfoReply', seq(1)),
    frame('voteInfoReply', seq(1)),
  ),
];

const LIMIT = 32_768;
/** A frame of exactly this many bytes, header included; an option holds less than 64 KB, so it takes several. */
function sized(type: MessageName | number, bytes: number): Uint8Array {
  const options = [seq(5)];
  for (let left = bytes - 6 - 8; left > 0; ) {
    const optionBytes = left > 40_000 ? 30_000 : left;
    options.push(option(0x4d, Buffer.alloc(optionBytes - 4)));
    left -= optionBytes;
  }
  return frame(type, ...options);
}

const SIZES: readonly Conversation[] = [
  talk('frame of exactly the limit', 'after INIT', sized('echoRequest', LIMIT), sized('setOption', LIMIT)),
  talk('frame one above the limit', 'after INIT', sized('echoRequest', LIMIT + 1), frame('echoRequest', seq(6))),
  talk('frame one above the limit', 'before PREINIT', sized('preinit', LIMIT + 1), frame('echoRequest', seq(6))),
  talk(
    'frame far above the limit, and a good one right behind it',
    'after INIT',
    Buffer.concat([sized('nodeList', 3 * LIMIT), frame('askForVote', seq(6))]),
  ),
  talk('unknown type above the limit', 'after INIT', sized(99, LIMIT + 1), sized(99, LIMIT)),
  talk(
    'unknown frames among good ones in one segment',
    'after INIT',
    Buffer.concat([frame(18), frame('askForVote', seq(6)), frame(99, seq(1)), frame('askForVote', seq(7)), frame(18)]),
  ),
  talk(
    'cluster name as long as the limit allows',
    'before PREINIT',
    encodeMessage('preinit', { clusterName: 'n'.repeat(LIMIT - 6 - 4) }),
    init(),
  ),
  talk('cluster name of 32740 bytes', 'before PREINIT', preinit('m'.repeat(32_740)), init()),
  talk('empty cluster name', 'before PREINIT', preinit(''), init(), nodeList('initialConfig', [1])),
  talk(
    'cluster name of all bytes',
    'before PREINIT',
    preinit(String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))),
    init(),
  ),
  talk(
    'the whole conversation in one segment',
    'before PREINIT',
    Buffer.concat([
      preinit('one segment'),
      init(),
      nodeList('initialConfig', [1, 2]),
      nodeList('membership', [1]),
      nodeList('quorum', [1]),
      frame('voteInfoReply', seq(1)),
      frame('askForVote', seq(9)),
    ]),
  ),
];

/** Each option with each length, and each value of one byte, behind a sequence number and before one. */
const SWEEPS: readonly Conversation[] = [
  talk(
    'every option with every length',
    'before PREINIT',
    ...codes().map((code) =>
      Buffer.concat(upTo(14).map((length) => frame('echoRequest', seq(length), option(code, Buffer.alloc(length, 1))))),
    ),
  ),
  talk(
    'every option with every length, before the sequence number',
    'before PREINIT',
    ...codes().map((code) =>
      Buffer.concat(upTo(14).map((length) => frame('echoRequest', option(code, Buffer.alloc(length, 1)), seq(length)))),
    ),
  ),
  talk(
    'every option with every byte',
    'before PREINIT',
    ...codes().map((code) =>
      Buffer.concat(
        upTo(8)
          .concat(255)
          .map((value) => frame('echoRequest', seq(value), option(code, [value]))),
      ),
    ),
  ),
  talk(
    'every tie-breaker mode',
    'before PREINIT',
    ...upTo(5).map((mode) => frame('echoRequest', seq(mode), option(21, [mode, 0, 0, 0, 7]))),
  ),
  talk(
    'stray bytes and options over the end',
    'before PREINIT',
    ...[[0], [0, 0], [0, 0, 0], [0, 1, 0, 1], [0, 0x4d, 0, 1], [0, 0x4d, 255, 255, 1]].flatMap((tail) => [
      frame('echoRequest', seq(5), Buffer.from(tail)),
      frame('echoRequest', Buffer.from(tail)),
    ]),
  ),
];

function codes(): number[] {
  return upTo(25);
}

function upTo(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, value) => value);
}

export const ERROR_CONVERSATIONS: readonly Conversation[] = [...IN_EVERY_STATE, ...AFTER_INIT, ...SIZES, ...SWEEPS];
