/**
 * The sentences for what concerns certificates (F40 to F52), and for what can go wrong once the device runs (F60 to
 * F73), by the rows of the specification. `host` is the arbiter as the operator has named it.
 */
import { counted, type Finding, listed, note, refuse, unlessForced } from './finding.ts';
import type { PortProblem } from './sentences.ts';

export const CERTIFICATES = {
  F40: (x: { host: string; shown: string; known: string }) =>
    unlessForced(
      'F40',
      `The tiebreaker presents a different CA (fingerprint ${x.shown}, nodes have ${x.known}).`,
      `If ${x.host} was reinstalled run setup --force.`,
    ),
  F41: (x: { host: string; node: string }) =>
    unlessForced(
      'F41',
      `Node ${x.node} holds a certificate with the issuer and serial of the new one: ${x.host} was reinstalled.`,
      'Run setup --force, which replaces the certificates on all nodes.',
    ),
  F42: (x: { directory: string; host: string }) =>
    refuse('F42', `${x.directory} on ${x.host} exists but holds no certificates.`, 'Remove it, then retry.'),
  F43: (x: { directory: string; host: string }) =>
    refuse(
      'F43',
      `Server certificate or key missing in ${x.directory} on ${x.host}.`,
      'Restore them from a backup, or empty the directory and run corosync-qnetd-certutil -i there.',
    ),
  F44: (x: { file: string; user: string; owner: string; mode: string; group: string }) =>
    refuse(
      'F44',
      `Cannot read ${x.file} as user ${x.user} (owner ${x.owner}, mode ${x.mode}).`,
      `chgrp ${x.group} ${x.file}`,
    ),
  F45: (x: { certificateName: string; clusterName: string; node: string }) =>
    unlessForced(
      'F45',
      `The certificate on node ${x.node} names ${JSON.stringify(x.certificateName)}, but totem.cluster_name is ${JSON.stringify(x.clusterName)}.`,
      '--force makes new certificates on all nodes.',
    ),
  F46: (x: { node: string; directory: string }) =>
    refuse(
      'F46',
      `The tiebreaker requires a client certificate; none in ${x.directory} on node ${x.node}.`,
      'Run qdevice sync.',
    ),
  F47: (x: { node: string; nodeTime: string; host: string; hostTime: string; from: string; to: string }) =>
    refuse(
      'F47',
      `The clock of node ${x.node} says ${x.nodeTime} and that of ${x.host} ${x.hostTime}; certificates are valid from ${x.from} to ${x.to}.`,
      'Set the clocks right on both, with chrony or ntpd.',
    ),
  F47skew: (x: { node: string; seconds: number; host: string; level: Finding['level'] }) => ({
    id: 'F47',
    level: x.level,
    problem: `The clock of node ${x.node} is ${counted(Math.abs(x.seconds), 'second')} ${x.seconds < 0 ? 'behind' : 'ahead of'} that of ${x.host}.`,
    remedy: 'Set the clocks right on both, with chrony or ntpd.',
  }),
  F48: (x: { serial: string; host: string }) =>
    refuse(
      'F48',
      `Serial ${x.serial} is used by another cluster's certificate on ${x.host}.`,
      'Re-run setup for this cluster.',
    ),
  F49: (x: { what: string; file: string }) =>
    refuse(
      'F49',
      `The certificate in ${x.file} uses ${x.what}, which current TLS libraries refuse.`,
      'Regenerate the authority in an empty directory and set up the nodes again.',
    ),
  F50: (x: { node: string; fingerprint: string }) =>
    note(
      'F50',
      `The daemon on node ${x.node} still uses the certificate ${x.fingerprint}.`,
      'systemctl restart corosync-qdevice there.',
    ),
  F51: (x: { host: string }) =>
    note(
      'F51',
      `${x.host} is initialised already, as its package does it.`,
      'Skip pcs qdevice setup, or run pcs qdevice destroy net first.',
    ),
  F52: (x: { file: string }) =>
    refuse('F52', `${x.file} is not a certificate request.`, 'Make one on the node with -r and copy it again.'),
} as const satisfies Record<string, (x: never) => Finding>;

export const AFTERWARDS = {
  F60: (x: { node: string; host: string; port: number; problem: PortProblem }) =>
    refuse(
      'F60',
      `Node ${x.node} cannot reach ${x.host}:${x.port} (${x.problem}).`,
      x.problem === 'name not found'
        ? 'Let that node resolve the name, or give the address.'
        : `Open TCP ${x.port} on ${x.host} and on the way there, and see that corosync-qnetd runs.`,
    ),
  F61: (x: { node: string; why: 'not connected' | 'waiting' | 'partition lost the tie' }) =>
    note('F61', `The device gives node ${x.node} no vote: ${x.why}.`, 'qdevice status --explain there says more.'),
  F62: (x: { nodes: readonly string[] }) =>
    note('F62', `Node ${listed(x.nodes)} has no certificate or no service yet.`, 'Run qdevice sync.'),
  F63: (x: { count: number }) =>
    note(
      'F63',
      `ffsplit runs with ${counted(x.count, 'node')}, an odd number: the device makes this cluster weaker.`,
      'Run qdevice sync, add a node, or remove the device.',
    ),
  F64: (x: { votes: number; present: number }) =>
    refuse(
      'F64',
      `Expected votes cannot be ${x.votes}: ${x.present} are present now.`,
      `Stop corosync-qdevice first, or use a value of at least ${x.present}.`,
    ),
  F65: (x: { nodes: readonly string[]; directory: string }) =>
    unlessForced(
      'F65',
      `Node ${listed(x.nodes)} cannot be reached, and keeps its certificates and service.`,
      `Go on with --skip-offline; there, delete ${x.directory} and disable corosync-qdevice by hand.`,
    ),
  F66: (x: { node: string }) =>
    note('F66', `corosync-qdevice still runs on node ${x.node} without its files.`, 'systemctl stop corosync-qdevice'),
  F67: (x: { host: string; leftovers: readonly string[] }) =>
    note('F67', `On ${x.host} stays: ${listed(x.leftovers)}.`, 'Delete it there if no other cluster needs it.'),
  F68: (x: { node: string; version: bigint; expected: bigint }) =>
    refuse(
      'F68',
      `Node ${x.node} has config_version ${x.version} in use, not ${x.expected}.`,
      'Copy the file there, run corosync-cfgtool -R, and see the log of corosync.',
    ),
  F69: (x: { name: string; host: string }) =>
    note('F69', `Cluster ${x.name} is still listed on ${x.host}.`, 'Wait until its last node has disconnected.'),
  F70: (x: { votes: number; quorum: number }) =>
    unlessForced(
      'F70',
      `While the device is added the cluster has ${counted(x.votes, 'vote')} and needs ${x.quorum}: it would stop for a moment.`,
      'Bring up the other nodes first; --force goes on and may cost quorum.',
    ),
  F70sbd: (x: { node: string; watchdogSeconds: number; syncSeconds: number }) =>
    unlessForced(
      'F70',
      `SBD on node ${x.node} resets it after ${x.watchdogSeconds} s, and corosync waits up to ${x.syncSeconds} s for the device.`,
      `Set SBD_WATCHDOG_TIMEOUT to at least ${x.syncSeconds + 5}, or choose a shorter --sync-timeout.`,
    ),
  F71: (x: { nodeId: number }) =>
    note('F71', `Node ${x.nodeId} has neither name nor ring0_addr.`, 'Give it a name in the nodelist.'),
  F71noId: (x: { node: string }) =>
    refuse('F71', `Node ${x.node} has no nodeid in the nodelist.`, 'Give every node one, on all nodes, and reload.'),
  F72: (x: { node: string; address: string }) =>
    note(
      'F72',
      `The ring address ${x.address} of node ${x.node} cannot be resolved.`,
      'Corosync would not start with it: put it into /etc/hosts, or use the address.',
    ),
  F73: (x: { count: number }) =>
    note(
      'F73',
      `With lms a single one of ${counted(x.count, 'node')} goes on alone: all HA services start there, and Ceph stops at ${Math.floor((x.count - 1) / 2)} or fewer.`,
      'Keep room for that, or limit what HA recovers.',
    ),
} as const satisfies Record<string, (x: never) => Finding>;
