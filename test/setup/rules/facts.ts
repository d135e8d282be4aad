/** A cluster without a fault, to be given one at a time. */
import { readCluster } from '../../../src/setup/conf/cluster.ts';
import { parseConf } from '../../../src/setup/conf/document.ts';
import type { ClusterFacts, NodeFacts } from '../../../src/setup/rules/checks.ts';

export interface Change {
  readonly nodes?: number;
  /** Lines inside of the section `quorum`. */
  readonly quorum?: string;
  readonly name?: string;
  /** Lines of every node. */
  readonly node?: string;
  /** Of the first node. */
  readonly facts?: Partial<NodeFacts>;
  readonly all?: Partial<ClusterFacts>;
  readonly arbiter?: Partial<ClusterFacts['arbiter']>;
}

export function factsWith(change: Change = {}): ClusterFacts {
  const numbers = Array.from({ length: change.nodes ?? 2 }, (_, at) => at + 1);
  const nodelist = numbers.map(
    (at) => `node {\nname: n${at}\nnodeid: ${at}\nring0_addr: 192.0.2.${at}\n${change.node ?? ''}}\n`,
  );
  const conf = `totem {\ncluster_name: ${change.name ?? 'lab'}\nconfig_version: 1\n}\nnodelist {\n${nodelist.join('')}}
quorum {\n${change.quorum ?? 'provider: corosync_votequorum\n'}}\n`;
  const nodes = numbers.map((at) => ({
    name: `n${at}`,
    online: true,
    missingCommands: [],
    hasSameConf: true,
    canWriteConf: true,
    clockAheadMs: 0,
    arbiterPort: 'open' as const,
    addresses: [`192.0.2.${at}`],
    ...(at === 1 ? change.facts : undefined),
  }));
  return {
    confFile: '/etc/corosync/corosync.conf',
    conf: readCluster(parseConf(conf)),
    nodes,
    arbiter: { host: 'arbiter', port: 5403, addresses: ['192.0.2.9'], ...change.arbiter },
    wish: { force: false },
    syncTimeoutMs: 30_000,
    deviceExpected: false,
    install: { nodes: 'apt-get install corosync-qdevice', arbiter: 'apt-get install corosync-qnetd' },
    ...change.all,
  };
}
