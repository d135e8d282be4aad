/** Everything that can happen to the node's side. The shell feeds these in, one at a time, with a monotonic clock. */

import type { Heuristics, NodeState } from '../protocol/enums.ts';
import type { RingId } from '../protocol/values.ts';
import type { MemberSettings } from './settings.ts';

/** One attempt to reach the arbiter, numbered by the core; what an earlier one still says is ignored. */
export type LinkId = number;

export type HeuristicsResult = Heuristics | 'undefined';

export interface QuorumNode {
  readonly nodeId: number;
  readonly state: NodeState;
}

export type MemberEvent =
  /** A new ring, inside corosync's synchronisation. */
  | { readonly kind: 'nodeList'; readonly ringId: RingId; readonly nodeIds: readonly number[] }
  | { readonly kind: 'quorum'; readonly quorate: boolean; readonly nodes: readonly QuorumNode[] }
  | { readonly kind: 'expectedVotes'; readonly votes: number }
  /** The configuration was read again and is good; it may be the same. */
  | { readonly kind: 'settings'; readonly settings: MemberSettings }
  /** TCP stands. */
  | { readonly kind: 'connected'; readonly link: LinkId }
  | { readonly kind: 'bytes'; readonly link: LinkId; readonly bytes: Uint8Array }
  /** The handshake asked for by startTls is done and the arbiter is who it should be. */
  | { readonly kind: 'secured'; readonly link: LinkId; readonly certificateSent: boolean }
  /** The attempt failed or the connection ended. `jitter` is random in [0, 1): the core draws no lots itself. */
  | {
      readonly kind: 'disconnected';
      readonly link: LinkId;
      readonly cause: 'connectFailed' | 'arbiterClosed' | 'tlsFailed';
      readonly detail: string;
      readonly jitter: number;
    }
  | { readonly kind: 'heuristicsDone'; readonly run: number; readonly result: HeuristicsResult }
  /** Corosync refused a vote for a reason that is none of the harmless ones. */
  | { readonly kind: 'castFailed'; readonly detail: string }
  | { readonly kind: 'tick'; readonly jitter: number }
  | { readonly kind: 'stop' };
