/** What `corosync-qnetd` and `qnetd run` have in common: advanced settings put into the options, and last checks. */
import { execFileSync } from 'node:child_process';
import { deadPeerMs, HEARTBEAT_MS_BEFORE_INIT } from '../arbiter/session.ts';
import type { QnetdOptions } from '../qnetd/options.ts';
import type { AdvancedSettings } from '../runtime/advanced-settings.ts';
import { OperatorError } from '../runtime/errors.ts';

export function withAdvancedSettings(options: QnetdOptions, settings: AdvancedSettings): QnetdOptions {
  const { arbiter, admission, localSocket } = options;
  return {
    ...options,
    listenBacklog: settings.listen_backlog ?? options.listenBacklog,
    maxSendBuffers: settings.max_client_send_buffers ?? options.maxSendBuffers,
    reservedDescriptors: settings.reserved_descriptors ?? options.reservedDescriptors,
    stateDir: settings.nss_db_dir ?? options.stateDir,
    certNickname: settings.cert_nickname ?? options.certNickname,
    recordDir: settings.vote_record_dir ?? options.recordDir,
    lockFile: settings.lock_file ?? options.lockFile,
    arbiter: {
      ...arbiter,
      maxSendBytes: settings.max_client_send_size ?? arbiter.maxSendBytes,
      maxReceiveBytes: settings.max_client_receive_size ?? arbiter.maxReceiveBytes,
      maxReceiveBytesBeforeTls: settings.max_client_receive_size_before_tls ?? arbiter.maxReceiveBytesBeforeTls,
      clusterNodesMax: settings.max_clients_per_cluster ?? arbiter.clusterNodesMax,
      heartbeatMsMin: settings.heartbeat_interval_min ?? arbiter.heartbeatMsMin,
      heartbeatMsMax: settings.heartbeat_interval_max ?? arbiter.heartbeatMsMax,
      deadPeerDetection: settings.dpd_enabled ?? arbiter.deadPeerDetection,
      deadPeerHeartbeats: settings.dpd_interval_coefficient ?? arbiter.deadPeerHeartbeats,
      keepActivePartition: settings.keep_active_partition_tie_breaker ?? arbiter.keepActivePartition,
      voteSafety: settings.vote_safety ?? arbiter.voteSafety,
    },
    admission: {
      ...admission,
      handshakeMs: settings.handshake_timeout ?? admission.handshakeMs,
      handshakesMax: settings.max_tls_handshakes ?? admission.handshakesMax,
      newcomersMax: settings.max_clients_before_init ?? admission.newcomersMax,
      clientsPerAddressMax: settings.max_clients_per_address ?? admission.clientsPerAddressMax,
      failuresMax: settings.penalty_failures ?? admission.failuresMax,
      penaltyMs: settings.penalty_time ?? admission.penaltyMs,
      reservedForKnownPercent: settings.reserved_for_known_percent ?? admission.reservedForKnownPercent,
      strangerPercentMax: settings.max_percent_of_stranger ?? admission.strangerPercentMax,
    },
    localSocket: {
      path: settings.local_socket_file ?? localSocket.path,
      umask: changed(settings.local_socket_umask, localSocket.umask),
      gid: changed(settings.local_socket_gid, localSocket.gid),
      backlog: settings.local_socket_backlog ?? localSocket.backlog,
      maxClients: settings.ipc_max_clients ?? localSocket.maxClients,
      maxReceiveBytes: settings.ipc_max_receive_size ?? localSocket.maxReceiveBytes,
      maxSendBytes: settings.ipc_max_send_size ?? localSocket.maxSendBytes,
    },
  };
}

function changed(setting: number | 'unchanged' | undefined, before: number | undefined): number | undefined {
  if (setting === 'unchanged') return undefined;
  return setting ?? before;
}

/** Settings that are fine one by one and together leave an arbiter that serves nobody; upstream starts with them. */
export function assertServing({ arbiter }: QnetdOptions): void {
  if (arbiter.heartbeatMsMin > arbiter.heartbeatMsMax) {
    const problem = 'heartbeat_interval_min is above heartbeat_interval_max, so that no node could join.';
    throw new OperatorError(problem, 'Lower the one or raise the other.');
  }
  if (arbiter.deadPeerDetection && deadPeerMs(HEARTBEAT_MS_BEFORE_INIT, arbiter) === undefined) {
    const problem = `dpd_interval_coefficient ${arbiter.deadPeerHeartbeats} would close every connection at once.`;
    throw new OperatorError(problem, 'Choose at most 150, or dpd_enabled=off for no limit at all.');
  }
}

/** By getent(1), which also knows groups that are not in /etc/group. */
export function groupId(name: string): number | undefined {
  try {
    const entry = execFileSync('getent', ['--', 'group', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const gid = entry.split(':')[2] ?? '';
    return /^\d+$/.test(gid) ? Number(gid) : undefined;
  } catch {
    return undefined;
  }
}
