/** An arbiter as a process of its own, Debian's or ours as built, and what the kernel says it has used. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeMessage } from '../../../src/protocol/encode.ts';

/** floor: a server that is nothing but Node.js's TLS (floor.ts). */
export type Kind = 'debian' | 'ours' | 'floor';

const FLOOR = fileURLToPath(new URL('floor.ts', import.meta.url));
const OURS = fileURLToPath(new URL('../../../dist/cli/bin/corosync-qnetd.js', import.meta.url));
/** As in the first line of ours. */
const OUR_NODE_ARGS = ['--max-semi-space-size=1', '--heap-growing-percent=10'];
const START_MS_MAX = 20_000;
const RETRY_MS = 2;
const PAGE_KB = 4;

export class Program {
  readonly port: number;
  /** From the start of the process to the first answer on the wire. */
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #directory: string;

  static async start(kind: Kind, switches: readonly string[], port: number, nodeArgs: readonly string[] = []) {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'qnetd-bench-'));
    const files = `lock_file=${directory}/pid,local_socket_file=${directory}/sock`;
    const [program = '', ...first] = commandOf(kind, nodeArgs);
    const args = [...first, '-f', '-4', '-l', '127.0.0.1', '-p', `${port}`, '-s', 'req', '-c', 'on'];
    const startedMs = performance.now();
    const child = spawn(program, [...args, ...switches, '-S', files], { stdio: 'ignore' });
    try {
      await answering(port, child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return new Program(child, directory, port, performance.now() - startedMs);
  }

  private constructor(child: ChildProcess, directory: string, port: number, startMs: number) {
    this.#child = child;
    this.#directory = directory;
    this.port = port;
    this.startMs = startMs;
  }

  /** By itself: upstream's can be killed by nodes that leave right after INIT, as they do when all come at once. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** CPU used so far by every thread, as the scheduler counts it. */
  cpuMs(): number {
    if (this.hasEnded) return Number.NaN;
    const threads = readdirSync(`/proc/${this.#child.pid}/task`);
    const used = (thread: string) =>
      Number(readFileSync(`/proc/${this.#child.pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    return threads.reduce((sum, thread) => sum + used(thread), 0) / 1e6;
  }

  residentKb(): number {
    return Number(readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1]) * PAGE_KB;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    if (!this.hasEnded) {
      const ended = once(this.#child, 'exit');
      this.#child.kill(signal);
      await ended;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function commandOf(kind: Kind, nodeArgs: readonly string[]): string[] {
  switch (kind) {
    case 'debian':
      return ['/usr/bin/corosync-qnetd'];
    case 'ours':
      return ours(nodeArgs);
    case 'floor':
      return [process.execPath, ...OUR_NODE_ARGS, '--import', 'tsx', FLOOR];
  }
}

/** As installed, with what its first line gives to Node.js; with other arguments for that, by hand. */
function ours(nodeArgs: readonly string[]): string[] {
  chmodSync(OURS, 0o755);
  return nodeArgs.length === 0 ? [OURS] : [process.execPath, ...nodeArgs, OURS];
}

/** Until a PREINIT is answered. */
async function answering(port: number, child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + START_MS_MAX;
  while (performance.now() < deadlineMs && child.exitCode === null) {
    const socket = net.connect(port, '127.0.0.1');
    const isAnswered = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('data', () => resolve(true));
      socket.once('connect', () => socket.write(encodeMessage('preinit', { msgSeqNumber: 1, clusterName: 'start' })));
    });
    socket.destroy();
    if (isAnswered) return;
    await pause(RETRY_MS);
  }
  throw new Error(`the arbiter does not serve port ${port}`);
}

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
