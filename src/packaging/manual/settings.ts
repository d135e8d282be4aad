/** What the advanced settings of the two daemons (`-S name=value,...`) are for. */
import type { Row } from './page.ts';

function rows(all: Readonly<Record<string, string>>): Row[] {
  return Object.entries(all).map(([term, text]) => ({ term, text }));
}

const SOCKET = {
  lock_file: 'file that holds the number of the process, and is locked while it runs',
  local_socket_file: 'local socket for status tools; missing directories are made',
  local_socket_umask: 'who may use the local socket, as umask(2) has it',
  local_socket_gid: 'group of the local socket',
  local_socket_backlog: 'connections that may wait there; 10',
  ipc_max_clients: 'connections there at a time; 10',
  ipc_max_receive_size: 'bytes of a request there; 4096',
  ipc_max_send_size: 'bytes of an answer there; 10485760',
};

export const QNETD_SETTINGS: readonly Row[] = rows({
  listen_backlog: 'connections that may wait to be accepted; 4096',
  max_client_send_buffers: 'messages that may wait for one node; 32',
  max_client_send_size: 'bytes of the largest message to a node; 32768',
  max_client_receive_size: 'bytes of the largest message from a node; 32768',
  max_client_receive_size_before_tls: 'the same before TLS, where TLS is required; 4096',
  max_clients_per_address: 'connections of an address; 0: no limit',
  max_clients_per_cluster: 'nodes of a cluster; 384',
  max_clients_before_init: "connections that are no node's yet; 16384",
  max_tls_handshakes: 'TLS handshakes at a time, others wait; 64',
  handshake_timeout: 'ms from a connection to its INIT; 10000, 0: none',
  penalty_failures: 'failures in a row after which an address is refused; 100, 0: never',
  penalty_time: 'ms for which it is refused; 60000',
  reserved_descriptors: 'open files that no connection may take; 64',
  reserved_for_known_percent: 'of the others, kept for addresses from which a node has joined; 12',
  max_percent_of_stranger: 'of max_clients_before_init, for an address from which none has; 25',
  nss_db_dir: 'directory of the certificates; /etc/corosync/qnetd/nssdb',
  cert_nickname: 'server certificate in an NSS database that is imported; QNetd Cert',
  heartbeat_interval_min: 'ms, the shortest heartbeat that a node may announce; 1000',
  heartbeat_interval_max: 'ms, the longest one; 120000',
  dpd_enabled: 'whether a silent node counts as gone; on',
  dpd_interval_coefficient: 'after how many heartbeats of silence; 1.5',
  ...SOCKET,
  keep_active_partition_tie_breaker: 'what a node has before it says otherwise; off',
  vote_safety: 'strict: one vote only; upstream: decide as corosync-qnetd does, with its windows',
  vote_record_dir: 'where it is written down who may be casting a vote; /var/lib/corosync-qnetd/votes',
});

export const QDEVICE_SETTINGS: readonly Row[] = rows({
  ...SOCKET,
  max_cs_try_again: 'attempts at a call that corosync is too busy for; 10',
  votequorum_device_name: 'name of the device in votequorum; Qdevice',
  heuristics_ipc_max_send_buffers: 'taken and without effect',
  heuristics_ipc_max_send_receive_size: 'taken and without effect',
  heuristics_min_timeout: 'ms, the least of quorum.device.heuristics.timeout',
  heuristics_max_timeout: 'ms, the most of it',
  heuristics_min_interval: 'ms, the least of quorum.device.heuristics.interval',
  heuristics_max_interval: 'ms, the most of it',
  heuristics_max_execs: 'commands at most',
  heuristics_use_execvp: 'look for commands in PATH',
  heuristics_max_processes: 'processes at a time at most',
  heuristics_kill_list_interval: 'ms between signals to a command that does not end',
  net_nss_db_dir: 'directory of key and certificates; /etc/corosync/qdevice/net/nssdb',
  net_initial_msg_receive_size: 'bytes of a message before the arbiter has said more',
  net_initial_msg_send_size: 'the same for messages to it',
  net_min_msg_send_size: 'the least that the arbiter has to take',
  net_max_msg_receive_size: 'bytes of the largest message from it',
  net_max_send_buffers: 'messages that may wait for it',
  net_nss_qnetd_cn: 'name in the certificate of the arbiter; Qnetd Server',
  net_nss_client_cert_nickname: 'certificate in an NSS database that is imported; Cluster Cert',
  net_heartbeat_interval_min: 'ms, the shortest heartbeat',
  net_heartbeat_interval_max: 'ms, the longest one',
  net_min_connect_timeout: 'ms, the least of quorum.device.net.connect_timeout',
  net_max_connect_timeout: 'ms, the most of it',
  net_test_algorithm_enabled: 'allow the algorithm test',
  master_wins: 'whether this vote outweighs the others; model: the model says, and net says no',
  vote_safety: 'strict: no vote outlives the arbiter; upstream: as corosync-qdevice',
});
