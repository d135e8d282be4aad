/** What a node is like before anything changes: one script, so that all of it is of one moment. */
import type { Host } from '../host/host.ts';
import { runOrThrow } from '../host/host.ts';
import { CLAIMS, COROSYNC_CONF, NODE_CLAIM, NODE_STORE, NODE_UNIT, PVE_COROSYNC_CONF } from '../paths.ts';
import { KeyValues } from './key-values.ts';
import { type PortState, portScript, portState } from './port-state.ts';
import { type QuorumView, readQuorum } from './quorum-view.ts';
import { ADDRESSES, CLOCK, contentOf, missing, said, yesNo } from './shell-lines.ts';

export interface NodeFacts {
  readonly name: string;
  readonly isProxmox: boolean;
  /** undefined: there is none, or it is empty or longer than any. */
  readonly conf: string | undefined;
  readonly confBytes: number | undefined;
  readonly confWritable: boolean;
  readonly missingPrograms: readonly string[];
  /** Certificates, or what an interrupted setup left of them. */
  readonly storePresent: boolean;
  readonly authorityPem: string | undefined;
  readonly clockSkewMs: number;
  readonly port: PortState;
  readonly corosyncActive: boolean;
  readonly deviceActive: boolean;
  readonly deviceEnabled: boolean;
  /** Of the cluster, that this node shows to the arbiter. */
  readonly certificatePem: string | undefined;
  readonly sbdWatchdogMs: number | undefined;
  readonly addresses: readonly string[];
  readonly macs: readonly string[];
  readonly guestMacs: readonly string[];
  readonly quorum: QuorumView | undefined;
  /** The node from which a setup works on this one, or was cut off there. */
  readonly claimedFrom: string | undefined;
}

export const NODE_PROGRAMS = [
  'corosync-qdevice',
  'corosync-qdevice-net-certutil',
  'corosync-qdevice-tool',
  'corosync-cfgtool',
  'corosync-quorumtool',
  'systemctl',
];
/** A cluster of the most nodes that corosync has, with comments, takes a tenth of it. */
const CONF_BYTES_MAX = 1_000_000;
const DATABASE_FILES = ['cert9.db', 'key4.db', 'cert8.db', 'key3.db', 'ca.pem', 'cluster.pem', 'cluster.key'];

/** undefined as `arbiter`: its port is not tried. */
export async function gatherNodeFacts(
  host: Host,
  arbiter: { readonly address: string; readonly port: number } | undefined,
): Promise<NodeFacts> {
  const script = [
    CLOCK,
    yesNo('pve', `[ -f ${PVE_COROSYNC_CONF} ]`),
    `conf=${COROSYNC_CONF}; [ ! -f ${PVE_COROSYNC_CONF} ] || conf=${PVE_COROSYNC_CONF}`,
    'confBytes=$(wc -c 2>/dev/null <"$conf") && echo "confBytes=$confBytes" && confBytes=$((confBytes))',
    `[ "\${confBytes:-0}" -gt ${CONF_BYTES_MAX} ] || echo "conf=$(base64 <"$conf" 2>/dev/null | tr -d '\\n')"`,
    yesNo('writable', '[ -w "$(dirname "$conf")" ]'), // root may write anything but a file system that is read-only
    missing(NODE_PROGRAMS),
    yesNo('store', `{ ${DATABASE_FILES.map((file) => `[ -e ${NODE_STORE}/${file} ]`).join(' || ')}; }`),
    pemOf('authority', 'ca.pem', 'QNet CA'),
    pemOf('certificate', 'cluster.pem', 'Cluster Cert'),
    said('claim', `cut -d ' ' -f 2- ${CLAIMS}/${NODE_CLAIM}`),
    yesNo('corosync', 'corosync-quorumtool -i -s || [ $? = 2 ]'),
    yesNo('device', `systemctl is-active ${NODE_UNIT}`),
    yesNo('enabled', `systemctl is-enabled ${NODE_UNIT}`),
    `echo "quorum=$(corosync-quorumtool -s 2>/dev/null | base64 | tr -d '\\n')"`,
    said(
      'sbd',
      "cat /etc/sysconfig/sbd /etc/default/sbd 2>/dev/null | sed -n 's/^ *SBD_WATCHDOG_TIMEOUT=[\"]*\\([0-9]*\\).*/\\1/p'",
    ),
    yesNo('sbdOn', 'systemctl is-enabled sbd'),
    ADDRESSES,
    guestMacs(),
    arbiter === undefined ? 'echo port=notTried' : portScript(arbiter.address, arbiter.port),
    'exit 0',
  ].join('\n');
  const startedMs = Date.now();
  const values = new KeyValues(await runOrThrow(host, 'looking at the node', script));
  return readNodeFacts(host.name, values, startedMs);
}

function readNodeFacts(name: string, values: KeyValues, askedMs: number): NodeFacts {
  const quorum = readQuorum(values.decoded('quorum') ?? '');
  const isProxmox = values.is('pve');
  const sbdSeconds = values.is('sbdOn') ? values.first('sbd') : undefined;
  return {
    name,
    isProxmox,
    conf: values.decoded('conf'),
    confBytes: values.first('confBytes') === undefined ? undefined : Number(values.first('confBytes')),
    // The cluster's file system refuses without quorum, and does not say so before.
    confWritable: values.is('writable') && (!isProxmox || quorum?.quorate === true),
    missingPrograms: values.all('missing'),
    storePresent: values.is('store'),
    authorityPem: values.decoded('authority'),
    clockSkewMs: skewMs(values.first('clock'), askedMs),
    port: portState(values.first('port')),
    corosyncActive: values.is('corosync'),
    deviceActive: values.is('device'),
    deviceEnabled: values.is('enabled'),
    certificatePem: values.decoded('certificate'),
    sbdWatchdogMs: sbdSeconds === undefined ? undefined : Number(sbdSeconds) * 1_000,
    addresses: values.all('address'),
    macs: values.all('mac'),
    guestMacs: values.all('guest').map((mac) => mac.toLowerCase()),
    quorum,
    claimedFrom: values.first('claim'),
  };
}

/** Ours is a file, upstream's an entry of a database. */
function pemOf(key: string, file: string, nickname: string): string {
  const exported = `certutil -d ${NODE_STORE} -L -n '${nickname}' -a 2>/dev/null | base64 | tr -d '\\n'`;
  return `if [ -r ${NODE_STORE}/${file} ]; then\n${contentOf(key, `${NODE_STORE}/${file}`)}\nelse echo "${key}=$(${exported})"; fi`;
}

/** How far the other clock is ahead of ours. */
export function skewMs(clock: string | undefined, askedMs: number): number {
  return clock === undefined ? 0 : Number(clock) - askedMs;
}

/** Network cards of virtual machines and containers that this node knows of: an arbiter among them falls with it. */
function guestMacs(): string {
  const files = '/etc/pve/nodes/*/qemu-server/*.conf /etc/pve/nodes/*/lxc/*.conf /etc/libvirt/qemu/*.xml';
  return `cat ${files} 2>/dev/null | grep -oiE '([0-9a-f]{2}:){5}[0-9a-f]{2}' | sed 's/^/guest=/' | head -n 5000`;
}
