/**
 * The frames of test/fixtures said to a daemon, each with the answers recorded there: in the order of a real node's
 * conversation, and each on a connection of its own.
 */
import { fromHex, readFixture } from '../protocol/fixtures.ts';
import type { Conversation, Step } from './conversation.ts';

export interface VectorConversation {
  readonly title: string;
  /** Name of the frame sent, or its bytes, and of the frames that answer it, in order. */
  readonly turns: ReadonlyArray<readonly [sent: string | Uint8Array, answers: readonly (string | Uint8Array)[]]>;
}

const FRAMES = new Map(readFixture('frames.txt').map(([name, , hex]) => [name, fromHex(hex)]));

function bytesOf(frame: string | Uint8Array): Uint8Array {
  if (typeof frame !== 'string') return frame;
  const bytes = FRAMES.get(frame);
  if (bytes === undefined) throw new Error(`no frame is called ${frame}`);
  return bytes;
}

export function conversationOf(vector: VectorConversation): Conversation {
  return {
    title: vector.title,
    steps: () => vector.turns.map(([sent]) => ['a', bytesOf(sent)] satisfies Step),
  };
}

/** What each turn brings, as `converse` reports it. */
export function expectedAnswers(vector: VectorConversation): string[] {
  return vector.turns.map(([, answers]) => {
    const frames = answers.map((frame) => Buffer.from(bytesOf(frame)).toString('hex'));
    return `a: ${frames.length === 0 ? '-' : frames.join(' ')}`;
  });
}

const INTRODUCTION: VectorConversation['turns'] = [
  ['preinit of labcluster', ['preinit reply, TLS off']],
  ['init', ['init reply']],
];
const REPORTED: VectorConversation['turns'] = [
  ...INTRODUCTION,
  ['set option', ['set option reply']],
  ['node list, initial config', ['node list reply, initial config']],
  ['node list, membership', ['vote info, ack', 'node list reply, membership']],
  ['node list, inquorate', ['node list reply, quorum']],
  ['vote info reply', []],
];

/** A config list with another sequence number than the one whose answer was recorded. */
const withSeq = (name: string, seq: number): Uint8Array => {
  const bytes = Uint8Array.from(bytesOf(name));
  bytes[13] = seq;
  return bytes;
};

/** Requests that are an answer's whole story, whoever asks and however often. */
const ISOLATED: readonly VectorConversation[] = [
  {
    title: 'preinit without a sequence number',
    turns: [['preinit without a sequence number', ['preinit reply without a sequence number']]],
  },
  {
    title: 'init that beats too fast',
    turns: [
      INTRODUCTION[0] ?? ['', []],
      ['init without lists, heartbeat too short', ['init reply, invalid heartbeat interval']],
    ],
  },
  {
    title: 'init twice',
    turns: [...INTRODUCTION, [secondInit(), ['init reply, duplicate node id']]],
  },
  {
    title: 'set option with an interval',
    turns: [...INTRODUCTION, ['set option with an interval', ['set option reply with an interval']]],
  },
  {
    title: 'initial config with a data centre',
    turns: [
      ...INTRODUCTION,
      ['node list, initial config with a data centre', [withSeq('node list reply, initial config', 5)]],
    ],
  },
  {
    title: 'quorate with a dead node',
    turns: [...REPORTED, ['node list, quorate with a dead node', [withSeq('node list reply, quorum', 7)]]],
  },
  {
    title: 'changed config',
    turns: [...REPORTED, ['node list, changed config', ['vote info, nack', changedConfigReply()]]],
  },
  {
    title: 'heuristics change',
    turns: [...REPORTED, ['heuristics change', [withSeq('vote info, ack', 2), 'heuristics change reply']]],
  },
  {
    title: 'ask for vote',
    turns: [INTRODUCTION[0] ?? ['', []], [testInit(), ['init reply']], ['ask for vote', ['ask for vote reply']]],
  },
  {
    title: 'echo',
    turns: [...REPORTED, ['echo request', ['echo reply']]],
  },
];

/** The frames of `init` without its two lists, and with the number whose refusal was recorded. */
function secondInit(): Uint8Array {
  const init = Buffer.from(bytesOf('init'));
  const body = Buffer.concat([
    Buffer.from('000000040000000a', 'hex'),
    init.subarray(init.indexOf(Buffer.from('0009000400000001', 'hex'))),
  ]);
  const header = Buffer.from('000300000000', 'hex');
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** The frame of `init`, but with the algorithm "test" and ring 1.8: fifty-fifty split answers no question. */
function testInit(): Uint8Array {
  const init = Buffer.from(bytesOf('init'));
  init.writeUInt16BE(0, init.indexOf(Buffer.from('000b0002', 'hex')) + 4);
  init.writeUInt8(8, init.length - 1);
  return init;
}

/** As the reply to the membership list, but of kind 1 and with the number of the changed config. */
function changedConfigReply(): Uint8Array {
  const reply = withSeq('node list reply, membership', 15);
  reply[18] = 1;
  return reply;
}

const AFTER_INIT: readonly VectorConversation[] = readFixture('echoes.txt').map(([name, request, reply]) => ({
  title: `echo: ${name}`,
  turns: [...INTRODUCTION, [fromHex(request), [fromHex(reply)]]],
}));

const BEFORE_INIT: readonly VectorConversation[] = readFixture('answers-before-init.txt').map(
  ([name, request, answer]) => ({
    title: `before INIT: ${name}`,
    turns: [[fromHex(request), [fromHex(answer)]]],
  }),
);

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const REFUSED = (title: string, request: string | Uint8Array, answer: string): VectorConversation => ({
  title,
  turns: [[typeof request === 'string' ? hex(request) : request, [hex(answer)]]],
});

const ERRORS: readonly VectorConversation[] = [
  REFUSED('echo with an empty payload', '000800000000', '000500000006000600020009'),
  REFUSED('unknown type', '0012000000080000000400000007', '000500000006000600020004'),
  REFUSED(
    'unknown type, empty: the reason is not known yet when it is answered',
    '001200000000',
    '000500000006000600020000',
  ),
  REFUSED('a fault before the sequence number', '00080000000e0002000200000000000400000005', '000500000006000600020009'),
  REFUSED(
    'a fault behind the sequence number',
    '00080000000e0000000400000005000200020000',
    '00050000000e0000000400000005000600020009',
  ),
  REFUSED(
    'one byte more than the limit',
    Buffer.concat([hex('000000007ffb'), Buffer.alloc(32_763)]),
    '000500000006000600020005',
  ),
];

export const VECTOR_CONVERSATIONS: readonly VectorConversation[] = [
  {
    title: 'the reference conversation',
    turns: [
      ...REPORTED,
      ['node list, quorate with a dead node', [withSeq('node list reply, quorum', 7)]],
      ['echo request', ['echo reply']],
    ],
  },
  ...ISOLATED,
  ...AFTER_INIT,
  ...BEFORE_INIT,
  ...ERRORS,
];
