/** The structured values that travel inside options. */
import type { NodeState } from './enums.ts';

/** A ring id: leader node id (u32) and ring sequence (u64, beyond what a number holds). Printed as `hex.hex`. */
export interface RingId {
  readonly nodeId: number;
  readonly seq: bigint;
}

/** Upstream's notation, without padding: node 1, sequence 0x1b4 is `1.1b4`. */
export const ringText = (ring: RingId): string => `${ring.nodeId.toString(16)}.${ring.seq.toString(16)}`;

/** One entry of a node list. Data centre 0 means "not set" and is left out on the wire. */
export interface NodeInfo {
  readonly nodeId: number;
  readonly dataCenterId: number;
  readonly state?: NodeState;
}

/** Which half of an even split is preferred. Two tie-breakers differ if the modes do, or the ids in mode nodeId. */
export type TieBreaker = { readonly mode: 'lowest' | 'highest' } | { readonly mode: 'nodeId'; readonly nodeId: number };

/**
 * A cluster name exactly as received: one character (0-255) a byte, so that equal strings are equal bytes and it can
 * key a Map. Turn it into readable text only at the edge, as UTF-8.
 */
export type ByteString = string;
