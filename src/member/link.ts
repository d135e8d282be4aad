/**
 * One connection to the arbiter as the node sees it: how far it has come, what may arrive in which state, and the
 * heartbeat that tells whether it still lives.
 */

import { FrameReader } from '../protocol/frame-reader.ts';
import type { MessageName } from '../protocol/messages.ts';
import type { RingId } from '../protocol/values.ts';
import type { LinkId } from './events.ts';
import type { Accepted } from './handshake.ts';

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
  /** Votes count for this ring only. */
  lastSentRing: RingId | undefined;
  readySinceMs: number | undefined;
  echo: { nextMs: number; answered: boolean; lastAnswerMs: number | undefined } | undefined;
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
    echo: undefined,
  };
}

export const mayArrive = (state: LinkState, name: MessageName): boolean => EXPECTED[state].has(name);

/** From here on the arbiter's own size limit holds; what has been read already is kept. */
export function adoptReceiveLimit(link: Link, receiveBytesMax: number): void {
  const rest = link.reader.takeRest();
  link.reader = new FrameReader(receiveBytesMax);
  link.reader.push(rest);
}
