/**
 * The sentences for all that setup can meet before it changes anything, by the rows of the specification: preconditions
 * (F1 to F13) and what concerns reaching the hosts (F20 to F28). `host` is the arbiter as the operator has named it.
 */
import { type Finding, listed, note, refuse, unlessForced } from './finding.ts';

/** Why a TCP connection to the arbiter was not made. */
export type PortProblem = 'refused' | 'timeout' | 'name not found' | 'unreachable';

export const BEFORE = {
  F1: (x: { node: string }) =>
    refuse(
      'F1',
      `Node ${x.node} is offline; certificates must reach every node.`,
      'Bring it up or remove it, then retry.',
    ),
  F2: (x: { file: string }) =>
    refuse('F2', `There is no corosync configuration here (${x.file}).`, 'Run this on a cluster member.'),
  F2broken: (x: { file: string; line: number; problem: string }) =>
    refuse('F2', `Corosync would refuse ${x.file}, line ${x.line}: ${x.problem}.`, 'Mend that line, then retry.'),
  F2provider: (x: { file: string }) =>
    refuse(
      'F2',
      `quorum.provider in ${x.file} is not corosync_votequorum, so that nobody would count the vote.`,
      'Set it on all nodes, restart corosync, then retry.',
    ),
  F2differs: (x: { file: string; nodes: readonly string[] }) =>
    refuse(
      'F2',
      `${x.file} is not the same on ${listed(x.nodes)} as here.`,
      'Copy the right one to all nodes and run corosync-cfgtool -R, then retry.',
    ),
  F2readOnly: (x: { file: string; node: string }) =>
    refuse(
      'F2',
      `${x.file} cannot be written on node ${x.node}.`,
      x.file.startsWith('/etc/pve/')
        ? 'That is so while the cluster has no quorum: bring up more nodes, then retry.'
        : 'Check its permissions and the file system, then retry.',
    ),
  F2size: (x: { file: string; bytes: number; node: string }) =>
    refuse(
      'F2',
      `${x.file} on node ${x.node} is ${x.bytes} bytes long, which is no corosync configuration.`,
      'Put the right one there, then retry.',
    ),
  F4: (x: { host: string; algorithm: string }) =>
    refuse(
      'F4',
      `A quorum device is configured (host ${x.host}, algorithm ${x.algorithm}).`,
      'Remove it first with qdevice remove, or go to another arbiter with qdevice move.',
    ),
  F6: (x: { key: string; value: string; file: string; line: number }) =>
    refuse(
      'F6',
      `${x.key} is ${x.value} (${x.file}, line ${x.line}), and corosync runs no quorum device beside it.`,
      'Take the line out on all nodes and restart corosync on each, then retry.',
    ),
  F6votes: (x: { node: string; votes: number; file: string }) =>
    refuse(
      'F6',
      `Node ${x.node} has quorum_votes ${x.votes} in ${x.file}; with ffsplit every node needs exactly 1.`,
      'Set quorum_votes: 1 for every node and raise config_version, then retry.',
    ),
  F6twoNode: (x: { file: string; line: number }) =>
    note(
      'F6',
      `two_node is 1 (${x.file}, line ${x.line}), which cannot stand beside a quorum device.`,
      'Setup sets it aside as a comment, and qdevice remove brings it back.',
    ),
  F6waitForAll: (x: { file: string; line: number }) =>
    note(
      'F6',
      `wait_for_all is 1 (${x.file}, line ${x.line}): after a cold start of the whole cluster nobody is quorate until every node has been seen once.`,
      'Take the line out if a part of the nodes shall start with the vote of the arbiter.',
    ),
  F7: (x: { node: string; fingerprint: string }) =>
    unlessForced(
      'F7',
      `Node ${x.node} holds certificates of another CA (fingerprint ${x.fingerprint}).`,
      '--force replaces them on all nodes.',
    ),
  F8: (x: { nodes: readonly string[]; command: string; install: string }) =>
    refuse(
      'F8',
      `${x.command} was not found on node ${listed(x.nodes)}.`,
      `Install the package on all nodes: ${x.install}`,
    ),
  F9: (x: { host: string; install: string }) =>
    refuse(
      'F9',
      `corosync-qnetd-certutil was not found on ${x.host}.`,
      `Install the tiebreaker package there: ${x.install}`,
    ),
  F10: (x: { name: string; fault: string }) =>
    refuse(
      'F10',
      `The cluster name ${JSON.stringify(x.name)} ${x.fault}, which cannot be used in a certificate.`,
      'Rename the cluster: totem.cluster_name, on all nodes, and restart corosync.',
    ),
  F11: (x: { name: string; addresses: readonly string[] }) =>
    refuse(
      'F11',
      `Cluster ${x.name} is already connected from ${listed(x.addresses)}; names must be unique per tiebreaker.`,
      'Rename one of the clusters. If that one is gone for good, run qnetd certs forget --cluster NAME on the arbiter.',
    ),
  F11registered: (x: { name: string; host: string }) =>
    unlessForced(
      'F11',
      `Cluster ${x.name} is registered on ${x.host}, and no node here has its certificate.`,
      'If it is this cluster (nodes reinstalled, or removed with another tool) --force takes the name over; otherwise rename one of the two.',
    ),
  F12: (x: { host: string; node: string }) =>
    refuse(
      'F12',
      `${x.host} is node ${x.node} of this cluster; a tiebreaker must be outside.`,
      'Use a machine that keeps running when this cluster does not.',
    ),
  F12guest: (x: { host: string; node: string }) =>
    unlessForced(
      'F12',
      `${x.host} is a guest of node ${x.node}: it dies with the node whose loss it shall settle.`,
      'Use a machine outside of this cluster.',
    ),
} as const satisfies Record<string, (x: never) => Finding>;

export const REACHING = {
  F20: (x: { host: string; user: string; key: string }) =>
    refuse(
      'F20',
      `${x.host} refuses the login of ${x.user}.`,
      `Allow it there for the setup, or let this key in: ${x.key}. Or log in as another user with sudo: USER@ADDRESS for the arbiter, --user for nodes.`,
    ),
  F20sudo: (x: { host: string }) =>
    refuse('F20', `sudo gives no root's rights on ${x.host}.`, 'Allow it for that user there, or log in as root.'),
  F21changed: (x: { host: string; fingerprint: string; known: string }) =>
    refuse(
      'F21',
      `The host key of ${x.host} is not the known one: it shows ${x.fingerprint} (${x.known}).`,
      `If ${x.host} was reinstalled, remove that line: ssh-keygen -R ${x.host}`,
    ),
  F21unknown: (x: { host: string; fingerprint: string }) =>
    refuse(
      'F21',
      `The host key of ${x.host} is not known here and was not confirmed: ${x.fingerprint}.`,
      'Compare it with the one on its console, then confirm it on a terminal, or log in once with ssh.',
    ),
  F21node: (x: { node: string }) =>
    refuse(
      'F21',
      `The host key of node ${x.node} is not known here, or has changed.`,
      'On Proxmox VE run pvecm updatecerts there; elsewhere log in once with ssh and compare the key.',
    ),
  F22: (x: { host: string; user: string }) =>
    refuse(
      'F22',
      `${x.host} refuses ${x.user}, and there is no SSH key here to log in with.`,
      'Make one with ssh-keygen -t ed25519 and take it there with ssh-copy-id, or run this on a terminal and answer with the password.',
    ),
  F23: (x: { host: string; reason: string }) =>
    refuse(
      'F23',
      `${x.host} cannot be reached by SSH: ${x.reason}.`,
      'Check the name or address, and that sshd runs there.',
    ),
  F23client: () => refuse('F23', 'There is no ssh on this node.', 'Install it: apt install openssh-client'),
  F24: (x: { from: string }) =>
    refuse(
      'F24',
      `A setup that was started on node ${x.from} is at work, or was cut off.`,
      `Wait for it to end; if it was cut off, run qdevice setup or qdevice remove on ${x.from}.`,
    ),
  F28: (x: { host: string; reason: string }) =>
    refuse(
      'F28',
      `The login on ${x.host} runs no commands, or mixes other output into theirs: ${x.reason}.`,
      'See what the login scripts of that user there print without end, or end early.',
    ),
} as const satisfies Record<string, (x: never) => Finding>;
