/** Holds what was seen against what has to be, in sentences. An empty list means that all is as the rules say. */
import type { ClusterStatus } from '../status/json.ts';
import { nodesText } from '../status/text-layout.ts';
import type { Outcome, Side } from './rules.ts';
import type { NodeIds } from './world.ts';

/** A running node as corosync's own interface shows it. */
export interface NodeSeen {
  readonly nodeId: number;
  /** Of its newest ring, sorted. */
  readonly members: NodeIds;
  /** It has a new ring and has not agreed on it; corosync carries no messages of its applications meanwhile. */
  readonly synchronising: boolean;
  readonly quorate: boolean;
  readonly votes: number;
  readonly quorum: number;
  /** It counts the arbiter's vote. */
  readonly casts: boolean;
}

export interface Seen {
  readonly nodes: readonly NodeSeen[];
  /** undefined: there is no arbiter, or it knows no node yet. */
  readonly arbiter: ClusterStatus | undefined;
}

export function differences({ sides, quorum, winner, rule }: Outcome, seen: Seen): string[] {
  const found = sides.flatMap((side) => side.nodeIds.flatMap((nodeId) => nodeDifferences(nodeId, side, quorum, seen)));
  const expected = sides.flatMap(({ nodeIds }) => nodeIds);
  for (const { nodeId } of seen.nodes) {
    if (!expected.includes(nodeId)) found.push(`node ${nodeId} runs, but should be lost`);
  }
  return [...found, ...arbiterDifferences(expected, winner, rule, seen.arbiter)];
}

/** Two sides that both go on are what the arbiter is there to prevent. undefined: there are none. */
export function doubleQuorum(nodes: readonly NodeSeen[]): string | undefined {
  const active = nodes.filter(({ quorate, synchronising }) => quorate && !synchronising);
  for (const one of active) {
    const other = active.find(({ members }) => !members.some((nodeId) => one.members.includes(nodeId)));
    if (other !== undefined) {
      return `${nodesText(one.members)} and ${nodesText(other.members)} were quorate at the same time`;
    }
  }
  return undefined;
}

function nodeDifferences(nodeId: number, side: Side, quorum: number, { nodes }: Seen): string[] {
  const node = nodes.find((candidate) => candidate.nodeId === nodeId);
  if (node === undefined) return [`node ${nodeId} does not run`];
  const found: string[] = [];
  const compare = (what: string, is: unknown, expected: unknown): void => {
    if (is !== expected) found.push(`node ${nodeId} ${what} ${is}, not ${expected}`);
  };
  compare('sees the nodes', node.members.join(), side.nodeIds.join());
  compare('counts a vote of the arbiter:', yesNo(node.casts), yesNo(side.holdsVote));
  compare('has votes:', node.votes, side.votes);
  compare('needs votes:', node.quorum, quorum);
  compare('is quorate:', yesNo(node.quorate), yesNo(side.quorate));
  if (node.synchronising) found.push(`node ${nodeId} is still agreeing with the others on who is there`);
  return found;
}

function arbiterDifferences(
  connected: NodeIds,
  winner: NodeIds,
  rule: Outcome['rule'],
  arbiter: ClusterStatus | undefined,
): string[] {
  if (rule === undefined) return arbiter === undefined ? [] : ['the arbiter answers, but should be lost'];
  if (arbiter === undefined) return ['the arbiter knows no node'];
  const found: string[] = [];
  const ids = arbiter.nodes.map(({ nodeId }) => nodeId);
  if (!sameIds(ids, connected))
    found.push(`the arbiter is connected to ${nodesText(ids)}, not ${nodesText(connected)}`);
  const { phase, holders, rule: decidedBy } = arbiter.vote;
  if (phase !== 'settled') found.push(`the arbiter's decision is not settled but ${phase}`);
  if (!sameIds(arbiter.vote.winner, winner)) {
    found.push(`the arbiter decided for ${nodesText(arbiter.vote.winner)}, not ${nodesText(winner)}`);
  }
  if (!sameIds(holders, winner)) found.push(`the vote is with ${nodesText(holders)}, not ${nodesText(winner)}`);
  if (decidedBy !== rule) found.push(`the arbiter decided by the rule ${decidedBy ?? 'none'}, not ${rule}`);
  return found;
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function sameIds(one: NodeIds, other: NodeIds): boolean {
  return one.length === other.length && one.every((nodeId) => other.includes(nodeId));
}
