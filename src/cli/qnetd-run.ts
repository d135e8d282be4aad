/** What `qnetd run` was told, checked and put into the options. */
import type { VoteSafety } from '../arbiter/settings.ts';
import type { TlsSupport } from '../protocol/enums.ts';
import { type Directories, defaultQnetdOptions, type QnetdOptions } from '../qnetd/options.ts';
import { advancedSettings, type GroupLookup, wholeNumber } from '../runtime/advanced-settings.ts';
import { OperatorError } from '../runtime/errors.ts';
import type { LogLevel } from '../runtime/log.ts';
import { assertServing, withAdvancedSettings } from './qnetd-settings.ts';

/** As texts of the command line; undefined where nothing was said. */
export interface RunChoice {
  readonly listen?: string | undefined;
  readonly port?: string | undefined;
  readonly tls?: 'required' | 'on' | 'off' | undefined;
  readonly clientCert?: 'on' | 'off' | undefined;
  readonly maxClients?: string | undefined;
  readonly voteSafety?: VoteSafety | undefined;
  readonly logLevel?: LogLevel | undefined;
  /** Lists of advanced settings. */
  readonly advanced?: readonly string[] | undefined;
}

const TLS: Readonly<Record<'required' | 'on' | 'off', TlsSupport>> = {
  required: 'required',
  on: 'supported',
  off: 'unsupported',
};

/** Advanced settings come last: they name single files in the directories. */
export function runOptions(
  choice: RunChoice,
  directories: Directories,
  groups: GroupLookup,
): { options: QnetdOptions; warnings: readonly string[] } {
  const defaults = defaultQnetdOptions(directories);
  const { arbiter } = defaults;
  let options: QnetdOptions = {
    ...defaults,
    listenAddress: choice.listen,
    port: numberIn('--port', choice.port, 1, 65_535) ?? defaults.port,
    logLevel: choice.logLevel ?? defaults.logLevel,
    arbiter: {
      ...arbiter,
      tls: choice.tls === undefined ? arbiter.tls : TLS[choice.tls],
      clientCertRequired: choice.clientCert === undefined ? arbiter.clientCertRequired : choice.clientCert === 'on',
      maxClients: numberIn('--max-clients', choice.maxClients, 0, Number.MAX_SAFE_INTEGER) ?? arbiter.maxClients,
      voteSafety: choice.voteSafety ?? arbiter.voteSafety,
    },
  };
  const warnings: string[] = [];
  for (const list of choice.advanced ?? []) {
    const read = advancedSettings(list, groups);
    if (read.problem !== undefined) {
      throw new OperatorError(`${read.problem}.`, 'README.md lists the settings that -S takes.');
    }
    warnings.push(...read.warnings);
    options = withAdvancedSettings(options, read.settings);
  }
  assertServing(options);
  return { options, warnings };
}

function numberIn(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const read = wholeNumber(text);
  if (read !== undefined && read >= min && read <= max) return Number(read);
  throw new OperatorError(`${name} is ${text === '' ? 'empty' : text}.`, `Give a number from ${min} to ${max}.`);
}
