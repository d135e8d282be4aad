/** Corosync's table of keys in memory: enough to read a configuration from. */
import type { CmapValue, VotequorumInfo } from '../../src/corosync/port.ts';
import type { ConfigurationSource } from '../../src/qdevice/configuration.ts';

type Values = Readonly<Record<string, CmapValue>>;

/** Two nodes and a device, with the types that corosync gives the keys of its file. */
export const PLAIN: Values = {
  'quorum.device.model': 'net',
  'quorum.device.votes': 1,
  'quorum.device.net.host': 'arbiter.example',
  'runtime.votequorum.this_node_id': 1,
  'totem.cluster_name': 'lab',
  'totem.config_version': 7n,
  'nodelist.local_node_pos': 0,
  'nodelist.node.0.name': 'n1',
  'nodelist.node.0.nodeid': 1,
  'nodelist.node.0.ring0_addr': '192.0.2.1',
  'nodelist.node.1.name': 'n2',
  'nodelist.node.1.nodeid': 2,
  'nodelist.node.1.ring0_addr': '192.0.2.2',
};

/** A key set to `undefined` is not there. */
export type Changes = Readonly<Record<string, CmapValue | undefined>>;

export function fakeCorosync(
  changes: Changes = {},
  infos: Readonly<Record<number, Partial<VotequorumInfo>>> = { 1: {}, 2: {} },
): ConfigurationSource {
  const table = new Map<string, CmapValue>();
  for (const [key, value] of Object.entries({ ...PLAIN, ...changes })) if (value !== undefined) table.set(key, value);
  return {
    get: (key) => table.get(key),
    list: (prefix) =>
      new Map([...table].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))),
    info: (nodeId) => {
      const changed = infos[nodeId];
      return changed && { ...infoOf(nodeId), ...changed };
    },
  };
}

function infoOf(nodeId: number): VotequorumInfo {
  return {
    nodeId,
    nodeVotes: 1,
    expectedVotes: 3,
    totalVotes: 2,
    quorum: 2,
    quorate: true,
    deviceVotes: 1,
    deviceRegistered: false,
    deviceAlive: false,
    deviceCasts: false,
  };
}
