/**
 * Upstream's advanced settings (`-S name=value,...`, corosync-qnetd(8)): names, ranges and manners of corosync-qnetd
 * 3.0.3, with the two newer ones for the local socket. Defaults are where the values are used.
 */

type Reader<T> = (text: string, groups: GroupLookup) => T | undefined;

/** The id of a group of this machine. */
export type GroupLookup = (name: string) => number | undefined;

const INT32_MAX = 2 ** 31 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const INT64_MAX = 2n ** 63n - 1n;

const SETTINGS = {
  listen_backlog: integer(1, INT32_MAX),
  max_client_send_buffers: integer(2),
  max_client_send_size: integer(16),
  max_client_receive_size: integer(16),
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
} as const satisfies Record<string, Reader<unknown>>;

type SettingName = keyof typeof SETTINGS;

/** `'unchanged'` takes back what an earlier switch said. */
export type AdvancedSettings = {
  [K in SettingName]?: Exclude<ReturnType<(typeof SETTINGS)[K]>, undefined>;
};

export interface AdvancedSettingsResult {
  readonly settings: AdvancedSettings;
  readonly warnings: readonly string[];
  /** The first thing that is wrong, in upstream's words; what stands before it is in `settings`. */
  readonly problem: string | undefined;
}

/** Reads one list; a later value of the same name wins. */
export function advancedSettings(list: string, groups: GroupLookup): AdvancedSettingsResult {
  const settings: AdvancedSettings = {};
  const warnings: string[] = [];
  for (const pair of list.split(',')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? '' : pair.slice(equals + 1);
    // Upstream takes an empty name for the end of the list.
    if (name === '') break;
    const known = name.toLowerCase();
    if (known === 'dpd_interval') {
      warnings.push(`Option '${name}' is deprecated and has no effect anymore`);
    } else if (!isSettingName(known)) {
      return { settings, warnings, problem: `Unknown option '${name}'` };
    } else if (!assign(settings, known, value, groups)) {
      return { settings, warnings, problem: `Invalid value '${value}' for option '${name}'` };
    }
  }
  return { settings, warnings, problem: undefined };
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

function assign(settings: AdvancedSettings, name: SettingName, value: string, groups: GroupLookup): boolean {
  const read = SETTINGS[name](value, groups);
  if (read === undefined) return false;
  Object.assign(settings, { [name]: read });
  return true;
}

function text(value: string): string {
  return value;
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

function integer(min: number, max?: number): Reader<number> {
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

function umask(value: string): number | 'unchanged' | undefined {
  if (value === '') return 'unchanged';
  return /^[0-7]{1,6}$/.test(value) && Number.parseInt(value, 8) <= 0o777 ? Number.parseInt(value, 8) : undefined;
}

function group(value: string, groups: GroupLookup): number | 'unchanged' | undefined {
  if (value === '' || value === '-1') return 'unchanged';
  if (/^\d{1,10}$/.test(value)) return Number(value) < UINT32_MAX ? Number(value) : undefined;
  return groups(value);
}
