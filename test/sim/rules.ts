/**
 * Who may hold the vote, from the rules of the fifty-fifty split as its manual tells them, apart from the arbiter's code.
 * Several answers where what was before decides between equal halves.
 */
import type { TieBreaker } from '../../src/protocol/values.ts';

export interface Situation {
  readonly configured: readonly number[];
  readonly partitions: readonly (readonly number[])[];
  readonly tieBreaker: TieBreaker;
  /** What was before may decide, or what the nodes' heuristics found. */
  readonly hasMemory: boolean;
}

/** Each of these is right. An empty one: nobody holds it. */
export function rightHolders(situation: Situation): (readonly number[])[] {
  const { configured, partitions, hasMemory } = situation;
  const majority = partitions.filter(({ length }) => 2 * length > configured.length);
  if (majority.length > 0) return majority;
  const halves = partitions.filter(({ length }) => 2 * length === configured.length);
  if (halves.length === 0) return [[]];
  if (halves.length === 1 || hasMemory) return halves;
  const preferred = preferredNode(situation);
  const preferring = halves.filter((half) => half.includes(preferred));
  return preferring.length > 0 ? preferring : halves;
}

function preferredNode({ tieBreaker, configured }: Situation): number {
  if (tieBreaker.mode === 'nodeId') return tieBreaker.nodeId;
  return tieBreaker.mode === 'lowest' ? Math.min(...configured) : Math.max(...configured);
}
