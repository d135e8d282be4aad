/**
 * The advanced settings of the node daemon (corosync-qdevice(8)): names and ranges of corosync-qdevice 3.0.3, with the
 * two newer ones for the local socket, put into the options.
 */
import type { QdeviceOptions } from '../qdevice/options.ts';
import {
  group,
  INT32_MAX,
  integer,
  oneOf,
  onOff,
  type SettingsOf,
  type SettingTable,
  text,
  UINT32_MAX,
  umask,
} from '../runtime/advanced-settings.ts';
import { OperatorError } from '../runtime/errors.ts';

const periodMs = integer(250, UINT32_MAX);
const anyMs = integer(1, UINT32_MAX);
const messageBytes = integer(16);

export const QDEVICE_SETTINGS = {
  lock_file: text,
  local_socket_file: text,
  local_socket_umask: umask,
  local_socket_gid: group,
  local_socket_backlog: integer(1, INT32_MAX),
  max_cs_try_again: integer(1, INT32_MAX),
  votequorum_device_name: text,
  ipc_max_clients: integer(0),
  ipc_max_receive_size: integer(1_024),
  ipc_max_send_size: integer(1_024),
  // These two size a pipe to upstream's helper process. Here is none: they are checked, and that is all.
  heuristics_ipc_max_send_buffers: integer(10),
  heuristics_ipc_max_send_receive_size: integer(1_024),
  heuristics_min_timeout: periodMs,
  heuristics_max_timeout: periodMs,
  heuristics_min_interval: periodMs,
  heuristics_max_interval: periodMs,
  heuristics_max_execs: integer(1),
  heuristics_use_execvp: onOff,
  heuristics_max_processes: integer(1),
  heuristics_kill_list_interval: periodMs,
  net_nss_db_dir: text,
  net_initial_msg_receive_size: messageBytes,
  net_initial_msg_send_size: messageBytes,
  net_min_msg_send_size: messageBytes,
  net_max_msg_receive_size: messageBytes,
  net_max_send_buffers: integer(2),
  net_nss_qnetd_cn: text,
  net_nss_client_cert_nickname: text,
  net_heartbeat_interval_min: anyMs,
  net_heartbeat_interval_max: anyMs,
  net_min_connect_timeout: anyMs,
  net_max_connect_timeout: anyMs,
  net_test_algorithm_enabled: onOff,
  master_wins: masterWins,
  // Ours alone.
  vote_safety: oneOf('strict', 'upstream'),
} as const satisfies SettingTable;

type QdeviceSettings = SettingsOf<typeof QDEVICE_SETTINGS>;

/** `model` leaves it to the model, and model net never asks for it. */
function masterWins(value: string): boolean | undefined {
  return value.toLowerCase() === 'model' ? false : onOff(value);
}

export function withQdeviceSettings(options: QdeviceOptions, settings: QdeviceSettings): QdeviceOptions {
  const { heuristics, limits } = options;
  return {
    ...options,
    lockFile: settings.lock_file ?? options.lockFile,
    localSocket: withSocketSettings(options.localSocket, settings),
    corosyncTriesMax: settings.max_cs_try_again ?? options.corosyncTriesMax,
    deviceName: settings.votequorum_device_name ?? options.deviceName,
    masterWins: settings.master_wins ?? options.masterWins,
    voteSafety: settings.vote_safety ?? options.voteSafety,
    stateDir: settings.net_nss_db_dir ?? options.stateDir,
    serverName: settings.net_nss_qnetd_cn ?? options.serverName,
    certNickname: settings.net_nss_client_cert_nickname ?? options.certNickname,
    maxSendBuffers: settings.net_max_send_buffers ?? options.maxSendBuffers,
    heuristics: {
      searchPath: settings.heuristics_use_execvp ?? heuristics.searchPath,
      processesMax: settings.heuristics_max_processes ?? heuristics.processesMax,
      killIntervalMs: settings.heuristics_kill_list_interval ?? heuristics.killIntervalMs,
    },
    ranges: withRanges(options.ranges, settings),
    limits: {
      initialReceiveBytes: settings.net_initial_msg_receive_size ?? limits.initialReceiveBytes,
      initialSendBytes: settings.net_initial_msg_send_size ?? limits.initialSendBytes,
      sendBytesMin: settings.net_min_msg_send_size ?? limits.sendBytesMin,
      receiveBytesMax: settings.net_max_msg_receive_size ?? limits.receiveBytesMax,
    },
  };
}

function withSocketSettings(
  localSocket: QdeviceOptions['localSocket'],
  settings: QdeviceSettings,
): QdeviceOptions['localSocket'] {
  return {
    path: settings.local_socket_file ?? localSocket.path,
    umask: changed(settings.local_socket_umask, localSocket.umask),
    gid: changed(settings.local_socket_gid, localSocket.gid),
    backlog: settings.local_socket_backlog ?? localSocket.backlog,
    maxClients: settings.ipc_max_clients ?? localSocket.maxClients,
    maxReceiveBytes: settings.ipc_max_receive_size ?? localSocket.maxReceiveBytes,
    maxSendBytes: settings.ipc_max_send_size ?? localSocket.maxSendBytes,
  };
}

function withRanges(ranges: QdeviceOptions['ranges'], settings: QdeviceSettings): QdeviceOptions['ranges'] {
  return {
    heartbeatMsMin: settings.net_heartbeat_interval_min ?? ranges.heartbeatMsMin,
    heartbeatMsMax: settings.net_heartbeat_interval_max ?? ranges.heartbeatMsMax,
    connectTimeoutMsMin: settings.net_min_connect_timeout ?? ranges.connectTimeoutMsMin,
    connectTimeoutMsMax: settings.net_max_connect_timeout ?? ranges.connectTimeoutMsMax,
    heuristicsTimeoutMsMin: settings.heuristics_min_timeout ?? ranges.heuristicsTimeoutMsMin,
    heuristicsTimeoutMsMax: settings.heuristics_max_timeout ?? ranges.heuristicsTimeoutMsMax,
    heuristicsIntervalMsMin: settings.heuristics_min_interval ?? ranges.heuristicsIntervalMsMin,
    heuristicsIntervalMsMax: settings.heuristics_max_interval ?? ranges.heuristicsIntervalMsMax,
    heuristicsCommandsMax: settings.heuristics_max_execs ?? ranges.heuristicsCommandsMax,
    testAlgorithmEnabled: settings.net_test_algorithm_enabled ?? ranges.testAlgorithmEnabled,
  };
}

function changed(setting: number | 'unchanged' | undefined, before: number | undefined): number | undefined {
  if (setting === 'unchanged') return undefined;
  return setting ?? before;
}

const DEVICE_NAME_BYTES_MAX = 254;

/** Settings that are fine one by one, or that upstream starts with to fail later and obscurely. */
export function assertUsable({ ranges, deviceName }: QdeviceOptions): void {
  if (ranges.heartbeatMsMin > ranges.heartbeatMsMax) {
    const problem = 'net_heartbeat_interval_min is above net_heartbeat_interval_max, so that no heartbeat fits.';
    throw new OperatorError(problem, 'Lower the one or raise the other.');
  }
  const nameBytes = Buffer.byteLength(deviceName);
  if (nameBytes === 0 || nameBytes > DEVICE_NAME_BYTES_MAX) {
    const problem = `votequorum_device_name has ${nameBytes} bytes, and corosync takes 1 to ${DEVICE_NAME_BYTES_MAX}.`;
    throw new OperatorError(problem, 'Leave it out to use Qdevice, the name that other nodes use.');
  }
}
