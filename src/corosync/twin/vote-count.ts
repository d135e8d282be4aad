/** Counting as votequorum does it (calculate_quorum, are_we_quorate): pure figures from what one node knows. */

export interface NodeFlags {
  readonly quorate: boolean;
  readonly waitingForAll: boolean;
  /** Alone since it started; its word is always counted again. */
  readonly first: boolean;
  readonly registered: boolean;
  readonly alive: boolean;
  readonly casts: boolean;
  readonly masterWins: boolean;
}

export const NO_FLAGS: NodeFlags = {
  quorate: false,
  waitingForAll: false,
  first: false,
  registered: false,
  alive: false,
  casts: false,
  masterWins: false,
};

export const sameFlags = (a: NodeFlags, b: NodeFlags): boolean =>
  a.quorate === b.quorate &&
  a.waitingForAll === b.waitingForAll &&
  a.first === b.first &&
  a.registered === b.registered &&
  a.alive === b.alive &&
  a.casts === b.casts &&
  a.masterWins === b.masterWins;

/** What one node knows of another, or of itself. */
export interface KnownNode {
  readonly nodeId: number;
  state: 'member' | 'dead';
  votes: number;
  expectedVotes: number;
  flags: NodeFlags;
}

export interface Count {
  readonly quorum: number;
  /** The members' votes, and the device's if this node itself casts it. */
  readonly totalVotes: number;
}

export const members = (nodes: readonly KnownNode[]): KnownNode[] => nodes.filter(({ state }) => state === 'member');

export const sumOfVotes = (nodes: readonly KnownNode[]): number =>
  members(nodes).reduce((sum, { votes }) => sum + votes, 0);

export const highestExpected = (nodes: readonly KnownNode[]): number =>
  Math.max(0, ...members(nodes).map(({ expectedVotes }) => expectedVotes));

/** A quorum never goes down by itself: `atLeast` is the one of before, 0 where it may. */
export function countVotes(
  nodes: readonly KnownNode[],
  castDeviceVotes: number | undefined,
  twoNode: boolean,
  atLeast: number,
): Count {
  const totalVotes = sumOfVotes(nodes) + (castDeviceVotes ?? 0);
  const voters = members(nodes).length + (castDeviceVotes === undefined ? 0 : 1);
  const half = (votes: number): number => Math.floor((votes + 2) / 2);
  const quorum = Math.max(half(highestExpected(nodes)), half(totalVotes), atLeast);
  return { totalVotes, quorum: twoNode && voters <= 2 ? 1 : quorum };
}

/** Corosync's own order, which is not sorted: before the first higher id, else before the last node. */
export function insertNode(nodes: readonly KnownNode[], node: KnownNode): KnownNode[] {
  const higher = nodes.findIndex(({ nodeId }) => node.nodeId < nodeId);
  const at = higher >= 0 ? higher : Math.max(0, nodes.length - 1);
  return [...nodes.slice(0, at), node, ...nodes.slice(at)];
}
