import { allowReadersToLeave } from './output.ts';

/** What a short command has to say, so that it can be tested without a process around it. */
export interface CommandResult {
  readonly exitCode: number;
  /** One character a byte: names of clusters pass through as they are. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Writes it out and lets the process end by itself, so that nothing is cut off in a pipe. */
export function finish(result: CommandResult): void {
  allowReadersToLeave();
  if (result.stdout !== '') process.stdout.write(result.stdout, 'latin1');
  if (result.stderr !== '') process.stderr.write(result.stderr, 'latin1');
  process.exitCode = result.exitCode;
}
