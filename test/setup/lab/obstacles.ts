/** What can stand in the way of setup, each made true on real hosts, by the rows of the table of failures. */
import { chmodSync } from 'node:fs';
import type { Host } from '../../lab/host.ts';
import type { Stage } from './stage.ts';

export type Undo = () => Promise<unknown> | unknown;

export interface Obstacle {
  /** Begins with its row. */
  readonly name: string;
  readonly says: RegExp;
  /** Makes it true; gives how to take it back. */
  readonly make: (stage: Stage) => Promise<Undo> | Undo;
  /** Those of one group can be true at once; left out: it is alone. */
  readonly together?: 'plain' | 'others' | 'nodes' | 'forced';
  /** Takes its time: only with SETUP_LAB=wide. */
  readonly isSlow?: true;
  /** Left out: the address of the arbiter. */
  readonly args?: readonly string[];
}

const CONF = '/etc/corosync/corosync.conf';
const NODE_STORE = '/etc/corosync/qdevice/net/nssdb';
const NOTHING: Undo = () => undefined;

export async function covered(host: Host, path: string, by: string): Promise<Undo> {
  await host.exec('mount', '--bind', by, path);
  return () => host.exec('umount', path);
}

export function replaced(host: Host, path: string, change: (text: string) => string): Undo {
  const text = host.read(path);
  host.write(path, Buffer.from(change(text.toString('latin1')), 'latin1'));
  return () => host.write(path, text);
}

export function onAllNodes({ nodes }: Stage, change: (text: string) => string): Undo {
  const back = nodes.map((node) => replaced(node, CONF, change));
  return () => back.forEach((restore) => void restore());
}

const inQuorum = (lines: string) => (stage: Stage) =>
  onAllNodes(stage, (text) => text.replace('provider:', `${lines}\n  provider:`));

export const OBSTACLES: readonly Obstacle[] = [
  {
    name: 'F1: a node is offline',
    says: /Node node-3 is offline; certificates must reach every node\. Bring it up or remove it/,
    together: 'forced',
    // The same entry makes the rows F5, F72 and F73 true.
    make: (stage) => {
      const third =
        '  node {\n    name: node-3\n    nodeid: 3\n    ring0_addr: no-such-host.invalid\n  }\n}\n\nquorum {';
      return onAllNodes(stage, (text) => text.replace('}\n\nquorum {', third));
    },
    args: ['192.0.2.1', '--force'],
  },
  {
    name: 'F5: an odd number of nodes',
    says: /3 nodes is odd: .* losing the tiebreaker plus one node stops the cluster; and with it 1 node would go on/,
    together: 'forced',
    make: () => NOTHING,
  },
  {
    name: 'F72: an address that cannot be resolved',
    says: /The ring address no-such-host\.invalid of node node-3 cannot be resolved\. .*\/etc\/hosts/,
    together: 'forced',
    make: () => NOTHING,
  },
  {
    name: 'F73: what follows with lms',
    says: /With lms a single one of 3 nodes goes on alone: all HA services start there, and Ceph stops/,
    together: 'forced',
    make: () => NOTHING,
  },
  {
    name: 'F71: a node without name and address, and one without a number',
    says: /Node 3 has neither name nor ring0_addr\. Give it a name in the nodelist\. .*Node node-4 has no nodeid in the nodelist\. Give every node one/,
    make: (stage) => {
      const entries = '  node {\n    nodeid: 3\n  }\n  node {\n    name: node-4\n  }\n}\n\nquorum {';
      return onAllNodes(stage, (text) => text.replace('}\n\nquorum {', entries));
    },
  },
  {
    name: 'F2: no configuration of corosync',
    says: /There is no corosync configuration here \(\/etc\/corosync\/corosync\.conf\)\. Run this on a cluster member/,
    make: async ({ nodes: [node] }) => {
      await node?.exec('mv', CONF, '/run/aside');
      return () => node?.exec('mv', '/run/aside', CONF);
    },
  },
  {
    name: 'F2: a configuration that corosync would refuse',
    says: /Corosync would refuse \/etc\/corosync\/corosync\.conf, line \d+: Missing closing brace\. Mend that line/,
    make: (stage) => replaced(stage.node(1), CONF, (text) => text.replace(/\}\s*$/, '')),
  },
  {
    name: 'F2: an empty configuration',
    says: /corosync\.conf on node node-1 is 0 bytes long, which is no corosync configuration/,
    make: (stage) => replaced(stage.node(1), CONF, () => ''),
  },
  {
    name: 'F2: a configuration that is huge',
    says: /corosync\.conf on node node-1 is 3\d{7} bytes long, which is no corosync configuration/,
    make: (stage) => replaced(stage.node(1), CONF, (text) => text + '# more\n'.repeat(4_300_000)),
  },
  {
    name: 'F2: the configuration of another node is huge',
    says: /corosync\.conf is not the same on node-2 as here/,
    together: 'others',
    make: (stage) => replaced(stage.node(2), CONF, (text) => text + '# more\n'.repeat(4_300_000)),
  },
  {
    name: 'F2: a configuration that cannot be written',
    says: /corosync\.conf cannot be written on node node-2\. Check its permissions and the file system/,
    together: 'others',
    make: async (stage) => {
      await stage.node(2).exec('mount', '-o', 'remount,bind,ro', '/etc/corosync');
      return () => stage.node(2).exec('mount', '-o', 'remount,bind,rw', '/etc/corosync');
    },
  },
  {
    name: 'F6: keys that conflict',
    says: /quorum\.auto_tie_breaker is 1 .*line \d+.* quorum\.last_man_standing is 1 .* quorum\.allow_downscale is 1 .* quorum\.expected_votes is 2/,
    together: 'plain',
    make: inQuorum('auto_tie_breaker: 1\n  last_man_standing: 1\n  allow_downscale: 1\n  expected_votes: 2'),
  },
  {
    name: 'F6: more than one vote of a node',
    says: /Node node-2 has quorum_votes 3 .*; with ffsplit every node needs exactly 1\. Set quorum_votes: 1/,
    together: 'plain',
    make: (stage) => onAllNodes(stage, (text) => text.replace(/(nodeid: 2\n.*quorum_votes:) 1/, '$1 3')),
  },
  {
    name: 'F7: certificates of another authority',
    says: /Node node-2 holds certificates of another CA \(fingerprint [0-9A-F:]+\)\. --force replaces them on all nodes/,
    together: 'plain',
    make: async (stage) => {
      const node = stage.node(2);
      const authority = '-subj "/CN=QNet CA" -days 30 -addext basicConstraints=critical,CA:TRUE';
      const make = `openssl req -x509 -newkey rsa:2048 -nodes -keyout /run/other.key -out /run/other.pem ${authority}`;
      await node.exec('sh', '-c', `${make} 2>/dev/null`);
      await node.exec('corosync-qdevice-net-certutil', '-i', '-c', '/run/other.pem');
      return () => node.exec('rm', '-r', NODE_STORE);
    },
  },
  {
    name: 'F8: a program is missing on a node',
    says: /corosync-qdevice-tool was not found on node node-2\. Install the package on all nodes: apt install/,
    together: 'plain',
    make: (stage) => covered(stage.node(2), '/usr/sbin/corosync-qdevice-tool', '/dev/null'),
  },
  {
    name: 'F9: the programs are missing on the arbiter',
    says: /corosync-qnetd-certutil was not found on 192\.0\.2\.1\. Install the tiebreaker package there: apt install/,
    together: 'others',
    make: (stage) => covered(stage.arbiter, '/usr/bin/corosync-qnetd-certutil', '/dev/null'),
  },
  {
    name: 'F10: a name that no certificate can have',
    says: /The cluster name "a,b" contains ,, which cannot be used in a certificate\. Rename the cluster/,
    together: 'others',
    make: (stage) => onAllNodes(stage, (text) => text.replace('cluster_name: lab', 'cluster_name: a,b')),
  },
  {
    name: 'F11: a name that is registered',
    says: /Cluster lab is registered on 192\.0\.2\.1, and no node here has its certificate.* --force takes the name over/,
    together: 'plain',
    make: (stage) => {
      const path = '/etc/corosync/qnetd/nssdb/cluster-lab.crt';
      stage.arbiter.write(path, 'of another one');
      return () => stage.arbiter.exec('rm', path);
    },
  },
  {
    name: 'F12: the arbiter is a node',
    says: /192\.0\.2\.12 is node node-2 of this cluster; a tiebreaker must be outside/,
    make: () => NOTHING,
    args: ['192.0.2.12'],
  },
  {
    name: 'F12: the arbiter is a guest of a node',
    says: /192\.0\.2\.1 is a guest of node node-2: it dies with the node whose loss it shall settle/,
    together: 'others',
    make: async (stage) => {
      const mac = (await stage.arbiter.exec('cat', '/sys/class/net/eth0/address')).trim();
      stage.node(2).write('/etc/libvirt/qemu/arbiter.xml', `<mac address='${mac.toUpperCase()}'/>\n`);
      return () => stage.node(2).exec('rm', '-r', '/etc/libvirt');
    },
  },
  {
    name: 'F13: a network that the arbiter is not in',
    says: /192\.0\.2\.1 has no address in 203\.0\.113\.0\/24\. Name the network that nodes and arbiter share/,
    make: () => NOTHING,
    args: ['192.0.2.1', '--network', '203.0.113.0/24'],
  },
  {
    name: 'F20: the arbiter refuses the login',
    says: /192\.0\.2\.1 refuses the login of root\. Allow it there .* let this key in: \/root\/\.ssh\/id_ed25519\.pub/,
    together: 'nodes',
    make: (stage) => replaced(stage.arbiter, '/root/.ssh/authorized_keys', () => ''),
  },
  {
    name: 'F21: an unknown host key of a node',
    says: /The host key of node node-2 is not known here, or has changed\. On Proxmox VE run pvecm updatecerts/,
    together: 'nodes',
    make: (stage) => replaced(stage.node(1), '/root/.ssh/known_hosts', (text) => text.replace(/^node-2,.*\n/m, '')),
  },
  {
    name: 'F21: an unknown host key of the arbiter, and nobody to confirm it',
    says: /The host key of 192\.0\.2\.1 is not known here and was not confirmed: SHA256:\S{43}\. Compare it with/,
    make: (stage) => replaced(stage.node(1), '/root/.ssh/known_hosts', (text) => text.split('\n').slice(1).join('\n')),
  },
  {
    name: 'F21: a changed host key of the arbiter',
    says: /192\.0\.2\.1 is not the known one: it shows SHA256:\S+ \(Offending .*known_hosts:1\)\. .*ssh-keygen -R 192/,
    make: (stage) =>
      replaced(stage.node(1), '/root/.ssh/known_hosts', (text) => {
        const keys = text.split('\n');
        return [`${keys[0]?.split(' ')[0]} ${keys[1]?.split(' ').slice(1).join(' ')}`, ...keys.slice(1)].join('\n');
      }),
  },
  {
    name: 'F22: no key of SSH',
    says: /192\.0\.2\.1 refuses root, and there is no SSH key here to log in with\. Make one with ssh-keygen -t ed25519/,
    make: async (stage) => {
      await stage.node(1).exec('mv', '/root/.ssh/id_ed25519', '/run/aside');
      return () => stage.node(1).exec('mv', '/run/aside', '/root/.ssh/id_ed25519');
    },
  },
  {
    name: 'F23: nobody is there',
    says: /192\.0\.2\.99 cannot be reached by SSH: .*\. Check the name or address, and that sshd runs there/,
    make: () => NOTHING,
    args: ['192.0.2.99'],
  },
  {
    name: 'F28: a login that ends early',
    says: /The login on 192\.0\.2\.1 runs no commands, or mixes .*: Maintenance until noon\. See what the login scripts/,
    make: (stage) => replaced(stage.arbiter, '/root/.bashrc', () => 'echo Maintenance until noon; exit 0\n'),
  },
  {
    name: 'F28: a login that prints without end',
    says: /The login on 192\.0\.2\.1 runs no commands, or mixes .*: it prints without end\. See what the login scripts/,
    make: (stage) => replaced(stage.arbiter, '/root/.bashrc', () => 'yes Welcome\n'),
  },
  {
    name: 'F28: a login whose shell answers with garbage',
    says: /The login on 192\.0\.2\.1 runs no commands, or mixes other output into theirs: /,
    make: (stage) => {
      // `cat` still answers; what `sh` is told comes to nothing.
      const shim = 'sh() { head -c 100000 /dev/urandom; }\nexport -f sh\n';
      return replaced(stage.arbiter, '/root/.bashrc', () => shim);
    },
  },
  {
    name: 'F47: a clock that is wrong',
    says: /The clock of node node-2 is 1\d\d seconds ahead of that of 192\.0\.2\.1\. Set the clocks right/,
    together: 'others',
    make: async (stage) => {
      const node = stage.node(2);
      node.write('/run/date', '#!/bin/sh\nif [ "$1" = +%s%3N ]; then echo $(($(/run/date-of-old +%s) + 120))500; fi\n');
      await node.exec('cp', '/usr/bin/date', '/run/date-of-old');
      chmodSync(node.outside('/run/date'), 0o755);
      return await covered(node, '/usr/bin/date', '/run/date');
    },
  },
  {
    name: 'F60: a node cannot reach the port',
    says: /Node node-2 cannot reach 192\.0\.2\.1:5403 \(.*\)\. Open TCP 5403 on 192\.0\.2\.1 and on the way/,
    together: 'plain',
    make: async (stage) => {
      await stage.node(2).exec('ip', 'route', 'add', 'blackhole', '192.0.2.1');
      return () => stage.node(2).exec('ip', 'route', 'del', 'blackhole', '192.0.2.1');
    },
  },
  {
    name: 'F68: a corosync that does not take the new version over',
    says: /Corosync has not taken over version 8 of corosync\.conf on node-1 \(7\), node-2 \(7\)\. Its log there says why\. Everything is as it was before/,
    isSlow: true,
    make: (stage) => covered(stage.node(1), '/usr/sbin/corosync-cfgtool', '/bin/true'),
  },
  {
    name: 'F70: a watchdog that bites sooner than corosync waits',
    says: /SBD on node node-2 resets it after 5 s, and corosync waits up to 30 s for the device/,
    together: 'plain',
    make: (stage) => {
      stage.node(2).write('/etc/default/sbd', 'SBD_WATCHDOG_TIMEOUT=5\n');
      stage.node(2).write('/etc/lab-enabled/sbd', '');
      return () => stage.node(2).exec('rm', '/etc/default/sbd', '/etc/lab-enabled/sbd');
    },
  },
];
