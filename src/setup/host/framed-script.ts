/**
 * Login shells print, so what a script prints is found between two marks, and its exit code behind the second. Without
 * the second it is not known how far the script came.
 */
import { randomBytes } from 'node:crypto';
import type { RunOptions, ScriptResult } from './host.ts';

export interface FramedScript {
  /** For the standard input of `sh`. */
  readonly text: string;
  /** undefined: it did not come to its end. */
  read(stdout: string, stderr: string): ScriptResult | undefined;
}

/** Shells of a connection have no login behind them and miss the places of administrators' programs. */
const PROLOGUE =
  'PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; LC_ALL=C; export PATH LC_ALL; umask 077';

export function framedScript(body: string, { input }: RunOptions): FramedScript {
  const mark = `qdevice-${randomBytes(12).toString('hex')}`;
  const [begin, end] = [`${mark}-begin`, `${mark}-end`];
  const given = input === undefined ? '' : inputFunction(input, mark);
  return {
    text: `${PROLOGUE}\nprintf '\\n%s\\n' ${begin}\n(\n${given}\n${body}\n) </dev/null\nprintf '\\n%s %d\\n' ${end} $?\n`,
    read(stdout, stderr) {
      const from = stdout.indexOf(`\n${begin}\n`);
      const match = new RegExp(`\\n${end} (\\d+)\\n`).exec(stdout);
      if (from < 0 || match === null) return undefined;
      const printed = stdout.slice(from + begin.length + 2, Math.max(match.index, from + begin.length + 2));
      return { exitCode: Number(match[1]), stdout: printed, stderr };
    },
  };
}

function inputFunction(input: Uint8Array, mark: string): string {
  const base64 = Buffer.from(input).toString('base64').replaceAll(/.{76}/g, '$&\n');
  return `input() { base64 -d <<'${mark}'\n${base64}\n${mark}\n}`;
}
