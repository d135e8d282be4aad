/**
 * One connection to the arbiter as the node sees it: how far it has come, what may arrive in which state, and the
 * heartbeat that tells whether it still lives.
 */

import { FrameReader } from '../protocol/frame-reader.ts';
import type { MessageName } from '../protocol/messages.ts';
import type { RingId } from '../protocol/values.ts';
import type { LinkId } from './events.ts';
import type { Accepted } from './handshake.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { MemberSettings } from './settings.ts';

/** checking: INIT is accepted, heuristics run before the lists are sent. */
export type LinkState = 'connecting' | 'introducing' | 'securing' | 'initialising' | 'checking' | 'ready';

const EXPECTED: Readonly<Record<LinkState, ReadonlySet<MessageName>>> = {
  connecting: new Set(),
  introducing: new Set<MessageName>(['preinitReply']),
  securing: new Set(),
  initialising: new Set<MessageName>(['initReply']),
  // Upstream's daemon ends itself when a vote comes this early; here it is confirmed and not followed.
  checking: new Set<MessageName>(['echoReply', 'voteInfo']),
  ready: new Set<MessageName>([
    'setOptionReply',
    'echoReply',
    'nodeListReply',
    'askForVoteReply',
    'voteInfo',
    'heuristicsChangeReply',
  ]),
};

export interface Link {
  readonly id: LinkId;
  state: LinkState;
  reader: FrameReader;
  /** The attempt has to have come to `checking` by then. */
  readonly deadlineMs: number;
  /** It got as far as a connection, so the address is good. */
  stood: boolean;
  accepted: Accepted | undefined;
  tls: { readonly certificateSent: boolean } | undefined;
  /** Votes count for this ring only, which the arbiter was first told of at that time. */
  lastSentRing: { readonly ringId: RingId; readonly sentMs: number } | undefined;
  readySinceMs: number | undefined;
  heartbeat: Heartbeat | undefined;
  /** What the arbiter was told last, by INIT or SET_OPTION. */
  told: MemberSettings | undefined;
}

export function newLink(id: LinkId, deadlineMs: number, receiveBytesMax: number): Link {
  return {
    id,
    state: 'connecting',
    reader: new FrameReader(receiveBytesMax),
    deadlineMs,
    stood: false,
    accepted: undefined,
    tls: undefined,
    lastSentRing: undefined,
    readySinceMs: undefined,
    heartbeat: undefined,
    told: undefined,
  };
}

/** INIT is accepted. */
export const isAccepted = ({ state }: Link): boolean => state === 'checking' || state === 'ready';

export function noteSentRing(link: Link, ringId: RingId, nowMs: number): void {
  if (link.lastSentRing !== undefined && isSameRing(link.lastSentRing.ringId, ringId)) return;
  link.lastSentRing = { ringId, sentMs: nowMs };
}

export const isSameRing = (a: RingId, b: RingId | undefined): boolean => a.nodeId === b?.nodeId && a.seq === b.seq;

export const mayArrive = (state: LinkState, name: MessageName): boolean => EXPECTED[state].has(name);

/** From here on the arbiter's own size limit holds; what has been read already is kept. */
export function adoptReceiveLimit(link: Link, receiveBytesMax: number): void {
  const rest = link.reader.takeRest();
  link.reader = new FrameReader(receiveBytesMax);
  link.reader.push(rest);
}
