/** What the arbiter says, message by message, and what the node makes of it. */

import { decodeBody, missingOption } from '../protocol/decode.ts';
import { REPLY_CODE } from '../protocol/enums.ts';
import type { FrameEvent } from '../protocol/frame-reader.ts';
import type { OptionValues } from '../protocol/options.ts';
import { judgeInitReply, judgePreinitReply } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { adoptReceiveLimit, isSameRing, type Link, mayArrive } from './link.ts';
import type { Member } from './member.ts';

export function handleFrame(member: Member, link: Link, frame: FrameEvent): void {
  if (frame.kind === 'refused') {
    if (frame.code === 'messageTooLong') member.disconnect('undecodable', 'a message over the agreed size');
    else member.disconnect('unexpectedMessage', 'a message of unknown type');
    return;
  }
  const decoded = decodeBody(frame.body);
  if (!decoded.ok) {
    member.disconnect('undecodable', frame.name);
    return;
  }
  const { options } = decoded;
  if (frame.name === 'serverError') {
    member.disconnect('serverError', errorInWords(options.replyErrorCode));
  } else if (!mayArrive(link.state, frame.name)) {
    member.disconnect('unexpectedMessage', `${frame.name} while ${link.state}`);
  } else if (missingOption(frame.name, options) !== undefined) {
    member.disconnect('missingOption', `${missingOption(frame.name, options)} in ${frame.name}`);
  } else {
    HANDLERS[frame.name]?.(member, link, options);
  }
}

type Handler = (member: Member, link: Link, options: OptionValues) => void;

const HANDLERS: Readonly<Partial<Record<string, Handler>>> = {
  preinitReply(member, link, options) {
    const judged = judgePreinitReply(options, member.conversation.seq, member.settings.tls);
    if (!judged.ok) member.disconnect(judged.reason, judged.detail);
    else if (judged.value === 'tls') member.startTls(link);
    else member.sendInit(link);
  },

  initReply(member, link, options) {
    const judged = judgeInitReply(options, member.conversation.seq, member.settings);
    if (!judged.ok) {
      member.disconnect(judged.reason, judged.detail);
      return;
    }
    link.accepted = judged.value;
    adoptReceiveLimit(link, judged.value.receiveBytesMax);
    link.state = 'checking';
    const { settings, nowMs } = member;
    link.heartbeat = new Heartbeat(settings, link.lastSentRing?.sentMs ?? nowMs, nowMs);
    member.runHeuristics('connect');
  },

  echoReply(member, link, options) {
    if (link.heartbeat === undefined) return;
    if (options.msgSeqNumber !== member.conversation.echoSeq) {
      member.disconnect('wrongEcho', `sent ${member.conversation.echoSeq}, answered ${options.msgSeqNumber}`);
      return;
    }
    link.heartbeat.onAnswer(member.nowMs);
    member.onSignOfLife();
  },

  nodeListReply: followVote,
  askForVoteReply: followVote,
  heuristicsChangeReply: followVote,

  /** Followed first, confirmed after: the arbiter takes the confirmation of a NACK for the end of the old vote. */
  voteInfo(member, link, options) {
    followVote(member, link, options);
    if (options.msgSeqNumber !== undefined) member.send(member.conversation.confirmVote(options.msgSeqNumber));
  },
};

/** A vote for any ring but the last one sent is out of date, and so is one that comes before the lists were sent. */
function followVote(member: Member, link: Link, { vote, ringId }: OptionValues): void {
  if (vote === undefined || ringId === undefined || vote === 'noChange') return;
  if (link.state !== 'ready' || link.lastSentRing === undefined || !isSameRing(ringId, link.lastSentRing.ringId)) {
    member.report({ what: 'staleVote', vote, ringId });
    return;
  }
  // Nothing but the message that told it the ring can have made the arbiter name it.
  link.heartbeat?.onHeard(link.lastSentRing.sentMs);
  member.applyVote(vote, 'arbiter');
}

function errorInWords(code: number | undefined): string {
  const name = Object.entries(REPLY_CODE).find(([, number]) => number === code)?.[0];
  return name === undefined ? `code ${code}` : `${name} (${code})`;
}
