/** Where a command prints: lines without their end, so that tests can collect them. */
import { OperatorError } from '../runtime/errors.ts';
import { wrapped } from '../status/text-layout.ts';

export interface Output {
  out(line: string): void;
  err(line: string): void;
}

export function processOutput(): Output {
  allowReadersToLeave();
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  };
}

/** A reader that has heard enough (`| head -1`) is not an error. */
export function allowReadersToLeave(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Tells an operator's mistake and returns the exit code for it. Any other error is a bug, and goes on. */
export function reportMistake(error: unknown, output: Output): number {
  if (!(error instanceof OperatorError)) throw error;
  const lines = process.stderr.isTTY === true ? wrapped(error.message, '') : [error.message];
  for (const line of lines) output.err(line);
  return error.exitCode;
}
