/**
 * Options and mistakes of the commands that yargs reads. An option that is given twice counts the last time; yargs would
 * make a list of it, whatever its type says.
 */
import { OperatorError } from '../runtime/errors.ts';

export function text(describe: string) {
  return { type: 'string', requiresArg: true, describe, coerce: last<string> } as const;
}

export function oneOf<T extends string>(choices: readonly T[], describe: string) {
  return { choices, requiresArg: true, describe, coerce: last<T> } as const;
}

export function last<T extends string | boolean>(value: T | readonly T[] | undefined): T | undefined {
  return isList(value) ? value.at(-1) : value;
}

export function isList<T>(value: T | readonly T[] | undefined): value is readonly T[] {
  return Array.isArray(value);
}

/** What to throw where yargs fails. It wraps some mistakes of usage into an error of its own, and passes others on. */
export function failureOf(command: string, message: string | undefined, error: Error | undefined): Error {
  if (error !== undefined && error.name !== 'YError') return error;
  const sentence = (message ?? String(error?.message)).trim().replaceAll(/\s*\n\s*/g, ' ');
  return new OperatorError(/[.!?]$/.test(sentence) ? sentence : `${sentence}.`, `See ${command} --help.`);
}

/** For --help: as wide as a terminal has it, and not wrapped for programs that read it. */
export function helpColumns(): number | null {
  return process.stdout.isTTY === true ? Math.min(process.stdout.columns ?? 80, 80) : null;
}
