/** The keys that corosync would have made of a configuration file, with the types it gives them. */
import type { Keys } from './key-table.ts';

export interface ClusterDescription {
  readonly clusterName: string;
  readonly nodeIds: readonly number[];
  readonly configVersion?: bigint;
  /** Below `quorum.`: numbers where corosync keeps numbers, text elsewhere. */
  readonly quorum?: Keys;
  /** Anything else, by its whole name. */
  readonly more?: Keys;
}

/** What one node of the cluster sees. */
export function clusterKeys(description: ClusterDescription, nodeId: number): Keys {
  const { clusterName, nodeIds, configVersion = 1n, quorum = {}, more = {} } = description;
  const nodes = nodeIds.flatMap((id, position) => [
    [`nodelist.node.${position}.name`, nodeName(id)],
    [`nodelist.node.${position}.nodeid`, id],
    [`nodelist.node.${position}.quorum_votes`, 1],
    [`nodelist.node.${position}.ring0_addr`, `192.0.2.${id}`],
  ]);
  return {
    'totem.cluster_name': clusterName,
    'totem.config_version': configVersion,
    'totem.version': '2',
    'nodelist.local_node_pos': nodeIds.indexOf(nodeId),
    ...Object.fromEntries(nodes),
    'quorum.provider': 'corosync_votequorum',
    ...Object.fromEntries(Object.entries(quorum).map(([key, value]) => [`quorum.${key}`, value])),
    'runtime.votequorum.this_node_id': nodeId,
    ...more,
  };
}

export function nodeName(nodeId: number): string {
  return `n${nodeId}`;
}
