/**
 * What a node's side is configured to do. Read from corosync's tables and checked where they are read; here every value
 * is in range and the derived times are derived. Source: corosync-qdevice(8).
 */

import type { DecisionAlgorithm } from '../protocol/enums.ts';
import type { ByteString, NodeInfo, TieBreaker } from '../protocol/values.ts';

export type TlsWish = 'off' | 'on' | 'required';

/**
 * upstream: exactly what upstream's daemon does, its known weaknesses included. strict: no vote is cast that the
 * arbiter may have given to somebody else by then.
 */
export type VoteSafety = 'strict' | 'upstream';

export interface HeuristicsSettings {
  /** sync: only when a membership changes; on: periodically as well. */
  readonly mode: 'off' | 'on' | 'sync';
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly syncTimeoutMs: number;
  /** Name and command line of each exec_NAME, in order of name. None: the result is undefined. */
  readonly commands: readonly HeuristicsCommand[];
}

export interface HeuristicsCommand {
  readonly name: string;
  readonly line: string;
}

export interface MemberSettings {
  readonly nodeId: number;
  readonly clusterName: ByteString;
  readonly host: string;
  readonly port: number;
  readonly forceIpVersion: 0 | 4 | 6;
  readonly tls: TlsWish;
  readonly algorithm: DecisionAlgorithm;
  readonly tieBreaker: TieBreaker;
  readonly voteSafety: VoteSafety;
  readonly keepActivePartition: boolean;
  /** quorum.device.timeout: a cast vote is forgotten by corosync this long after the last one. */
  readonly timeoutMs: number;
  readonly syncTimeoutMs: number;
  /** What the arbiter is told to judge silence by; how often it is asked for a sign of life follows from it. */
  readonly heartbeatMs: number;
  /** How often a standing vote is cast again. */
  readonly castIntervalMs: number;
  /** From the start of an attempt to an accepted INIT. */
  readonly connectTimeoutMs: number;
  readonly heuristics: HeuristicsSettings;
  /** In the order of corosync.conf. */
  readonly nodes: readonly NodeInfo[];
  readonly configVersion: bigint | undefined;
  readonly limits: MemberLimits;
}

export interface MemberLimits {
  readonly initialReceiveBytes: number;
  readonly initialSendBytes: number;
  /** An arbiter that takes less is refused. */
  readonly sendBytesMin: number;
  /** An arbiter that announces more is refused. */
  readonly receiveBytesMax: number;
}

export const DEFAULT_LIMITS: MemberLimits = {
  initialReceiveBytes: 32_768,
  initialSendBytes: 32_768,
  sendBytesMin: 32_768,
  receiveBytesMax: 16_777_216,
};

/** Upstream's fractions, cut off. */
export function derivedTimes(timeoutMs: number, heartbeatMsMin = 1_000, heartbeatMsMax = 120_000) {
  const wished = Math.trunc(timeoutMs * 0.8);
  return {
    heartbeatMs: Math.min(heartbeatMsMax, Math.max(heartbeatMsMin, wished)),
    castIntervalMs: Math.trunc(timeoutMs * 0.5),
  };
}
