/** The arbiter's state at one moment, as plain values: what the status commands and the local socket show. */

import type { DecisionAlgorithm, Vote } from '../protocol/enums.ts';
import type { ByteString, NodeInfo, RingId, TieBreaker } from '../protocol/values.ts';
import type { HeuristicsResult } from './cluster.ts';
import type { ClientId } from './events.ts';
import type { DecidingRule } from './reports.ts';

export interface NodeSnapshot {
  readonly client: ClientId;
  readonly nodeId: number;
  /** `ADDR:PORT`, IPv6 without brackets. */
  readonly address: string;
  readonly heartbeatMs: number;
  readonly configVersion: bigint | undefined;
  /** In the order received. */
  readonly configNodes: readonly NodeInfo[];
  readonly ringId: RingId;
  readonly members: readonly NodeInfo[];
  readonly heuristics: {
    readonly latest: HeuristicsResult;
    readonly membership: HeuristicsResult;
    readonly regular: HeuristicsResult;
  };
  readonly tlsActive: boolean;
  readonly certificateVerified: boolean;
  /** SHA-256 of its certificate; undefined: it has none, or was asked for none. */
  readonly certificateFingerprint?: string | undefined;
  readonly keepActivePartition: boolean;
  readonly lastVote: Vote | undefined;
  readonly lastAckNack: 'ack' | 'nack' | undefined;
  /** The ACK of the last decision was sent to it. */
  readonly granted: boolean;
  /** The vote of the last decision that this node has not confirmed, or that it is not its turn to be told yet. */
  readonly due: 'ack' | 'nack' | undefined;
  readonly connectedForMs: number;
  readonly silentForMs: number;
}

/** What the last decision of a cluster says and how far it has been carried out. */
export interface VoteSnapshot {
  /**
   * waiting: the nodes do not agree yet on who is where; withdrawing: losers have to confirm first; granting: winners
   * have been told; settled: everybody has confirmed; none: nothing was decided yet.
   */
  readonly phase: 'none' | 'waiting' | 'withdrawing' | 'granting' | 'settled';
  /** Node ids of the partition that won the last decision; empty if nobody. */
  readonly winner: readonly number[];
  readonly rule: DecidingRule | undefined;
  /** How long winner and rule have been as they are. */
  readonly sinceMs: number | undefined;
  readonly held?: HeldSnapshot | undefined;
}

/** A partition that has won and may not have the vote yet. */
export interface HeldSnapshot {
  readonly partition: readonly number[];
  /** For how long it has waited. */
  readonly sinceMs: number;
  /**
   * confirmation: the node is connected and has to confirm that it has no vote; lease: it is gone and may be casting one;
   * unknown: no record tells whether it held the vote. `remainingMs`: at most; undefined: no time ends it.
   */
  readonly waitsFor: readonly {
    readonly nodeId: number;
    readonly reason: 'confirmation' | 'lease' | 'unknown';
    readonly remainingMs: number | undefined;
  }[];
  /** Why it could not be written down who gets the vote. */
  readonly recordFailure: string | undefined;
}

/** Since the start, of vote_safety=strict. */
export interface VoteCounts {
  /** Partitions that had to wait, and that got the vote after waiting. */
  readonly held: number;
  readonly freed: number;
  /** Nodes that were told NACK so that somebody else may have the vote, and those that were closed for not confirming. */
  readonly revoked: number;
  readonly unconfirmed: number;
  /** Nodes that an operator said cast nothing. */
  readonly released: number;
  readonly recordsWritten: number;
  readonly recordFailures: number;
}

export interface ClusterSnapshot {
  readonly name: ByteString;
  readonly algorithm: DecisionAlgorithm;
  readonly tieBreaker: TieBreaker;
  /** All nodes use ffsplit and have the keep-active-partition tie-breaker on. */
  readonly keepActivePartition: boolean;
  /** In ascending order of node id. */
  readonly nodes: readonly NodeSnapshot[];
  readonly vote: VoteSnapshot;
}

/** Of nodes that connected although they were connected, since the start. */
export interface SecondConnectionCounts {
  /** The first connection was asked whether it is still there. */
  readonly asked: number;
  /** It was, and the second was refused. */
  readonly answered: number;
  /** It did not answer and was closed. */
  readonly silent: number;
  /** It ended as it was asked. */
  readonly ended: number;
}

export interface ArbiterSnapshot {
  /** Every TCP connection, INIT or not. */
  readonly connectedClients: number;
  /** Undefined under vote_safety=upstream. */
  readonly voteCounts?: VoteCounts | undefined;
  readonly secondConnections?: SecondConnectionCounts | undefined;
  /** In order of creation. */
  readonly clusters: readonly ClusterSnapshot[];
}
