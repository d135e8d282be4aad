/** Where things are on nodes and arbiters: the contract that upstream's tools and ours share. */

export const COROSYNC_CONF = '/etc/corosync/corosync.conf';
/** Proxmox VE: the file of the cluster, from which each node's own is copied. */
export const PVE_COROSYNC_CONF = '/etc/pve/corosync.conf';
/** Everything of the quorum device on a node. */
export const DEVICE_DIRECTORY = '/etc/corosync/qdevice';
export const NODE_STORE = '/etc/corosync/qdevice/net/nssdb';
export const NODE_CERTUTIL = 'corosync-qdevice-net-certutil';
export const NODE_UNIT = 'corosync-qdevice';

export const ARBITER_STORE = '/etc/corosync/qnetd/nssdb';
export const ARBITER_AUTHORITY = `${ARBITER_STORE}/qnetd-cacert.crt`;
export const ARBITER_CERTUTIL = 'corosync-qnetd-certutil';
export const ARBITER_TOOL = 'corosync-qnetd-tool';
export const ARBITER_UNIT = 'corosync-qnetd';
export const ARBITER_PORT = 5403;
/** That our command is there is not enough: an arbiter of upstream's may run beside it. */
export const GUARDS_NAMES = `command -v qnetd >/dev/null && ${ARBITER_CERTUTIL} -h 2>/dev/null | grep -q -e --state`;

/** What was there before, beside what replaces it, until a run is over. */
export const BEFORE = '.before-qdevice-setup';
/** Which run has a node, and which one the name of a cluster on its arbiter. */
export const CLAIMS = '/var/lib/qdevice';
export const NODE_CLAIM = 'claim';
/** On the node where setup was started: what was done so far, for the run after one that was killed. */
export const JOURNAL = '/var/lib/qdevice/setup.json';
