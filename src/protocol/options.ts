/**
 * The 24 options, one row each: number on the wire and shape of the value. What a message may carry is in messages.ts;
 * while decoding every known option is checked, wherever it stands.
 *
 * Two more are between our own programs, far above the numbers that upstream gives out: its programs pass over options
 * that they do not know, and ours do without them.
 */
import { HEURISTICS, KEEP_ACTIVE_PARTITION, NODE_LIST_TYPE, QUORATE, TLS_SUPPORT, VOTE } from './enums.ts';
import { NODE_INFO_OPTIONS, nodeInfo } from './node-info.ts';
import type { WireType } from './wire-types.ts';
import { byteString, enum8, ringId, tieBreaker, u8, u16, u16Array, u32, u64 } from './wire-types.ts';

export interface OptionRow {
  readonly code: number;
  readonly type: WireType<unknown>;
  /** Each occurrence counts, in order. Of any other option the last occurrence wins. */
  readonly repeated?: true;
}

export const OPTIONS = {
  msgSeqNumber: { code: 0, type: u32 },
  clusterName: { code: 1, type: byteString },
  tlsSupported: { code: 2, type: enum8(TLS_SUPPORT) },
  /** Upstream sends 0 or 1 and reads anything. */
  tlsClientCertRequired: { code: 3, type: u8 },
  supportedMessages: { code: 4, type: u16Array },
  supportedOptions: { code: 5, type: u16Array },
  /** Any number is legal: a newer peer may know more codes than REPLY_CODE. */
  replyErrorCode: { code: 6, type: u16 },
  serverMaximumRequestSize: { code: 7, type: u32 },
  serverMaximumReplySize: { code: 8, type: u32 },
  nodeId: NODE_INFO_OPTIONS.nodeId,
  supportedDecisionAlgorithms: { code: 10, type: u16Array },
  /** Any number is legal here; INIT judges whether the algorithm is known. */
  decisionAlgorithm: { code: 11, type: u16 },
  heartbeatIntervalMs: { code: 12, type: u32 },
  ringId: { code: 13, type: ringId },
  configVersion: { code: 14, type: u64 },
  dataCenterId: NODE_INFO_OPTIONS.dataCenterId,
  nodeState: NODE_INFO_OPTIONS.nodeState,
  nodeInfo: { code: 17, type: nodeInfo, repeated: true },
  nodeListType: { code: 18, type: enum8(NODE_LIST_TYPE) },
  vote: { code: 19, type: enum8(VOTE) },
  quorate: { code: 20, type: enum8(QUORATE) },
  tieBreaker: { code: 21, type: tieBreaker },
  heuristics: { code: 22, type: enum8(HEURISTICS) },
  keepActivePartition: { code: 23, type: enum8(KEEP_ACTIVE_PARTITION) },
  /** This long after the last message that the arbiter received, the node's vote counts nowhere any more. */
  castBoundMs: { code: 0xff01, type: u32 },
  /** In a node's last heartbeat before it leaves: corosync has been told to count no vote. Any number says so. */
  voteWithdrawn: { code: 0xff02, type: u8 },
} as const satisfies Record<string, OptionRow>;

export type OptionName = keyof typeof OPTIONS;

type Value<R> = R extends { type: WireType<infer T> } ? (R extends { repeated: true } ? readonly T[] : T) : never;

/** The options of one message. An absent key is an option that was not on the wire. */
export type OptionValues = { readonly [K in OptionName]?: Value<(typeof OPTIONS)[K]> };

const OWN_CODE_MIN = 0xff00;

/** What a peer that lists its abilities puts into option 5: every code of upstream's, ascending. */
export const SUPPORTED_OPTIONS: readonly number[] = Object.values(OPTIONS)
  .map((row) => row.code)
  .filter((code) => code < OWN_CODE_MIN);
