/** The node's side at one moment, as plain values, for the status commands. */

import type { RingId } from '../protocol/values.ts';
import type { DisconnectReason } from './disconnect-reasons.ts';
import type { VoteCause } from './effects.ts';
import type { QuorumNode } from './events.ts';
import type { Results } from './heuristics-plan.ts';
import type { LinkState } from './link.ts';
import type { MemberSettings } from './settings.ts';
import type { StandingVote } from './voting.ts';

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
