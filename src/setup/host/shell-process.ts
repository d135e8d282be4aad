/** One `sh`, here or at the other end of an ssh, that is given a script and read to its end. */
import { spawn } from 'node:child_process';
import { framedScript } from './framed-script.ts';
import { HostLost, RUN_TIMEOUT_MS, type RunOptions, type ScriptResult } from './host.ts';

export interface ShellCommand {
  readonly hostName: string;
  /** Starts a shell that reads its script from standard input. */
  readonly argv: readonly [string, ...string[]];
  /** Goes before the script: what sudo asks for. */
  readonly firstLine?: string;
}

const STDERR_SHOWN = 300;
const STDERR_BYTES_MAX = 100_000;
/** No script here prints more than some corosync.conf and certificates. */
const PRINTED_BYTES_MAX = 16_000_000;

/** In a process group of its own: Ctrl-C is for us, who have to put things back by the same connections. */
export function runInShell(command: ShellCommand, script: string, options: RunOptions): Promise<ScriptResult> {
  const framed = framedScript(script, options);
  const [program, ...args] = command.argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', detached: true });
    let stdout = '';
    let stderr = '';
    let ended: string | undefined;
    const end = (why: string) => {
      ended ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end('no answer in time'), options.timeoutMs ?? RUN_TIMEOUT_MS);
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      if (ended === undefined) stdout += text;
      if (stdout.length > PRINTED_BYTES_MAX) end('it prints without end');
    });
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      stderr = `${stderr}${text}`.slice(-STDERR_BYTES_MAX);
    });
    child.stdin.on('error', () => undefined); // a connection that breaks is seen by the missing end mark
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new HostLost(command.hostName, error.message));
    });
    child.on('close', () => {
      clearTimeout(timer);
      const result = framed.read(stdout, stderr);
      if (result !== undefined) return resolve(result);
      const reason = ended ?? (stderr.trim().slice(-STDERR_SHOWN) || 'closed by the other end');
      reject(new HostLost(command.hostName, reason.replaceAll(/\s+/g, ' ')));
    });
    const firstLine = command.firstLine === undefined ? '' : `${command.firstLine}\n`;
    child.stdin.end(`${firstLine}${framed.text}`, 'utf8');
  });
}
