/**
 * A machine that setup works on, this one included: it runs scripts of the POSIX shell as root and nothing else, so that
 * nothing of ours has to be installed there. Scripts and what they are given travel by standard input: an argument list
 * is for everybody on that machine to read.
 */
export interface ScriptResult {
  readonly exitCode: number;
  /** One character a byte. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Bytes that the script gets by calling the function `input`. */
  readonly input?: Uint8Array;
  readonly timeoutMs?: number;
}

export interface Host {
  /** As an operator calls it. */
  readonly name: string;
  /** Rejects with HostLost when it cannot be known whether the script ran to its end. */
  run(script: string, options?: RunOptions): Promise<ScriptResult>;
  close(): Promise<void>;
}

export const RUN_TIMEOUT_MS = 60_000;

/** The connection, not the command, failed. */
export class HostLost extends Error {
  override readonly name = 'HostLost';
  readonly host: string;
  readonly reason: string;

  constructor(host: string, reason: string) {
    super(`the connection to ${host} is lost (${reason})`);
    this.host = host;
    this.reason = reason;
  }
}

/** A script ended with an exit code that its caller cannot go on with. */
export class ScriptFailed extends Error {
  override readonly name = 'ScriptFailed';
  readonly host: string;

  constructor(host: string, what: string, { exitCode, stdout, stderr }: ScriptResult) {
    const said = lastLines(stderr) || lastLines(stdout) || `exit code ${exitCode}`;
    super(`${what} failed on ${host}: ${said}`);
    this.host = host;
  }
}

/** Standard output of a script that has to succeed; `what` is for the message when it does not. */
export async function runOrThrow(host: Host, what: string, script: string, options?: RunOptions): Promise<string> {
  const result = await host.run(script, options);
  if (result.exitCode !== 0) throw new ScriptFailed(host.name, what, result);
  return result.stdout;
}

/** One word of a script, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

const LINES_SHOWN = 3;

function lastLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(-LINES_SHOWN)
    .join(' / ');
}
