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
      `If ${x.host} was reinstalled, run qdevice remove, then qdevice setup ${x.host}.`,
    ),
  F45: (x: { certificateName: string; clusterName: string; node: string }) =>
    unlessForced(
      'F45',
      `The certificate on node ${x.node} names ${JSON.stringify(x.certificateName)}, but totem.cluster_name is ${JSON.stringify(x.clusterName)}.`,
      '--force makes new certificates on all nodes.',
    ),
  F47skew: (x: { node: string; seconds: number; host: string; level: Finding['level'] }) => ({
    id: 'F47',
    level: x.level,
    problem: `The clock of node ${x.node} is ${counted(Math.abs(x.seconds), 'second')} ${x.seconds < 0 ? 'behind' : 'ahead of'} that of ${x.host}.`,
    remedy: 'Set the clocks right on both, with chrony or ntpd.',
  }),
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
  F61: (x: { node: string; state: string }) =>
    refuse(
      'F61',
      `The vote does not count on node ${x.node} (${x.state}).`,
      'There, qdevice status --explain says why.',
    ),
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
  F67: (x: { host: string; leftovers: readonly string[] }) =>
    note('F67', `On ${x.host} stays: ${listed(x.leftovers)}.`, 'Delete it there if no other cluster needs it.'),
  F70removal: (x: { members: number; count: number }) =>
    unlessForced(
      'F70',
      `Without the device ${x.members} of ${x.count} nodes are no quorum: the cluster would stop.`,
      'Bring up the other nodes first; --force goes on and costs quorum.',
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
