/**
 * Last man standing. A node is judged when it sends a list or asks, by what all connected nodes said before; nodes that
 * are not connected do not exist. The answer travels in the reply. Where the reports contradict each other the node
 * waits and is judged again a quarter of its heartbeat later, by a timer of its own, until they agree; only then a vote
 * is sent. Nobody is told about somebody else's change. What upstream does oddly but visibly is kept. Source:
 * corosync-qnetd 3.0.3 as driven over the wire.
 */

import type { RingId } from '../../protocol/values.ts';
import type { Cluster, Member } from '../cluster.ts';
import { sameRing } from '../node-list.ts';
import type { Algorithm } from './algorithm.ts';
import { quietOutcome, quietStep } from './step.ts';
import {
  isNewcomerToHolders,
  recordLeaving,
  recordVerdict,
  tellVerdict,
  type Verdict,
  withSecondLook,
} from './verdict.ts';

export const lms: Algorithm = {
  configList: (cluster) => quietOutcome(cluster, 'noChange'),

  /** The new ring is judged with the old list and the old heuristics result: the quorum list brings the better answer. */
  membershipList: (cluster, from, { ringId }, nowMs) => answer(cluster, from, ringId, nowMs),

  quorumList: (cluster, from, nowMs) => answer(cluster, from, from.ringId, nowMs),

  askForVote: (cluster, from, nowMs) => answer(cluster, from, from.ringId, nowMs),

  heuristicsChange: (cluster) => quietOutcome(cluster, 'noChange'),

  voteInfoReply: (cluster) => quietStep(cluster),

  leave: (cluster, leaver, nowMs) => quietStep(withSecondLook(recordLeaving(cluster, leaver, nowMs), leaver, nowMs)),

  wake: (cluster, member, nowMs) => tellVerdict(cluster, member, judge(cluster, member, member.ringId, nowMs), nowMs),
};

function answer(cluster: Cluster, from: Member, ringId: RingId, nowMs: number) {
  const verdict = judge(cluster, from, ringId, nowMs);
  const { cluster: told, reports } = recordVerdict(cluster, from, verdict, nowMs);
  return quietOutcome(told, verdict.vote, reports);
}

function judge(cluster: Cluster, asker: Member, ringId: RingId, nowMs: number): Verdict {
  const groups = groupsOf(cluster);
  if (contradicts(cluster, asker, ringId) || groups.length === 0) {
    const periodMs = Math.floor(asker.heartbeatMs / 4);
    return { vote: 'waitForReply', wakeAtMs: periodMs === 0 ? undefined : nowMs + periodMs };
  }
  if (groups.length === 1) return { vote: 'ack', rule: 'oneRing' };
  if (isNewcomerToHolders(cluster, asker, ringId)) return { vote: 'nack', rule: 'newcomer' };
  const best = onlyLargest(groups, ({ score }) => score);
  if (best !== undefined) return { vote: ackIf(sameRing(best.ringId, ringId)), rule: 'bestScore' };
  // Among all groups, not only those of the best score.
  const largest = onlyLargest(groups, ({ nodes }) => nodes);
  if (largest !== undefined) return { vote: ackIf(sameRing(largest.ringId, ringId)), rule: 'mostConnected' };
  const preferred = preferredNode(cluster, asker);
  const wins = asker.nodeId === preferred.nodeId || sameRing(preferred.ringId, ringId);
  return { vote: ackIf(wins), rule: 'lmsTieBreaker' };
}

/** Somebody whom the asker counts among its partition, or who counts the asker, is in another ring. */
function contradicts({ members }: Cluster, asker: Member, ringId: RingId): boolean {
  return members.some(
    (other) =>
      other.client !== asker.client &&
      (asker.members.ids.has(other.nodeId) || other.members.ids.has(asker.nodeId)) &&
      !sameRing(other.ringId, ringId),
  );
}

/** The connected nodes of one ring. A node counts from INIT on, by the ring that INIT named. */
interface Group {
  readonly ringId: RingId;
  readonly nodes: number;
  /** Nodes, plus one for each passed and minus one for each failed heuristics result. */
  readonly score: number;
}

function groupsOf({ members }: Cluster): Group[] {
  const groups = new Map<string, Group>();
  for (const { ringId, heuristics } of members) {
    if (ringId.seq === 0n) continue;
    const key = `${ringId.nodeId}.${ringId.seq}`;
    const { nodes, score } = groups.get(key) ?? { nodes: 0, score: 0 };
    const bonus = heuristics.latest === 'pass' ? 1 : heuristics.latest === 'fail' ? -1 : 0;
    groups.set(key, { ringId, nodes: nodes + 1, score: score + 1 + bonus });
  }
  return [...groups.values()];
}

/** The one group that has more than every other; undefined if several share the top. */
function onlyLargest(groups: readonly Group[], sizeOf: (group: Group) => number): Group | undefined {
  const top = Math.max(...groups.map(sizeOf));
  const [first, ...others] = groups.filter((group) => sizeOf(group) === top);
  return others.length === 0 ? first : undefined;
}

/** Where upstream's search for the lowest id begins: nodes from here on are never found. */
const LOWEST_SEARCH_START = 0x7fff_ffff;
const NO_RING: RingId = { nodeId: 0, seq: 0n };

/** Lowest and highest mean connected nodes. A named node is preferred alone, not with its ring, as upstream has it. */
function preferredNode({ members }: Cluster, { tieBreaker }: Member): Pick<Member, 'nodeId' | 'ringId'> {
  switch (tieBreaker.mode) {
    case 'nodeId':
      return { nodeId: tieBreaker.nodeId, ringId: NO_RING };
    case 'lowest': {
      const lowest = members[0];
      if (lowest !== undefined && lowest.nodeId < LOWEST_SEARCH_START) return lowest;
      return { nodeId: LOWEST_SEARCH_START, ringId: NO_RING };
    }
    case 'highest':
      return members.at(-1) ?? { nodeId: 0, ringId: NO_RING };
  }
}

const ackIf = (wins: boolean): 'ack' | 'nack' => (wins ? 'ack' : 'nack');
