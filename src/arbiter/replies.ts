/** The frames that the arbiter sends, from what it decided. Option order and numbers are the protocol's affair. */

import { encodeMessage } from '../protocol/encode.ts';
import { DECISION_ALGORITHM, REPLY_CODE, type ReplyCode } from '../protocol/enums.ts';
import { SUPPORTED_MESSAGES } from '../protocol/messages.ts';
import { type OptionValues, SUPPORTED_OPTIONS } from '../protocol/options.ts';
import type { RingId } from '../protocol/values.ts';
import type { VoteInfo } from './algorithms/algorithm.ts';
import type { ArbiterSettings } from './settings.ts';

/** Listed whole: which of them INIT accepts is said when it comes. */
const SUPPORTED_ALGORITHMS: readonly number[] = Object.values(DECISION_ALGORITHM);

/** A sequence number is echoed if the request had one, else left out. */
const seqOf = (seq: number | undefined): Pick<OptionValues, 'msgSeqNumber'> =>
  seq === undefined ? {} : { msgSeqNumber: seq };

export function serverError(code: ReplyCode, seq: number | undefined): Uint8Array {
  return encodeMessage('serverError', { ...seqOf(seq), replyErrorCode: REPLY_CODE[code] });
}

export function preinitReply(seq: number | undefined, settings: ArbiterSettings): Uint8Array {
  return encodeMessage('preinitReply', {
    ...seqOf(seq),
    tlsSupported: settings.tls,
    tlsClientCertRequired: settings.clientCertRequired ? 1 : 0,
  });
}

/** A client that lists its abilities is told ours; upstream's always does. */
export function initReply(code: ReplyCode, request: OptionValues, settings: ArbiterSettings): Uint8Array {
  return encodeMessage('initReply', {
    replyErrorCode: REPLY_CODE[code],
    ...(request.supportedMessages === undefined ? {} : { supportedMessages: SUPPORTED_MESSAGES }),
    ...(request.supportedOptions === undefined ? {} : { supportedOptions: SUPPORTED_OPTIONS }),
    ...seqOf(request.msgSeqNumber),
    serverMaximumRequestSize: settings.maxReceiveBytes >>> 0,
    serverMaximumReplySize: settings.maxSendBytes >>> 0,
    supportedDecisionAlgorithms: SUPPORTED_ALGORITHMS,
  });
}

export function voteInfo({ seq, vote, ringId }: VoteInfo): Uint8Array {
  return encodeMessage('voteInfo', { msgSeqNumber: seq, vote, ringId });
}

/** Of a question whether somebody is there: no vote has this number. */
export const QUESTION_SEQ = 0;

/** It is answered like a vote, and changes none. */
export function question(ringId: RingId): Uint8Array {
  return encodeMessage('voteInfo', { msgSeqNumber: QUESTION_SEQ, vote: 'noChange', ringId });
}
