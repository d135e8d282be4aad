/** Why a partition got the vote, in words: the log and the status command say the same. */
import type { DecidingRule } from '../arbiter/reports.ts';

/** Each completes "it gets the vote because"; the word in brackets is the one to search the manual for. */
const WORDS: Readonly<Record<DecidingRule, string>> = {
  majority: 'more than half of the configured nodes are in it (majority)',
  onlyHalf: 'it is the only half that the arbiter can see (only half)',
  heuristics: 'it has the better heuristics results of two equal halves (heuristics)',
  connectedNodes: 'it has more nodes connected to the arbiter, of two equal halves (connected nodes)',
  keepActive: 'it held the vote before, of two equal halves (keep-active-partition tie-breaker)',
  tieBreaker: 'it contains the tie-breaker node, of two equal halves (tie-breaker)',
  firstReported: 'it has the lowest connected node, of two equal halves without the tie-breaker node (first reported)',
  oneRing: 'all connected nodes are in one membership (one ring)',
  newcomer: 'others hold it, and whoever comes new does not take it from them (newcomer)',
  bestScore: 'of all partitions one has the best score of connected nodes and heuristics results (best score)',
  mostConnected: 'of all partitions, with equal scores on top, one has the most connected nodes (most connected)',
  lmsTieBreaker: 'nothing else tells the partitions apart (tie-breaker among connected nodes)',
  bothNodes: 'both nodes see each other (both nodes)',
  lastMan: 'the other node is not connected (last man)',
  betterHeuristics: 'the two nodes have different heuristics results (better heuristics)',
  holderLeft: 'who held it has left, and no other node has reported or asked since (holder left)',
  everybody: 'this algorithm gives it to everybody who asks (test)',
  nobody: 'no partition has enough of the configured nodes (nobody)',
};

export function ruleWords(rule: DecidingRule): string {
  return WORDS[rule];
}
