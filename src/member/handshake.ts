/**
 * The answers that have to be right before a node is a member: what each may be, and which reason to leave it names
 * otherwise. Source: corosync-qdevice 3.0.3 against scripted arbiters.
 */

import { HEADER_BYTES } from '../protocol/encode.ts';
import { DECISION_ALGORITHM, REPLY_CODE, TLS_SUPPORT, type TlsSupport } from '../protocol/enums.ts';
import { OPTIONS, type OptionValues } from '../protocol/options.ts';
import type { DisconnectReason } from './disconnect-reasons.ts';
import type { MemberSettings, TlsWish } from './settings.ts';

type Judged<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: DisconnectReason; readonly detail: string };

const no = (reason: DisconnectReason, detail: string) => ({ ok: false, reason, detail }) as const;

/** What PREINIT_REPLY leads to: TLS or plain. Required TLS is never given up, whatever the arbiter says. */
export function judgePreinitReply(options: OptionValues, seq: number, wish: TlsWish): Judged<'tls' | 'plain'> {
  if (options.msgSeqNumber !== seq) return no('wrongSeq', `asked ${seq}, answered ${options.msgSeqNumber}`);
  const offered: TlsSupport = options.tlsSupported ?? 'unsupported';
  if (wish === 'required' && offered === 'unsupported') return no('tlsUnsupported', 'the arbiter runs without TLS');
  if (wish === 'off' && offered === 'required') return no('tlsRequired', 'quorum.device.net.tls is off');
  const secured = wish !== 'off' && TLS_SUPPORT[offered] !== TLS_SUPPORT.unsupported;
  return { ok: true, value: secured ? 'tls' : 'plain' };
}

export interface Accepted {
  readonly sendBytesMax: number;
  readonly receiveBytesMax: number;
  readonly supportsKeepActivePartition: boolean;
}

const REFUSALS: Readonly<Partial<Record<number, DisconnectReason>>> = {
  [REPLY_CODE.tieBreakerDiffers]: 'tieBreakerDiffers',
  [REPLY_CODE.algorithmDiffers]: 'algorithmDiffers',
  [REPLY_CODE.duplicateNodeId]: 'duplicateNodeId',
};

/** The row of INIT_REPLY has been checked: whatever an accepting one needs is there. */
export function judgeInitReply(options: OptionValues, seq: number, settings: MemberSettings): Judged<Accepted> {
  if (options.msgSeqNumber !== seq) return no('wrongSeq', `asked ${seq}, answered ${options.msgSeqNumber}`);
  const code = options.replyErrorCode ?? REPLY_CODE.internalError;
  if (code !== REPLY_CODE.noError) return no(REFUSALS[code] ?? 'initRefused', `error code ${code}`);
  const sendBytesMax = options.serverMaximumRequestSize ?? 0;
  const receiveBytesMax = options.serverMaximumReplySize ?? 0;
  const { sendBytesMin, receiveBytesMax: ourMax } = settings.limits;
  if (sendBytesMax < sendBytesMin)
    return no('sizesDiffer', `it takes ${sendBytesMax} bytes, ${sendBytesMin} are needed`);
  if (receiveBytesMax < HEADER_BYTES || receiveBytesMax > ourMax)
    return no('sizesDiffer', `it sends up to ${receiveBytesMax} bytes, ${HEADER_BYTES} to ${ourMax} are taken`);
  if (options.supportedDecisionAlgorithms?.includes(DECISION_ALGORITHM[settings.algorithm]) !== true) {
    return no('algorithmUnsupported', settings.algorithm);
  }
  const supports = (code: number) => options.supportedOptions?.includes(code) === true;
  if (settings.heuristics.mode !== 'off' && !supports(OPTIONS.heuristics.code)) {
    return no('heuristicsUnsupported', `heuristics are ${settings.heuristics.mode} here`);
  }
  const supportsKeepActivePartition = supports(OPTIONS.keepActivePartition.code);
  return { ok: true, value: { sendBytesMax, receiveBytesMax, supportsKeepActivePartition } };
}
