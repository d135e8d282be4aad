/**
 * The command line of upstream's node daemon: the same switches, judged one by one from left to right, with the same
 * texts and exit codes (corosync-qdevice 3.0.3).
 */
import { DEFAULT_QDEVICE_OPTIONS, type QdeviceOptions } from '../qdevice/options.ts';
import { type GroupLookup, settingList } from '../runtime/advanced-settings.ts';
import type { CommandResult } from './command-result.ts';
import { switches } from './getopt.ts';
import { lettersOf, QDEVICE, usageOf } from './manual/switches.ts';
import { QDEVICE_SETTINGS, withQdeviceSettings } from './qdevice-settings.ts';

export type QdeviceCommandLine =
  | { readonly kind: 'run'; readonly options: QdeviceOptions }
  | { readonly kind: 'exit'; readonly result: CommandResult };

const NAME = QDEVICE.name;
const USAGE = usageOf(QDEVICE);

export function qdeviceCommandLine(args: readonly string[], groups: GroupLookup): QdeviceCommandLine {
  let options: QdeviceOptions = { ...DEFAULT_QDEVICE_OPTIONS, foreground: false };
  for (const found of switches(args, lettersOf(QDEVICE))) {
    if (found.kind === 'error') return exit(USAGE, `${NAME}: ${found.problem}\n`);
    if (found.letter === 'h') return exit(USAGE, '');
    if (found.letter === 'f') options = { ...options, foreground: true };
    if (found.letter === 'd') options = { ...options, debug: true, syslogDebugAsInfo: options.debug };
    if (found.letter !== 'S') continue;
    const { settings, problem } = settingList(found.value, QDEVICE_SETTINGS, groups);
    if (problem !== undefined) return exit('', `${NAME}: ${problem}\n`);
    options = withQdeviceSettings(options, settings);
  }
  return { kind: 'run', options };
}

/** The usage is a failure to upstream. */
function exit(stdout: string, stderr: string): QdeviceCommandLine {
  return { kind: 'exit', result: { exitCode: 1, stdout, stderr: Buffer.from(stderr).toString('latin1') } };
}
