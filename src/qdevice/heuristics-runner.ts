/**
 * Runs the heuristics commands: all of a run at once, without a shell, each in a process group of its own. A run passes
 * when every command ended with status 0 in time; the first one that does not decides it at once. What is still running
 * then is asked to end and later killed, again and again until it is gone. Nothing is polled: the kernel says when a
 * process ends, and the only timers are those of runs and of processes that are overdue.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { commandWords } from '../member/command-line.ts';
import type { HeuristicsResult } from '../member/events.ts';
import type { HeuristicsCommand } from '../member/settings.ts';
import type { HeuristicsOptions } from './options.ts';

export interface HeuristicsRunnerOptions extends HeuristicsOptions {
  /** Never called from inside `start` or `abandon`, and not at all for a run that was abandoned. */
  readonly done: (run: number, result: HeuristicsResult) => void;
  /** Why a run fails. */
  readonly failed: (command: string, reason: string) => void;
}

interface Run {
  /** What has not ended yet. */
  readonly children: Set<Child>;
  readonly timer: NodeJS.Timeout;
  /** A command could not be started: whatever becomes of the others, the run fails. */
  doomed: boolean;
}

interface Child {
  readonly process: ChildProcess;
  readonly name: string;
  /** The run that still waits for it. */
  run: number | undefined;
  killTimer: NodeJS.Timeout | undefined;
}

/** What setTimeout can wait, in ms; beyond it fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class HeuristicsRunner {
  readonly #options: HeuristicsRunnerOptions;
  readonly #runs = new Map<number, Run>();
  /** Every process that has not ended, those of decided runs included. */
  readonly #alive = new Set<Child>();
  #onIdle: (() => void) | undefined;

  constructor(options: HeuristicsRunnerOptions) {
    this.#options = options;
  }

  start(run: number, commands: readonly HeuristicsCommand[], timeoutMs: number): void {
    const timer = setTimeout(() => this.#decide(run, 'fail', 'all commands', timeoutText(timeoutMs)), cut(timeoutMs));
    const found: Run = { children: new Set(), timer, doomed: false };
    this.#runs.set(run, found);
    for (const command of commands) {
      const child = this.#launch(run, command);
      if (typeof child === 'string') {
        found.doomed = true;
        setImmediate(() => this.#decide(run, 'fail', command.name, child));
        return;
      }
      found.children.add(child);
    }
    if (commands.length === 0) setImmediate(() => this.#decide(run, 'undefined'));
  }

  /** Its commands are ended; its result is nobody's. */
  abandon(run: number): void {
    const found = this.#runs.get(run);
    if (found === undefined) return;
    this.#runs.delete(run);
    clearTimeout(found.timer);
    for (const child of found.children) this.#end(child);
  }

  /** Abandons every run, and resolves when no process is left. Bounded by how fast the kernel can kill. */
  async close(): Promise<void> {
    for (const run of [...this.#runs.keys()]) this.abandon(run);
    if (this.#alive.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      for (const child of this.#alive) signal(child, 'SIGKILL');
    });
  }

  /** Returns why it cannot be started. */
  #launch(run: number, { name, line }: HeuristicsCommand): Child | string {
    const { searchPath, processesMax } = this.#options;
    const [program, ...args] = commandWords(line);
    if (program === undefined) return 'has no words';
    if (this.#alive.size >= processesMax) return `would be more than the ${processesMax} processes allowed`;
    // Without a slash spawn() would search PATH, which upstream does on request only.
    const file = searchPath || program.includes('/') ? program : `./${program}`;
    try {
      const process = spawn(file, args, { argv0: program, detached: true, stdio: 'ignore' });
      return this.#watch({ process, name, run, killTimer: undefined });
    } catch (error) {
      return `cannot be started (${error instanceof Error ? error.message : String(error)})`;
    }
  }

  #watch(child: Child): Child {
    this.#alive.add(child);
    child.process.once('error', (error) => this.#onEnd(child, `cannot be started (${error.message})`));
    child.process.once('exit', (code, signalName) => {
      if (code === 0) this.#onEnd(child, undefined);
      else this.#onEnd(child, code === null ? `was ended by ${signalName}` : `ended with status ${code}`);
    });
    return child;
  }

  #onEnd(child: Child, failure: string | undefined): void {
    if (!this.#alive.delete(child)) return;
    clearInterval(child.killTimer);
    if (child.run !== undefined) this.#onResult(child.run, child, failure);
    if (this.#alive.size === 0) this.#onIdle?.();
  }

  #onResult(run: number, child: Child, failure: string | undefined): void {
    const found = this.#runs.get(run);
    if (found === undefined) return;
    found.children.delete(child);
    if (failure !== undefined) this.#decide(run, 'fail', child.name, failure);
    else if (found.children.size === 0 && !found.doomed) this.#decide(run, 'pass');
  }

  #decide(run: number, result: HeuristicsResult, command = '', failure = ''): void {
    if (!this.#runs.has(run)) return;
    if (result === 'fail') this.#options.failed(command, failure);
    this.abandon(run);
    this.#options.done(run, result);
  }

  /** TERM now, KILL after a while and again after each further one. */
  #end(child: Child): void {
    child.run = undefined;
    signal(child, 'SIGTERM');
    child.killTimer = setInterval(() => signal(child, 'SIGKILL'), cut(this.#options.killIntervalMs));
  }
}

/** The whole group: a script's own children would otherwise outlive it. */
function signal({ process: { pid } }: Child, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has just ended; 'exit' follows.
  }
}

function timeoutText(timeoutMs: number): string {
  return `did not end within ${timeoutMs} ms`;
}

function cut(waitMs: number): number {
  return Math.min(waitMs, TIMER_MS_MAX);
}
