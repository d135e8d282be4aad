/** A corosync.conf of two links, comments and blank lines, as people have them. */
import type { Host } from '../../lab/host.ts';
import { addressesOf, CLUSTER_NAME } from './names.ts';

export interface ConfOptions {
  /** Lines for the section `quorum`. */
  readonly quorumLines: readonly string[];
  readonly addresses: 'ipv4' | 'ipv6';
  readonly links: 1 | 2;
}

export function corosyncConf(nodes: readonly Host[], options: ConfOptions): string {
  const entries = nodes.map((node, at) => {
    const [first = '', second = '', sixth = ''] = addressesOf(node);
    const ring0 = options.addresses === 'ipv6' ? sixth : first;
    const ring1 = options.links === 2 ? `\n    ring1_addr: ${second}` : '';
    return `  node {\n    name: ${node.name}\n    nodeid: ${at + 1}\n    quorum_votes: 1\n    ring0_addr: ${ring0}${ring1}\n  }\n`;
  });
  const [first] = nodes;
  return `# Kept by hand; mind the version.
totem {
  version: 2
  cluster_name: ${CLUSTER_NAME}
  config_version: 7
  transport: knet
  ip_version: ${options.addresses === 'ipv6' ? 'ipv6' : 'ipv4-6'}
  crypto_cipher: none
  crypto_hash: none
  token: 1000
  token_coefficient: 0
}

nodelist {
${entries.join('\n')}}

quorum {
  provider: corosync_votequorum
${options.quorumLines.map((line) => `  ${line}\n`).join('')}}

system {
  allow_knet_handle_fallback: yes
  sched_rr: no
}

logging {
  to_syslog: no
  to_stderr: no
  to_logfile: yes
  logfile: ${first?.logPath('corosync-log') ?? ''}
  timestamp: hires
}
`;
}
