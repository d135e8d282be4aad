/**
 * Received frames as lines of text. Nothing may hide behind the words: a frame that is not exactly what its line says
 * (other options, other order, another sequence number than the request's) has its bytes printed as well.
 */

import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeMessage, HEADER_BYTES } from '../../src/protocol/encode.ts';
import type { ReplyCode } from '../../src/protocol/enums.ts';
import { REPLY_CODE } from '../../src/protocol/enums.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import { MESSAGES, SUPPORTED_MESSAGES } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import { SUPPORTED_OPTIONS } from '../../src/protocol/options.ts';
import { dashed, LIST_WORDS, printRing } from './words.ts';

/** What a node remembers of a request until its answer is there. */
export interface SentRequest {
  readonly name: MessageName;
  readonly seq: number;
}

/** Everything the arbiter says at INIT beside its verdict: upstream's sizes, lists and algorithms. */
const INIT_REPLY_CONSTANTS = {
  supportedMessages: SUPPORTED_MESSAGES,
  supportedOptions: SUPPORTED_OPTIONS,
  serverMaximumRequestSize: 32_768,
  serverMaximumReplySize: 32_768,
  supportedDecisionAlgorithms: [0, 1, 2, 3],
} as const satisfies OptionValues;

export function messageNameOf(frame: Uint8Array): MessageName | undefined {
  const code = new DataView(frame.buffer, frame.byteOffset, frame.length).getUint16(0);
  let name: MessageName;
  for (name in MESSAGES) if (MESSAGES[name].code === code) return name;
  return undefined;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The line for one frame, undefined for the one answer that every connection begins with: that to its first PREINIT. */
export function outcomeOf(frame: Uint8Array, pending: readonly SentRequest[]): string | undefined {
  const name = messageNameOf(frame);
  const body = decodeBody(frame.subarray(HEADER_BYTES));
  if (name === undefined || !body.ok) return `bytes ${hex(frame)}`;
  const request = pending.find((sent) => sent.seq === body.options.msgSeqNumber);
  const said = SAY[name]?.(body.options, request);
  if (said === undefined) return `${dashed(name)} ${hex(frame)}`;
  if (hex(encodeMessage(name, said.canonical)) !== hex(frame)) return `${said.text}, bytes ${hex(frame)}`;
  return name === 'preinitReply' && request?.seq === 1 ? undefined : said.text;
}

interface Said {
  readonly text: string;
  /** All that the frame carries if the text tells the whole of it. */
  readonly canonical: OptionValues;
}

type Saying = (options: OptionValues, request: SentRequest | undefined) => Said | undefined;

const SAY: Partial<Record<MessageName, Saying>> = {
  preinitReply: (_options, request) => ({
    text: 'preinit: TLS unsupported, certificate required',
    canonical: { ...seqOf(request, 'preinit'), tlsSupported: 'unsupported', tlsClientCertRequired: 1 },
  }),
  initReply: ({ replyErrorCode = -1 }, request) => ({
    text: `init: ${replyErrorCode === 0 ? 'ok' : codeText(replyErrorCode)}`,
    canonical: { ...INIT_REPLY_CONSTANTS, ...seqOf(request, 'init'), replyErrorCode },
  }),
  serverError: ({ replyErrorCode = -1 }, request) => ({
    text: `error: ${codeText(replyErrorCode)}`,
    canonical: { replyErrorCode, ...(request === undefined ? {} : { msgSeqNumber: request.seq }) },
  }),
  setOptionReply: ({ keepActivePartition, heartbeatIntervalMs }, request) => ({
    text: [
      'option:',
      ...(keepActivePartition === undefined ? [] : [`keep-active ${keepActivePartition === 'enabled' ? 'on' : 'off'}`]),
      ...(heartbeatIntervalMs === undefined ? [] : [`heartbeat ${heartbeatIntervalMs}`]),
    ].join(' '),
    canonical: { ...seqOf(request, 'setOption'), ...defined({ keepActivePartition, heartbeatIntervalMs }) },
  }),
  nodeListReply: ({ nodeListType, vote, ringId }, request) =>
    nodeListType && vote && ringId
      ? {
          text: `${LIST_WORDS[nodeListType]}: ${dashed(vote)} ${printRing(ringId)}`,
          canonical: { ...seqOf(request, 'nodeList'), nodeListType, vote, ringId },
        }
      : undefined,
  askForVoteReply: ({ vote, ringId }, request) =>
    vote && ringId
      ? {
          text: `ask-for-vote: ${dashed(vote)} ${printRing(ringId)}`,
          canonical: { ...seqOf(request, 'askForVote'), vote, ringId },
        }
      : undefined,
  voteInfo: ({ vote, ringId, msgSeqNumber }) =>
    vote && ringId && msgSeqNumber !== undefined
      ? {
          text: `vote: ${dashed(vote)} ${printRing(ringId)} #${msgSeqNumber}`,
          canonical: { vote, ringId, msgSeqNumber },
        }
      : undefined,
  heuristicsChangeReply: ({ vote, ringId, heuristics }, request) =>
    vote && ringId && heuristics
      ? {
          text: `heuristics ${heuristics}: ${dashed(vote)} ${printRing(ringId)}`,
          canonical: { ...seqOf(request, 'heuristicsChange'), vote, ringId, heuristics },
        }
      : undefined,
};

/** The sequence number that the reply must carry: that of a request of its kind. */
function seqOf(request: SentRequest | undefined, name: MessageName): OptionValues {
  return request?.name === name ? { msgSeqNumber: request.seq } : {};
}

function codeText(code: number): string {
  let name: ReplyCode;
  for (name in REPLY_CODE) if (REPLY_CODE[name] === code) return `${dashed(name)} (${code})`;
  return `code ${code}`;
}

function defined(values: { [K in keyof OptionValues]?: OptionValues[K] | undefined }): OptionValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
