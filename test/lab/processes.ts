/**
 * Starting and ending processes of this machine for the lab. A command is waited for with a deadline; a daemon is kept as an
 * object, and every signal goes to a process id that was read from the kernel, never to a name.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const COMMAND_DEADLINE_MS = 30_000;
const CHILD_POLL_MS = 5;
const CHILD_POLLS_MAX = 400;
const STOP_DEADLINE_MS = 15_000;

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end whatever the exit code; throws only when the command could not start or overran its deadline. */
export function tryRun(argv: readonly string[], input = '', deadlineMs = COMMAND_DEADLINE_MS): Promise<CommandResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('a command needs a program');
  return new Promise((resolve, reject) => {
    const options = { timeout: deadlineMs, killSignal: 'SIGKILL' as const, maxBuffer: 16 * 1024 * 1024 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ exitCode: 0, stdout, stderr });
      if (typeof error.code === 'number') return resolve({ exitCode: error.code, stdout, stderr });
      reject(new Error(`${argv.join(' ')}: ${error.killed === true ? 'took too long' : error.message}\n${stderr}`));
    });
    child.stdin?.on('error', () => undefined); // a command that never reads closes its end first
    child.stdin?.end(input);
  });
}

/** Runs to a successful end and gives what was printed. */
export async function run(argv: readonly string[], input = '', deadlineMs = COMMAND_DEADLINE_MS): Promise<string> {
  const result = await tryRun(argv, input, deadlineMs);
  if (result.exitCode === 0) return result.stdout;
  throw new Error(`${argv.join(' ')} ended with ${result.exitCode}\n${result.stderr}${result.stdout}`);
}

/** The only child of a process that forks once (nsenter, unshare), as seen from outside its namespace. */
export async function onlyChildOf(parent: ChildProcess): Promise<number> {
  for (let poll = 0; poll < CHILD_POLLS_MAX && parent.exitCode === null && parent.signalCode === null; poll += 1) {
    const file = `/proc/${parent.pid}/task/${parent.pid}/children`;
    const child = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : Number.NaN;
    if (Number.isInteger(child)) return child;
    await pause(CHILD_POLL_MS);
  }
  throw new Error(`process ${parent.pid} (${parent.spawnargs.join(' ')}) has no child`);
}

/** A daemon in the foreground behind a forking wrapper; its output is appended to one log file. */
export class Daemon {
  readonly argv: readonly string[];
  readonly #wrapper: ChildProcess;
  readonly #pid: number;
  readonly #ended: Promise<unknown>;

  private constructor(argv: readonly string[], wrapper: ChildProcess, pid: number, ended: Promise<unknown>) {
    this.argv = argv;
    this.#wrapper = wrapper;
    this.#pid = pid;
    this.#ended = ended;
  }

  static async start(enter: readonly string[], argv: readonly string[], logFile: string): Promise<Daemon> {
    const [program, ...args] = [...enter, ...argv];
    if (program === undefined) throw new Error('a daemon needs a program');
    const log = openSync(logFile, 'a', 0o600);
    const wrapper = spawn(program, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    const ended = once(wrapper, 'exit');
    return new Daemon(argv, wrapper, await onlyChildOf(wrapper), ended);
  }

  get running(): boolean {
    return this.#wrapper.exitCode === null && this.#wrapper.signalCode === null;
  }

  /** The daemon itself, as this machine counts processes. */
  get pid(): number {
    return this.#pid;
  }

  /** Waits for an end that the daemon comes to by itself, and says how it ended. */
  async end(deadlineMs: number): Promise<number | string | undefined> {
    await this.#endsWithin(deadlineMs);
    return this.outcome;
  }

  /** How it ended: an exit code, or the name of a signal. */
  get outcome(): number | string | undefined {
    return this.#wrapper.exitCode ?? this.#wrapper.signalCode ?? undefined;
  }

  /** Ends it and waits until the kernel has closed everything it held. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.running) return;
    this.#signal(signal);
    if (await this.#endsWithin(STOP_DEADLINE_MS)) return;
    this.#signal('SIGKILL');
    await this.#ended;
    throw new Error(`${this.argv.join(' ')} did not end ${STOP_DEADLINE_MS} ms after ${signal}`);
  }

  /** nsenter stops itself when it sees its child stopped, so both have to be woken again. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
    this.#wrapper.kill('SIGCONT');
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.running) throw new Error(`${this.argv.join(' ')} is not running (ended with ${this.outcome})`);
    process.kill(this.#pid, signal);
    if (signal === 'SIGKILL') this.#wrapper.kill('SIGCONT'); // a wrapper stopped by freeze() still has to report the end
  }

  async #endsWithin(deadlineMs: number): Promise<boolean> {
    const cancel = new AbortController();
    const late = pause(deadlineMs, false, { signal: cancel.signal }).catch(() => false);
    const ended = this.#ended.then(() => true);
    const inTime = await Promise.race([ended, late]);
    cancel.abort();
    return inTime;
  }
}
