/** A test's end of an agent on a host. Everything waited for has a limit, and a failure tells what was heard so far. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Heard } from './agent-commands.ts';
import type { Host } from './hosts.ts';

const WAIT_MS_MAX = 20_000;
const AGENT = new URL('./agent.ts', import.meta.url).pathname;
const TSX = import.meta.resolve('tsx');

export class RealNode {
  readonly heard: Heard[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #replies: ((line: { reply: boolean; value?: unknown; error?: string }) => void)[] = [];
  #wake: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
  }

  /** `wrapper` is put before the agent's own command line. */
  static start(host: Host, ...wrapper: readonly string[]): RealNode {
    const [program = '', ...enter] = host.enter;
    const args = [...enter, ...wrapper, process.execPath, '--import', TSX, AGENT];
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const node = new RealNode(child);
    createInterface({ input: child.stdout }).on('line', (line) => node.#onLine(JSON.parse(line)));
    return node;
  }

  /** Gives the answer, or throws what the agent's call threw. */
  async ask(method: string, ...args: unknown[]): Promise<unknown> {
    const answer = new Promise<{ reply: boolean; value?: unknown; error?: string }>((resolve) => {
      this.#replies.push(resolve);
    });
    this.#child.stdin?.write(`${JSON.stringify([method, ...args])}\n`);
    const { reply, value, error } = await this.#within(`${method} to be answered`, answer);
    if (!reply) throw new Error(error);
    return value;
  }

  /** Waits until the condition holds for what was heard, from the given position on. */
  async until(what: string, holds: (heard: readonly Heard[]) => boolean, from = 0): Promise<void> {
    const timer = setTimeout(() => this.#wake(), WAIT_MS_MAX);
    const endMs = performance.now() + WAIT_MS_MAX;
    try {
      while (!holds(this.heard.slice(from))) {
        if (performance.now() >= endMs - 1) throw new Error(`not heard: ${what}\n${JSON.stringify(this.heard)}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The newest ring heard of, as arguments of castVote. */
  get ring(): readonly [leader: number, seq: string] {
    const newest = this.heard.findLast((heard) => heard.event === 'nodeList');
    if (newest === undefined) throw new Error('no ring was heard of');
    return [newest.leader, newest.seq];
  }

  /** As a crash would: nothing is undone. */
  async kill(): Promise<void> {
    const file = `/proc/${this.#child.pid}/task/${this.#child.pid}/children`;
    process.kill(Number.parseInt(readFileSync(file, 'utf8'), 10), 'SIGKILL');
    await this.#ended;
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#within('the agent to end', this.#ended);
  }

  async #within<T>(what: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), WAIT_MS_MAX);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #onLine(line: { reply?: boolean } & Record<string, unknown>): void {
    if (typeof line.reply === 'boolean') {
      this.#replies.shift()?.(line as { reply: boolean });
      return;
    }
    this.heard.push(line as unknown as Heard);
    this.#wake();
  }
}
