/**
 * What every node's quorumtool has to show at the end of a step, from the rules of the fifty-fifty split alone. Written to read
 * like the manual and kept apart from the arbiter's own code, so that one checks the other.
 */
import { pictureLine } from './quorumtool.ts';

export type TieBreaker = 'lowest' | 'highest' | number;
export type Partition = readonly number[];
/** cast: holds the vote. withheld: told no, or knows no arbiter. lost: the device fell silent. unregistered: it left in order. */
export type DeviceState = 'cast' | 'withheld' | 'lost' | 'unregistered';

export interface Situation {
  /** Nodes whose corosync runs, as they can reach each other. */
  readonly partitions: readonly Partition[];
  readonly down: readonly number[];
  /** Devices out of touch with the arbiter and what their node shows of them. */
  readonly apart: ReadonlyMap<number, DeviceState>;
  readonly tieBreaker: TieBreaker;
  /** The partition that held the vote last, if the cluster keeps an active partition; else empty. */
  readonly active: Partition;
  /** What the heuristics of a node say: it is well, or it is not. A node without an entry has none. */
  readonly wellness: ReadonlyMap<number, boolean>;
}

const COLUMN: Readonly<Record<DeviceState, string>> = {
  cast: 'A,V,NMW',
  withheld: 'A,NV,NMW',
  lost: 'NA,NV,NMW',
  unregistered: 'NR',
};

/** `12|34` in a test's table means the partitions [1,2] and [3,4]. */
export function parsePartitions(text: string): Partition[] {
  return text.split('|').map((group) => [...group].map(Number));
}

/**
 * Which partition gets the vote. A strict majority of all configured nodes; failing that, one of exactly half of them. Of two
 * such halves the one with more nodes in touch with the arbiter, where a node that is well counts twice and one that is not
 * well does not count; if even, the one with more of them in touch; then the one that kept the vote before; else the one with
 * the preferred node. A preferred node that no half contains leaves the half of the lowest node.
 */
export function partitionWithVote(situation: Situation): Partition | undefined {
  const { partitions, down, apart, tieBreaker, active, wellness } = situation;
  const nodes = [...partitions.flat(), ...down];
  const inTouch = (partition: Partition): number[] => partition.filter((node) => !apart.has(node));
  const connected = (partition: Partition): number => inTouch(partition).length;
  const score = (partition: Partition): number => sum(inTouch(partition).map((node) => weight(wellness.get(node))));
  const known = partitions.filter((partition) => connected(partition) > 0);
  const majority = known.find((partition) => partition.length * 2 > nodes.length);
  if (majority !== undefined) return majority;
  const halves = known.filter((partition) => partition.length * 2 === nodes.length);
  const tied = highest(highest(halves, score), connected);
  const kept = tied.filter((half) => half.some((node) => active.includes(node)));
  if (kept.length === 1) return kept[0];
  const preferred = preferredNode(nodes, tieBreaker);
  return tied.find((half) => half.includes(preferred)) ?? tied.toSorted((a, b) => lowest(a) - lowest(b))[0];
}

function weight(isWell: boolean | undefined): number {
  if (isWell === undefined) return 1;
  return isWell ? 2 : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function highest(partitions: readonly Partition[], rank: (partition: Partition) => number): Partition[] {
  const best = Math.max(...partitions.map(rank));
  return partitions.filter((partition) => rank(partition) === best);
}

function preferredNode(nodes: readonly number[], tieBreaker: TieBreaker): number {
  if (tieBreaker === 'lowest') return lowest(nodes);
  if (tieBreaker === 'highest') return Math.max(...nodes);
  return tieBreaker;
}

function lowest(nodes: readonly number[]): number {
  return Math.min(...nodes);
}

/**
 * Node by node the line its quorumtool must come to, if `holder` has the vote. Each node has one vote and the device one more; a
 * node counts the device's vote only by its own cast flag.
 */
export function expectedLines(situation: Situation, holder = partitionWithVote(situation)): Map<number, string> {
  const { partitions, down, apart } = situation;
  const votesInAll = partitions.flat().length + down.length + 1;
  const stateOf = (node: number): DeviceState => apart.get(node) ?? (holder?.includes(node) ? 'cast' : 'withheld');
  const lines = new Map<number, string>(down.map((node) => [node, pictureLine(undefined)]));
  for (const partition of partitions) {
    const members = partition.map((nodeId) => ({ nodeId, qdevice: COLUMN[stateOf(nodeId)] }));
    for (const node of partition) {
      const totalVotes = partition.length + (stateOf(node) === 'cast' ? 1 : 0);
      const quorate = totalVotes * 2 > votesInAll;
      const flags = [...(quorate ? ['Quorate'] : []), ...(stateOf(node) === 'unregistered' ? [] : ['Qdevice'])];
      lines.set(node, pictureLine({ quorate, totalVotes, flags, members }));
    }
  }
  return lines;
}
