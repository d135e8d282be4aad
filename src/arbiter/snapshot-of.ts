/** The state as plain values for status commands; nothing here decides. */

import type { Cluster, Member, Phase } from './cluster.ts';
import type { Clusters } from './clusters.ts';
import { heldOf } from './safety/held.ts';
import type { Safety } from './safety/state.ts';
import type { Session } from './session.ts';
import type { ClusterSnapshot, NodeSnapshot, VoteSnapshot } from './snapshot.ts';

export interface Connection {
  readonly session: Session;
  readonly heardAtMs: number;
}

const PHASE_IN_WORDS: Readonly<Record<Phase, VoteSnapshot['phase']>> = {
  idle: 'settled',
  waitStable: 'waiting',
  nacking: 'withdrawing',
  acking: 'granting',
};

/** Every member has a connection. */
export function snapshotsOf(
  clusters: Clusters,
  connectionOf: (member: Member) => Connection,
  nowMs: number,
): ClusterSnapshot[] {
  return clusters
    .all()
    .map((cluster) => snapshotOfCluster(cluster, connectionOf, nowMs, clusters.guards?.get(cluster.name)))
    .filter((cluster) => cluster !== undefined);
}

function snapshotOfCluster(
  cluster: Cluster,
  connectionOf: (member: Member) => Connection,
  nowMs: number,
  safety: Safety | undefined,
): ClusterSnapshot | undefined {
  const first = cluster.members[0];
  if (first === undefined) return undefined;
  const { decision, phase } = cluster;
  const held = heldOf(safety, cluster, nowMs);
  return {
    name: cluster.name,
    algorithm: first.algorithm,
    tieBreaker: first.tieBreaker,
    keepActivePartition: cluster.members.every(
      (member) => member.algorithm === 'ffsplit' && member.keepActivePartition,
    ),
    nodes: cluster.members.map((member) => snapshotOfMember(guardedView(member, safety), connectionOf(member), nowMs)),
    vote: {
      phase: decision === undefined && phase === 'idle' ? 'none' : PHASE_IN_WORDS[phase],
      winner: decision?.winner ?? [],
      rule: decision?.rule,
      sinceMs: decision === undefined ? undefined : nowMs - decision.sinceMs,
      ...(held !== undefined && { held }),
    },
  };
}

/** What the algorithm has decided is not always what the node has been told. */
function guardedView(member: Member, safety: Safety | undefined): Member {
  if (safety?.pending.some(({ client }) => client === member.client)) return { ...member, granted: false, due: 'ack' };
  return safety?.revoking.has(member.client) ? { ...member, granted: false, due: 'nack' } : member;
}

function snapshotOfMember(member: Member, { session, heardAtMs }: Connection, nowMs: number): NodeSnapshot {
  return {
    client: member.client,
    nodeId: member.nodeId,
    address: session.address,
    heartbeatMs: member.heartbeatMs,
    configVersion: member.configVersion,
    configNodes: member.config.nodes,
    ringId: member.ringId,
    members: member.members.nodes,
    heuristics: member.heuristics,
    tlsActive: session.tls === 'active',
    certificateVerified: session.verifiedFor !== undefined,
    certificateFingerprint: session.certificate?.fingerprint,
    keepActivePartition: member.keepActivePartition,
    lastVote: member.lastVote,
    lastAckNack: member.lastAckNack,
    granted: member.granted,
    due: member.due,
    connectedForMs: nowMs - session.connectedAtMs,
    silentForMs: nowMs - heardAtMs,
  };
}
