/**
 * Everything that `runQnetd` needs to know, whichever command it comes from. Paths and numbers have been checked by
 * then; the daemon itself reads no argument and no environment.
 */

import { type AdmissionSettings, DEFAULT_ADMISSION_SETTINGS } from '../arbiter/admission-settings.ts';
import type { ArbiterSettings } from '../arbiter/settings.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../arbiter/settings.ts';
import type { LocalSocketOptions } from '../runtime/local-socket.ts';
import type { LogLevel } from '../runtime/log.ts';

export interface QnetdOptions {
  /** As given; undefined is every address of the machine. */
  readonly listenAddress: string | undefined;
  readonly family: 4 | 6 | undefined;
  readonly port: number;
  readonly arbiter: ArbiterSettings;
  readonly admission: AdmissionSettings;
  /** Where certificates are: upstream's NSS database directory, or ours in the same place. */
  readonly stateDir: string;
  /** Where it is written down who may be casting a vote; undefined: where recordDirOf says. */
  readonly recordDir: string | undefined;
  /** Where lock file and local socket are, unless they are named one by one. */
  readonly runDir: string;
  readonly lockFile: string;
  readonly localSocket: LocalSocketOptions;
  readonly listenBacklog: number;
  /** Messages that may wait for one client. */
  readonly maxSendBuffers: number;
  /** Open files that no connection may take: what Node.js, the local socket, a reload and programs started take, and more. */
  readonly reservedDescriptors: number;
  readonly logLevel: LogLevel;
  /** Debug lines go to syslog with priority info (upstream's `-d -d`). */
  readonly syslogDebugAsInfo: boolean;
  /** False: leave the terminal, log to syslog. */
  readonly foreground: boolean;
  /** Nickname of the server certificate in an NSS database that is imported. */
  readonly certNickname: string;
  /** The ident in syslog and the process title. */
  readonly serviceName: string;
}

export interface Directories {
  readonly stateDir: string;
  readonly runDir: string;
}

/** Upstream's places, which its tools, pcs, crmsh and pvecm look into. */
export const SYSTEM_DIRECTORIES: Directories = {
  stateDir: '/etc/corosync/qnetd/nssdb',
  runDir: '/var/run/corosync-qnetd',
};

const SYSTEM_RECORD_DIR = '/var/lib/corosync-qnetd/votes';

/** The system's directory of certificates may belong to root alone. */
export function recordDirOf({ recordDir, stateDir }: Pick<QnetdOptions, 'recordDir' | 'stateDir'>): string {
  return recordDir ?? (stateDir === SYSTEM_DIRECTORIES.stateDir ? SYSTEM_RECORD_DIR : `${stateDir}/votes`);
}

/**
 * Where a user's own arbiter keeps its files (XDG Base Directory Specification). A session without a runtime directory
 * gets one below the state directory.
 */
export function userDirectories(environment: NodeJS.ProcessEnv, home: string): Directories {
  const state = absolute(environment['XDG_STATE_HOME']) ?? `${home}/.local/state`;
  const run = absolute(environment['XDG_RUNTIME_DIR']) ?? `${state}/qdevice/run`;
  return { stateDir: `${state}/qdevice/qnetd`, runDir: `${run}/corosync-qnetd` };
}

/** The specification says that a relative path is to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') === true ? path : undefined;
}

export function lockFileIn(runDir: string): string {
  return `${runDir}/corosync-qnetd.pid`;
}

export function localSocketIn(runDir: string): string {
  return `${runDir}/corosync-qnetd.sock`;
}

/**
 * Upstream's defaults (corosync-qnetd(8)), but for TLS (see DEFAULT_ARBITER_SETTINGS) and for the backlog: after a
 * power cut thousands of nodes may come at the same moment, and upstream's 10 lets most of them wait for a retry.
 */
export function defaultQnetdOptions(directories: Directories): QnetdOptions {
  return {
    listenAddress: undefined,
    family: undefined,
    port: 5403,
    arbiter: DEFAULT_ARBITER_SETTINGS,
    admission: DEFAULT_ADMISSION_SETTINGS,
    stateDir: directories.stateDir,
    recordDir: undefined,
    runDir: directories.runDir,
    lockFile: lockFileIn(directories.runDir),
    localSocket: {
      path: localSocketIn(directories.runDir),
      umask: undefined,
      gid: undefined,
      backlog: 10,
      maxClients: 10,
      maxReceiveBytes: 4_096,
      maxSendBytes: 10_485_760,
    },
    listenBacklog: 4_096,
    maxSendBuffers: 32,
    reservedDescriptors: 64,
    logLevel: 'info',
    syslogDebugAsInfo: false,
    foreground: true,
    certNickname: 'QNetd Cert',
    serviceName: 'corosync-qnetd',
  };
}
