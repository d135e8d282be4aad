/** Snapshots for tests: a plain node and a plain cluster, to be varied. */
import type { ClusterSnapshot, NodeSnapshot } from '../../src/arbiter/snapshot.ts';

export function nodeSnapshot(changes: Partial<NodeSnapshot> = {}): NodeSnapshot {
  return {
    client: 1,
    nodeId: 1,
    address: '127.0.0.1:44806',
    heartbeatMs: 8_000,
    configVersion: undefined,
    configNodes: [],
    ringId: { nodeId: 1, seq: 5n },
    members: [],
    heuristics: { latest: 'undefined', membership: 'undefined', regular: 'undefined' },
    tlsActive: false,
    certificateVerified: false,
    keepActivePartition: false,
    lastVote: undefined,
    lastAckNack: undefined,
    granted: false,
    due: undefined,
    connectedForMs: 60_000,
    silentForMs: 10,
    ...changes,
  };
}

export function clusterSnapshot(changes: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return {
    name: 'lab',
    algorithm: 'ffsplit',
    tieBreaker: { mode: 'lowest' },
    keepActivePartition: false,
    nodes: [nodeSnapshot()],
    vote: { phase: 'none', winner: [], rule: undefined, sinceMs: undefined },
    ...changes,
  };
}

/** `1, 2` as entries of a node list. */
export function nodeInfos(...ids: number[]): { nodeId: number; dataCenterId: number }[] {
  return ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));
}
