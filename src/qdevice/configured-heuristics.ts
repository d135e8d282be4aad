/** The heuristics of corosync.conf: when they run, for how long, and what. */
import type { CmapValue } from '../corosync/port.ts';
import { commandWords } from '../member/command-line.ts';
import type { HeuristicsCommand, HeuristicsSettings } from '../member/settings.ts';
import { type ConfigurationSource, type ConfiguredKeys, wrongValue } from './configured-keys.ts';
import type { ConfigurationRanges } from './options.ts';

const PREFIX = 'quorum.device.heuristics.';
const COMMAND = /^exec_([^.]+)$/;

interface Times {
  readonly timeoutMs: number;
  readonly syncTimeoutMs: number;
}

/** The times are checked whatever the mode is, as upstream does. */
export function configuredHeuristics(
  source: ConfigurationSource,
  keys: ConfiguredKeys,
  ranges: ConfigurationRanges,
  device: Times,
): HeuristicsSettings {
  const mode = keys.onOffOr(`${PREFIX}mode`, 'sync') ?? false;
  const timeouts = { min: ranges.heuristicsTimeoutMsMin, max: ranges.heuristicsTimeoutMsMax };
  const intervals = { min: ranges.heuristicsIntervalMsMin, max: ranges.heuristicsIntervalMsMax };
  const settings = {
    timeoutMs: keys.number(`${PREFIX}timeout`, timeouts) ?? Math.trunc(device.timeoutMs / 2),
    syncTimeoutMs: keys.number(`${PREFIX}sync_timeout`, timeouts) ?? Math.trunc(device.syncTimeoutMs / 2),
    intervalMs: keys.number(`${PREFIX}interval`, intervals) ?? device.timeoutMs * 3,
  };
  const off = { mode: 'off', ...settings, commands: [] } as const;
  if (mode === false) return off;
  const commands = commandsOf(source.list(`${PREFIX}exec_`), keys);
  if (commands.length > ranges.heuristicsCommandsMax) {
    const limit = ranges.heuristicsCommandsMax;
    keys.note(
      'error',
      `${commands.length} heuristics commands are more than the ${limit} allowed: heuristics are off.`,
    );
    return off;
  }
  if (commands.length === 0) {
    keys.note('info', `No ${PREFIX}exec_NAME names a command: heuristics are off.`);
    return off;
  }
  return { mode: mode === true ? 'on' : mode, ...settings, commands };
}

function commandsOf(found: ReadonlyMap<string, CmapValue>, keys: ConfiguredKeys): HeuristicsCommand[] {
  const commands: HeuristicsCommand[] = [];
  for (const [key, line] of found) {
    const [, name] = COMMAND.exec(key.slice(PREFIX.length)) ?? [];
    if (name === undefined) {
      keys.note('warn', `${key} is no name of a heuristics command (exec_NAME, no dot in NAME) and is not used.`);
    } else if (typeof line !== 'string') {
      keys.note('warn', `${key} is no text in corosync's table and is not used.`);
    } else if (commandWords(line).length === 0) {
      throw wrongValue(key, line, 'a command with its arguments');
    } else {
      commands.push({ name, line });
    }
  }
  return commands;
}
