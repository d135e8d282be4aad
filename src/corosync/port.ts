/**
 * What the node daemon needs of corosync, in our words. Behind it stands either the real thing (libvotequorum and
 * libcmap through koffi) or an embedded cluster engine in memory; the daemon cannot tell them apart.
 *
 * Two rules come from corosync itself: requests on one connection go strictly one after another, and from a node list
 * notification until the next quorum notification no configuration key may be read, because corosync answers no such
 * request before its synchronisation ends, and that waits for our vote.
 */

import type { RingId } from '../protocol/values.ts';

/** A configuration key's value. Everything that is not a number in corosync's own table arrives as text. */
export type CmapValue = number | bigint | string;

export type VotequorumNodeState = 'member' | 'dead' | 'leaving';

export interface VotequorumNode {
  readonly nodeId: number;
  readonly state: VotequorumNodeState;
}

export interface VotequorumInfo {
  readonly nodeId: number;
  readonly nodeVotes: number;
  readonly expectedVotes: number;
  readonly totalVotes: number;
  readonly quorum: number;
  readonly quorate: boolean;
  /** The votes that the device has where it is registered. */
  readonly deviceVotes: number;
  readonly deviceRegistered: boolean;
  readonly deviceAlive: boolean;
  readonly deviceCasts: boolean;
}

/** Called from the event loop, never from inside a request. Lists are the callee's to keep. */
export interface CorosyncListener {
  /** A new ring, inside the synchronisation; corosync now waits for a vote that names this ring. */
  readonly onNodeList: (ringId: RingId, nodeIds: readonly number[]) => void;
  /** The synchronisation has ended, or quorum was gained or lost outside one. Node id 0 (the device) is left out. */
  readonly onQuorum: (quorate: boolean, nodes: readonly VotequorumNode[]) => void;
  readonly onExpectedVotes: (votes: number) => void;
  /** Keys changed: outside a reload key by key, for a reload once when it has ended well. Never during a synchronisation. */
  readonly onKeysChanged: (keys: readonly string[]) => void;
  /** Corosync is gone. Nothing more comes, and every request fails. */
  readonly onLost: (reason: string) => void;
}

/** ok: accepted. outdatedRing, tryAgain: refused without effect, which is no failure. */
export type PollResult = 'ok' | 'outdatedRing' | 'tryAgain';

export interface Corosync {
  /** undefined: no such key. */
  readonly get: (key: string) => CmapValue | undefined;
  /** Every key with the prefix, in corosync's (string) order. */
  readonly list: (prefix: string) => ReadonlyMap<string, CmapValue>;
  /** Registers the device under `name`. Answered only after a round through the cluster: seconds when a token is lost. */
  readonly register: (name: string) => Promise<void>;
  /** Never throws: corosync may be gone. */
  readonly unregister: () => void;
  /** Starts notifications; one node list and one quorum notification follow at once. */
  readonly track: (listener: CorosyncListener) => void;
  readonly castVote: (ringId: RingId, cast: boolean) => PollResult;
  readonly setMasterWins: (allow: boolean) => void;
  /** undefined: votequorum does not know the node. Node id 0 is this node. */
  readonly info: (nodeId: number) => VotequorumInfo | undefined;
  /** Ends notifications and both connections. The registration stays unless unregistered before. */
  readonly close: () => void;
}
