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

export interface ArbiterSnapshot {
  /** Every TCP connection, INIT or not. */
  readonly connectedClients: number;
  /** In order of creation. */
  readonly clusters: readonly ClusterSnapshot[];
}
