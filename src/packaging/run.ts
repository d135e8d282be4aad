/** Starts a program of the build and waits for it; what it says is shown only when it fails. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OperatorError } from '../runtime/errors.ts';

const OUTPUT_BYTES_MAX = 1 << 24;

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Its standard output. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  try {
    const settings = { ...options, maxBuffer: OUTPUT_BYTES_MAX, encoding: 'utf8' as const };
    return (await promisify(execFile)(program, args, settings)).stdout;
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new OperatorError(
      `${program} ${args[0] ?? ''} failed${said === '' ? '' : `: ${said}`}.`,
      `Check that ${program} is installed and try again.`,
      1,
      { cause },
    );
  }
}
