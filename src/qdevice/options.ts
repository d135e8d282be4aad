/**
 * What the node daemon is told on its command line, whichever command it comes from. Everything else comes from
 * corosync's own configuration. Paths and numbers have been checked by then.
 */
import { DEFAULT_LIMITS, type MemberLimits, type VoteSafety } from '../member/settings.ts';
import type { LocalSocketOptions } from '../runtime/local-socket.ts';

export interface QdeviceOptions {
  /** False: leave the terminal, log to syslog. */
  readonly foreground: boolean;
  /** Debug lines whatever corosync's configuration says. */
  readonly debug: boolean;
  /** Debug lines go to syslog with priority info (upstream's `-d -d`). */
  readonly syslogDebugAsInfo: boolean;
  readonly lockFile: string;
  readonly localSocket: LocalSocketOptions;
  /** How often corosync is asked again, once a second, while it is busy starting. */
  readonly corosyncTriesMax: number;
  /** One name for the whole cluster: corosync refuses a second one. */
  readonly deviceName: string;
  /** Makes a node quorate without a majority while it has the vote. */
  readonly masterWins: boolean;
  readonly voteSafety: VoteSafety;
  /** Where key and certificates are: upstream's NSS database directory, or ours in the same place. */
  readonly stateDir: string;
  /** Common name that the arbiter's certificate has to carry; sent as SNI as well. */
  readonly serverName: string;
  /** Nickname of the cluster's certificate in an NSS database that is imported. */
  readonly certNickname: string;
  /** Messages that may wait for the arbiter to read. */
  readonly maxSendBuffers: number;
  readonly heuristics: HeuristicsOptions;
  /** What may be configured, and what must not be exceeded. */
  readonly ranges: ConfigurationRanges;
  readonly limits: MemberLimits;
  /** The ident in syslog and the process title. */
  readonly serviceName: string;
}

export interface HeuristicsOptions {
  /** Commands without a slash are searched for in PATH. */
  readonly searchPath: boolean;
  /** More than these at a time, of all runs together, and a run fails. */
  readonly processesMax: number;
  /** From asking an overdue command to end to killing it. */
  readonly killIntervalMs: number;
}

export interface ConfigurationRanges {
  readonly heartbeatMsMin: number;
  readonly heartbeatMsMax: number;
  readonly connectTimeoutMsMin: number;
  readonly connectTimeoutMsMax: number;
  readonly heuristicsTimeoutMsMin: number;
  readonly heuristicsTimeoutMsMax: number;
  readonly heuristicsIntervalMsMin: number;
  readonly heuristicsIntervalMsMax: number;
  readonly heuristicsCommandsMax: number;
  readonly testAlgorithmEnabled: boolean;
}

/** Upstream's places, which its tools, pcs, crmsh and pvecm look into. */
const STATE_DIR = '/etc/corosync/qdevice/net/nssdb';
const RUN_DIR = '/var/run/corosync-qdevice';
export const QDEVICE_SOCKET = `${RUN_DIR}/corosync-qdevice.sock`;

/** Upstream's defaults: corosync-qdevice(8). */
export const DEFAULT_QDEVICE_OPTIONS: QdeviceOptions = {
  foreground: true,
  debug: false,
  syslogDebugAsInfo: false,
  lockFile: `${RUN_DIR}/corosync-qdevice.pid`,
  localSocket: {
    path: QDEVICE_SOCKET,
    umask: undefined,
    gid: undefined,
    backlog: 10,
    maxClients: 10,
    maxReceiveBytes: 4_096,
    maxSendBytes: 65_536,
  },
  corosyncTriesMax: 10,
  deviceName: 'Qdevice',
  masterWins: false,
  voteSafety: 'strict',
  stateDir: STATE_DIR,
  serverName: 'Qnetd Server',
  certNickname: 'Cluster Cert',
  maxSendBuffers: 10,
  heuristics: { searchPath: false, processesMax: 160, killIntervalMs: 5_000 },
  ranges: {
    heartbeatMsMin: 1_000,
    heartbeatMsMax: 120_000,
    connectTimeoutMsMin: 1_000,
    connectTimeoutMsMax: 120_000,
    heuristicsTimeoutMsMin: 1_000,
    heuristicsTimeoutMsMax: 120_000,
    heuristicsIntervalMsMin: 1_000,
    heuristicsIntervalMsMax: 3_600_000,
    heuristicsCommandsMax: 32,
    testAlgorithmEnabled: false,
  },
  limits: DEFAULT_LIMITS,
  serviceName: 'corosync-qdevice',
};
