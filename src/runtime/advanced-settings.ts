/**
 * Upstream's advanced settings (`-S name=value,...`, corosync-qnetd(8)): names, ranges and manners of corosync-qnetd
 * 3.0.3, with the two newer ones for the local socket, and ours for the safety of votes. Defaults are where the values are used. Upstream's other daemon
 * reads a table of its own in the same way.
 */

export type Reader<T> = (text: string, groups: GroupLookup) => T | undefined;

/** The id of a group of this machine. */
export type GroupLookup = (name: string) => number | undefined;

export const INT32_MAX = 2 ** 31 - 1;
export const UINT32_MAX = 2 ** 32 - 1;
const INT64_MAX = 2n ** 63n - 1n;

export const QNETD_SETTINGS = {
  listen_backlog: integer(1, INT32_MAX),
  max_client_send_buffers: integer(2),
  max_client_send_size: integer(16),
  max_client_receive_size: integer(16),
  max_client_receive_size_before_tls: integer(16),
  max_clients_per_address: integer(0),
  max_clients_per_cluster: integer(0),
  max_clients_before_init: integer(1),
  max_tls_handshakes: integer(1),
  handshake_timeout: integer(0, 18_000_000),
  penalty_failures: integer(0),
  penalty_time: integer(0, 18_000_000),
  reserved_descriptors: integer(0, INT32_MAX),
  reserved_for_known_percent: integer(0, 100),
  max_percent_of_stranger: integer(1, 100),
  nss_db_dir: text,
  cert_nickname: text,
  heartbeat_interval_min: integer(1, UINT32_MAX),
  heartbeat_interval_max: integer(1, UINT32_MAX),
  dpd_enabled: onOff,
  dpd_interval_coefficient: decimal(1, 1_000),
  lock_file: text,
  local_socket_file: text,
  local_socket_umask: umask,
  local_socket_gid: group,
  local_socket_backlog: integer(1, INT32_MAX),
  ipc_max_clients: integer(0),
  ipc_max_receive_size: integer(1_024),
  ipc_max_send_size: integer(1_024),
  keep_active_partition_tie_breaker: onOff,
  vote_safety: oneOf('strict', 'upstream'),
  vote_record_dir: text,
} as const satisfies Record<string, Reader<unknown>>;

/** Accepted, and without effect. */
const DEPRECATED: ReadonlySet<string> = new Set(['dpd_interval']);

export type SettingTable = Readonly<Record<string, Reader<unknown>>>;

/** `'unchanged'` takes back what an earlier switch said. */
export type SettingsOf<T extends SettingTable> = {
  [K in keyof T]?: Exclude<ReturnType<T[K]>, undefined>;
};

export type AdvancedSettings = SettingsOf<typeof QNETD_SETTINGS>;

export interface SettingList<T extends SettingTable> {
  readonly settings: SettingsOf<T>;
  readonly warnings: readonly string[];
  /** The first thing that is wrong, in upstream's words; what stands before it is in `settings`. */
  readonly problem: string | undefined;
}

/** Reads one list; a later value of the same name wins. */
export function advancedSettings(list: string, groups: GroupLookup): SettingList<typeof QNETD_SETTINGS> {
  return settingList(list, QNETD_SETTINGS, groups, DEPRECATED);
}

export function settingList<T extends SettingTable>(
  list: string,
  table: T,
  groups: GroupLookup,
  deprecated: ReadonlySet<string> = new Set(),
): SettingList<T> {
  const settings: SettingsOf<T> = {};
  const warnings: string[] = [];
  for (const pair of list.split(',')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? '' : pair.slice(equals + 1);
    // Upstream takes an empty name for the end of the list.
    if (name === '') break;
    const known = name.toLowerCase();
    if (deprecated.has(known)) {
      warnings.push(`Option '${name}' is deprecated and has no effect anymore`);
      continue;
    }
    const reader = Object.hasOwn(table, known) ? table[known] : undefined;
    if (reader === undefined) return { settings, warnings, problem: `Unknown option '${name}'` };
    const read = reader(value, groups);
    if (read === undefined) {
      return { settings, warnings, problem: `Invalid value '${value}' for option '${name}'` };
    }
    Object.assign(settings, { [known]: read });
  }
  return { settings, warnings, problem: undefined };
}

export function text(value: string): string {
  return value;
}

/** One of a few words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): Reader<W> {
  return (value) => words.find((word) => word === value.toLowerCase());
}

/** `on/yes/1` and `off/no/0`; upstream knows no `true`. */
export function onOff(value: string): boolean | undefined {
  const word = value.toLowerCase();
  if (word === 'on' || word === 'yes' || word === '1') return true;
  if (word === 'off' || word === 'no' || word === '0') return false;
  return undefined;
}

/** strtoll(3) in base ten: blanks before it and a sign are tolerated, anything behind it is not. */
export function wholeNumber(value: string): bigint | undefined {
  if (!/^[ \t\n\v\f\r]*[+-]?\d+$/.test(value)) return undefined;
  const sign = value.includes('-') ? -1n : 1n;
  const read = sign * BigInt(value.replace(/\D/g, ''));
  return read > INT64_MAX || read < -INT64_MAX - 1n ? undefined : read;
}

export function integer(min: number, max?: number): Reader<number> {
  return (value) => {
    const read = wholeNumber(value);
    if (read === undefined || read < min || (max !== undefined && read > max)) return undefined;
    return Number(read);
  };
}

/** strtod(3) without its hexadecimal forms. */
function decimal(min: number, max: number): Reader<number> {
  return (value) => {
    if (!/^[ \t\n\v\f\r]*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return undefined;
    const read = Number(value.trim());
    return read >= min && read <= max ? read : undefined;
  };
}

export function umask(value: string): number | 'unchanged' | undefined {
  if (value === '') return 'unchanged';
  return /^[0-7]{1,6}$/.test(value) && Number.parseInt(value, 8) <= 0o777 ? Number.parseInt(value, 8) : undefined;
}

export function group(value: string, groups: GroupLookup): number | 'unchanged' | undefined {
  if (value === '' || value === '-1') return 'unchanged';
  if (/^\d{1,10}$/.test(value)) return Number(value) < UINT32_MAX ? Number(value) : undefined;
  return groups(value);
}
