/** What the node's side wants done, in order. The shell takes no decision of its own. */

import type { Vote } from '../protocol/enums.ts';
import type { RingId } from '../protocol/values.ts';
import type { DisconnectReason } from './disconnect-reasons.ts';
import type { HeuristicsResult, LinkId } from './events.ts';

export type Effect =
  | { readonly kind: 'connect'; readonly link: LinkId }
  /** `ifCast`: only if corosync took the last vote of the same list, for the bytes say so. */
  | { readonly kind: 'send'; readonly link: LinkId; readonly bytes: Uint8Array; readonly ifCast?: true }
  | { readonly kind: 'startTls'; readonly link: LinkId; readonly alreadyRead: Uint8Array }
  | { readonly kind: 'close'; readonly link: LinkId }
  /** Tell votequorum. Always comes before the close that made it necessary. */
  | { readonly kind: 'castVote'; readonly ringId: RingId; readonly cast: boolean }
  | { readonly kind: 'runHeuristics'; readonly run: number; readonly timeoutMs: number }
  | { readonly kind: 'abandonHeuristics'; readonly run: number }
  /** Unregister and end the process. */
  | { readonly kind: 'exit'; readonly code: 0 | 1 }
  | { readonly kind: 'report'; readonly report: MemberReport };

export type MemberReport =
  | { readonly what: 'connecting' }
  | { readonly what: 'accepted' }
  | {
      readonly what: 'disconnected';
      readonly reason: DisconnectReason;
      readonly detail: string;
      readonly retryInMs: number | undefined;
    }
  /** The vote to cast changed, by whose word and for which ring. */
  | { readonly what: 'vote'; readonly vote: Vote; readonly cause: VoteCause; readonly ringId: RingId | undefined }
  | { readonly what: 'staleVote'; readonly vote: Vote; readonly ringId: RingId }
  | { readonly what: 'membership'; readonly ringId: RingId; readonly nodeIds: readonly number[] }
  | { readonly what: 'heuristics'; readonly result: HeuristicsResult }
  | { readonly what: 'noAnswer'; readonly waitedMs: number };

export type VoteCause = 'arbiter' | 'notConnected' | 'newMembership' | 'noAnswer' | 'stopping';
