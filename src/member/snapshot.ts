/** The node's side at one moment, as plain values, for the status commands. */

import type { RingId } from '../protocol/values.ts';
import type { DisconnectReason } from './disconnect-reasons.ts';
import type { VoteCause } from './effects.ts';
import type { QuorumNode } from './events.ts';
import type { Results } from './heuristics-plan.ts';
import type { Link, LinkState } from './link.ts';
import type { MemberSettings } from './settings.ts';
import type { StandingVote, Voting } from './voting.ts';

export interface MemberSnapshot {
  readonly settings: MemberSettings;
  readonly ringId: RingId | undefined;
  readonly memberIds: readonly number[];
  readonly quorate: boolean | undefined;
  readonly quorumNodes: readonly QuorumNode[];
  readonly expectedVotes: number | undefined;
  readonly vote: StandingVote;
  /** By whose word the vote is what it is; undefined before the first one. */
  readonly voteCause: VoteCause | undefined;
  readonly voteTimerRunning: boolean;
  /** Corosync waits for the heuristics of a new membership. */
  readonly paused: boolean;
  readonly link: LinkState | 'waiting';
  readonly lastEnd: { readonly reason: DisconnectReason; readonly detail: string; readonly agoMs: number } | undefined;
  readonly lastCast: { readonly cast: boolean; readonly agoMs: number } | undefined;
  readonly heuristics: Results;
  readonly tlsActive: boolean;
  readonly certificateSent: boolean;
  readonly readyForMs: number | undefined;
  readonly lastEchoAgoMs: number | undefined;
  /** undefined while not connected. */
  readonly arbiterSupportsKeepActivePartition: boolean | undefined;
}

export interface QuorumSeen {
  readonly quorate: boolean;
  readonly nodes: readonly QuorumNode[];
}

export interface LinkEnd {
  readonly reason: DisconnectReason;
  readonly detail: string;
  readonly atMs: number;
}

export interface LastCast {
  readonly cast: boolean;
  readonly atMs: number;
}

/** Of what the core knows, what a snapshot shows. */
export interface Known
  extends Pick<MemberSnapshot, 'settings' | 'ringId' | 'memberIds' | 'expectedVotes' | 'voteCause'> {
  readonly quorum: QuorumSeen | undefined;
  readonly voting: Voting;
  readonly lastCast: LastCast | undefined;
  readonly lastEnd: LinkEnd | undefined;
  readonly heuristics: Results;
  readonly link: Link | undefined;
}

export function snapshotOf(known: Known, nowMs: number): MemberSnapshot {
  const { quorum, voting, link, lastEnd: end, lastCast: cast, ...same } = known;
  const ago = (atMs: number | undefined) => (atMs === undefined ? undefined : nowMs - atMs);
  return {
    ...same,
    quorate: quorum?.quorate,
    quorumNodes: quorum?.nodes ?? [],
    vote: voting.vote,
    voteTimerRunning: voting.timerRunning,
    paused: voting.paused,
    link: link?.state ?? 'waiting',
    lastEnd: end && { reason: end.reason, detail: end.detail, agoMs: nowMs - end.atMs },
    lastCast: cast && { cast: cast.cast, agoMs: nowMs - cast.atMs },
    tlsActive: link?.tls !== undefined,
    certificateSent: link?.tls?.certificateSent === true,
    readyForMs: ago(link?.readySinceMs),
    lastEchoAgoMs: ago(link?.heartbeat?.lastAnswerMs),
    arbiterSupportsKeepActivePartition: link?.accepted?.supportsKeepActivePartition,
  };
}
