/**
 * The command line of upstream's daemon: the same switches, judged one by one from left to right, with the same texts
 * and exit codes (corosync-qnetd 3.0.3). Two differences are on purpose: TLS is required unless `-s` says otherwise,
 * and `-s required`, which upstream's manual promises and its program refuses, means `req`.
 */

import { ALGORITHMS } from '../arbiter/algorithms/all.ts';
import { DECISION_ALGORITHM, type DecisionAlgorithm, type TlsSupport } from '../protocol/enums.ts';
import { MESSAGES } from '../protocol/messages.ts';
import { defaultQnetdOptions, type QnetdOptions, SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { advancedSettings, type GroupLookup, onOff, wholeNumber } from '../runtime/advanced-settings.ts';
import { ALGORITHM_TEXT } from '../status/upstream-text.ts';
import type { CommandResult } from './command-result.ts';
import { switches } from './getopt.ts';
import { lettersOf, QNETD, usageOf } from './manual/switches.ts';
import { withAdvancedSettings } from './qnetd-settings.ts';
import { packageVersion } from './version.ts';

export type CommandLine =
  /** `warnings` are whole lines for stderr. */
  | { readonly kind: 'run'; readonly options: QnetdOptions; readonly warnings: string }
  | { readonly kind: 'exit'; readonly result: CommandResult };

const NAME = QNETD.name;
const USAGE = usageOf(QNETD);

const TLS_MODES: Readonly<Record<string, TlsSupport>> = {
  on: 'supported',
  off: 'unsupported',
  req: 'required',
  required: 'required',
};

/** What one switch does to the options; a problem ends the reading. */
type Step =
  | { readonly options: QnetdOptions; readonly warnings?: readonly string[] }
  | { readonly problem: string; readonly warnings?: readonly string[] };

export function corosyncQnetdCommandLine(args: readonly string[], groups: GroupLookup): CommandLine {
  let options: QnetdOptions = { ...defaultQnetdOptions(SYSTEM_DIRECTORIES), foreground: false };
  let warnings = '';
  for (const found of switches(args, lettersOf(QNETD))) {
    if (found.kind === 'error') return exit(USAGE, `${warnings}${NAME}: ${found.problem}\n`);
    if (found.letter === 'h') return exit(USAGE, warnings);
    if (found.letter === 'v') return exit(versionText(), warnings);
    const step = apply(options, found.letter, found.value, groups);
    warnings += (step.warnings ?? []).map((warning) => `${NAME}: ${warning}\n`).join('');
    if ('problem' in step) return exit('', `${warnings}${NAME}: ${step.problem}\n`);
    options = step.options;
  }
  return { kind: 'run', options, warnings };
}

/** Usage and version are failures to upstream. */
function exit(stdout: string, stderr: string): CommandLine {
  return { kind: 'exit', result: { exitCode: 1, stdout, stderr: Buffer.from(stderr).toString('latin1') } };
}

function apply(options: QnetdOptions, letter: string, value: string, groups: GroupLookup): Step {
  switch (letter) {
    case '4':
      return { options: { ...options, family: 4 } };
    case '6':
      return { options: { ...options, family: 6 } };
    case 'd':
      return { options: { ...options, syslogDebugAsInfo: options.logLevel === 'debug', logLevel: 'debug' } };
    case 'f':
      return { options: { ...options, foreground: true } };
    case 'l':
      return { options: { ...options, listenAddress: value } };
    case 'S':
      return applyAdvanced(options, value, groups);
    default:
      return applyChecked(options, letter, value);
  }
}

function applyChecked(options: QnetdOptions, letter: string, value: string): Step {
  const { arbiter } = options;
  if (letter === 'p') {
    const port = wholeNumber(value);
    if (port === undefined || port < 1 || port > 65_535) return { problem: 'host port must be in range 1-65535' };
    return { options: { ...options, port: Number(port) } };
  }
  if (letter === 'm') {
    const maxClients = wholeNumber(value);
    if (maxClients === undefined || maxClients < 0) return { problem: `max clients value ${value} is invalid` };
    return { options: { ...options, arbiter: { ...arbiter, maxClients: Number(maxClients) } } };
  }
  if (letter === 's') {
    const tls = Object.hasOwn(TLS_MODES, value.toLowerCase()) ? TLS_MODES[value.toLowerCase()] : undefined;
    if (tls === undefined) return { problem: 'tls must be one of on, off, req' };
    return { options: { ...options, arbiter: { ...arbiter, tls } } };
  }
  const clientCertRequired = onOff(value);
  if (clientCertRequired === undefined) return { problem: 'client_cert_required should be on/yes/1, off/no/0' };
  return { options: { ...options, arbiter: { ...arbiter, clientCertRequired } } };
}

function applyAdvanced(options: QnetdOptions, list: string, groups: GroupLookup): Step {
  const { settings, warnings, problem } = advancedSettings(list, groups);
  if (problem !== undefined) return { problem, warnings };
  return { options: withAdvancedSettings(options, settings), warnings };
}

function versionText(): string {
  const algorithms = algorithmNames().map((name) => `${ALGORITHM_TEXT[name]} (${DECISION_ALGORITHM[name]})`);
  const messages = Object.values(MESSAGES).map(({ printedName, code }) => `${printedName} (${code})`);
  return [
    `Corosync Qdevice Network Daemon, version '${packageVersion()}' (qdevice for Node.js)`,
    '',
    `Supported algorithms: ${algorithms.join(', ')}`,
    `Supported message types: ${messages.join(', ')}`,
    '',
  ].join('\n');
}

function algorithmNames(): DecisionAlgorithm[] {
  const names: DecisionAlgorithm[] = [];
  let name: DecisionAlgorithm;
  for (name in ALGORITHMS) names.push(name);
  return names;
}
