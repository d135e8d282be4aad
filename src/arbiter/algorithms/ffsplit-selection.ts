/**
 * Which partition gets the vote. The views are taken in ascending order of node id and each is held against the best so
 * far; a partition is thus judged once for each of its connected nodes, and its best view counts. What upstream does
 * oddly but visibly is kept: a leaver is still counted as connected, and a node's fresh heuristics result is seen in
 * its own view only.
 */

import type { DecidingRule } from '../reports.ts';
import type { Picture, View } from './ffsplit-view.ts';

export interface Selection {
  readonly winner: ReadonlySet<number>;
  readonly rule: DecidingRule;
}

interface Candidate {
  readonly view: View;
  readonly nodes: number;
  readonly configured: number;
  readonly connected: number;
  /** connected, plus one for each passed and minus one for each failed heuristics result. */
  readonly score: number;
  readonly wasWinner: boolean;
  readonly hasPreferredNode: boolean;
}

const NOBODY: Selection = { winner: new Set(), rule: 'nobody' };

export function selectPartition(picture: Picture): Selection {
  const candidates = picture.views.map((view) => candidateOf(view, picture));
  const best = bestOf(candidates, picture.keepActive);
  if (best === undefined) return NOBODY;
  return { winner: best.view.members.ids, rule: ruleFor(best, candidates, picture.keepActive) };
}

function bestOf(candidates: readonly Candidate[], keepActive: boolean): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (beats(candidate, best, keepActive)) best = candidate;
  }
  return best;
}

function beats(candidate: Candidate, best: Candidate | undefined, keepActive: boolean): boolean {
  const half = Math.floor(candidate.configured / 2);
  if (candidate.nodes > half) return true;
  if (candidate.configured % 2 === 1 || candidate.nodes < half) return false;
  const rivalScore = best?.score ?? 0;
  if (candidate.score !== rivalScore) return candidate.score > rivalScore;
  const rivalConnected = best?.connected ?? 0;
  if (candidate.connected !== rivalConnected) return candidate.connected > rivalConnected;
  if (keepActive && best !== undefined && candidate.wasWinner !== best.wasWinner) return candidate.wasWinner;
  return candidate.hasPreferredNode;
}

function candidateOf(view: View, picture: Picture): Candidate {
  let connected = 0;
  let score = 0;
  for (const { nodeId } of view.members.nodes) {
    const stored = picture.listed.get(nodeId);
    if (stored === undefined) continue;
    const result = nodeId === view.nodeId ? view.heuristics : stored;
    connected += 1;
    score += 1 + (result === 'pass' ? 1 : 0) - (result === 'fail' ? 1 : 0);
  }
  const preferred = preferredNode(view);
  return {
    view,
    nodes: view.members.nodes.length,
    configured: view.config.nodes.length,
    connected,
    score,
    wasWinner: picture.previousWinner.has(view.nodeId),
    hasPreferredNode: preferred !== undefined && view.members.ids.has(preferred),
  };
}

/**
 * Lowest and highest mean configured nodes, connected or not. A node that has not sent its configuration prefers none;
 * upstream crashes here.
 */
function preferredNode({ tieBreaker, config }: View): number | undefined {
  if (tieBreaker.mode === 'nodeId') return tieBreaker.nodeId;
  let preferred: number | undefined;
  for (const nodeId of config.ids) {
    if (preferred === undefined || (tieBreaker.mode === 'lowest' ? nodeId < preferred : nodeId > preferred)) {
      preferred = nodeId;
    }
  }
  return preferred;
}

/** Words for people: what set the winner apart from its strongest rival. Decides nothing. */
function ruleFor(best: Candidate, candidates: readonly Candidate[], keepActive: boolean): DecidingRule {
  if (best.nodes > Math.floor(best.configured / 2)) return 'majority';
  const rivals = candidates.filter(
    ({ view, nodes }) => view.members.key !== best.view.members.key && nodes === best.nodes,
  );
  const rival = bestOf(rivals, keepActive);
  if (rival === undefined) return 'onlyHalf';
  if (best.score !== rival.score) {
    const byConnections = best.connected - rival.connected;
    return best.score - rival.score === byConnections ? 'connectedNodes' : 'heuristics';
  }
  if (best.connected !== rival.connected) return 'connectedNodes';
  if (keepActive && best.wasWinner !== rival.wasWinner) return 'keepActive';
  return best.hasPreferredNode ? 'tieBreaker' : 'firstReported';
}
