/** What the show would see if everything were as the rules say. */
import type { NodeSeen, Seen } from '../../src/demo/check.ts';
import type { Scene } from '../../src/demo/story.ts';
import type { ClusterStatus } from '../../src/status/json.ts';
import { ruleWords } from '../../src/status/rule-words.ts';

export function seenAsExpected({ outcome }: Scene): Seen {
  const nodes = outcome.sides.flatMap(({ nodeIds, holdsVote, votes, quorate }) =>
    nodeIds.map(
      (nodeId): NodeSeen => ({
        nodeId,
        members: nodeIds,
        synchronising: false,
        quorate,
        votes,
        quorum: outcome.quorum,
        casts: holdsVote,
      }),
    ),
  );
  const ids = nodes.map(({ nodeId }) => nodeId).sort((a, b) => a - b);
  return { nodes, arbiter: outcome.rule && statusOf(ids, outcome.winner, outcome.rule) };
}

export function statusOf(
  nodeIds: readonly number[],
  winner: readonly number[],
  rule: NonNullable<Scene['outcome']['rule']>,
): ClusterStatus {
  return {
    name: 'demo',
    algorithm: 'ffsplit',
    tieBreaker: { mode: 'lowest' },
    keepActivePartition: true,
    vote: {
      phase: 'settled',
      winner,
      holders: winner,
      rule,
      because: ruleWords(rule),
      since: null,
      sinceMs: 0,
      waitingFor: [],
    },
    partitions: [],
    nodes: nodeIds.map((nodeId) => ({
      nodeId,
      address: '127.0.0.1:1',
      heartbeatMs: 1_600,
      configVersion: '1',
      configNodes: [],
      ringId: '1.5',
      members: [],
      heuristics: { latest: 'undefined', membership: 'undefined', regular: 'undefined' },
      tls: true,
      certificateVerified: true,
      keepActivePartition: true,
      lastVote: 'ack',
      lastAckNack: 'ack',
      vote: 'held',
      connectedSince: '',
      connectedForMs: 1,
      silentForMs: 1,
    })),
    notConnected: [],
  };
}
