/** The daemon as a process of its own, with directories of its own and its log kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { defaultQnetdOptions, type QnetdOptions } from '../../src/qnetd/options.ts';
import type { Pair } from './certificates.ts';
import { NodeClient } from './node-client.ts';
import { authority, serverPair } from './rig.ts';

const PROGRAM = fileURLToPath(new URL('run-qnetd.ts', import.meta.url));
const TSX = ['--import', import.meta.resolve('tsx')];
const PATIENCE_MS = 30_000;

/** What has an end: a test, or a measurement. */
export interface Scope {
  after(what: () => unknown): void;
}

export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface DaemonWishes {
  readonly options?: Partial<QnetdOptions>;
  /** Put before the command, for another user. */
  readonly wrapper?: readonly string[];
  /** What the daemon makes itself instead of what the test lays out. */
  readonly ownCertificates?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Takes the lines instead of their being kept, but for the first few. */
  readonly onLine?: (line: Line) => void;
}

const FIRST_LINES = 20;

export class DaemonProcess {
  readonly options: QnetdOptions;
  readonly child: ChildProcess;
  readonly #lines: Line[] = [];
  #errors = '';
  readonly #ended: Promise<number | string>;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(options: QnetdOptions, { wrapper = [], env, onLine }: DaemonWishes) {
    this.options = options;
    const [program = process.execPath, ...args] = [
      ...wrapper,
      process.execPath,
      ...TSX,
      PROGRAM,
      JSON.stringify(options),
    ];
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: env ?? process.env });
    let half = '';
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (half + text).split('\n');
      half = lines.pop() ?? '';
      for (const text of lines) {
        const line: Line = JSON.parse(text);
        onLine?.(line);
        if (onLine === undefined || this.#lines.length < FIRST_LINES) this.#lines.push(line);
      }
      this.#wake?.();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#ended = once(this.child, 'close').then(([code, signal]) => {
      this.#isOver = true;
      this.#wake?.();
      return code ?? signal;
    });
  }

  get lines(): readonly Line[] {
    return this.#lines;
  }

  get errors(): string {
    return this.#errors;
  }

  /** The exit code, or the signal that killed it. */
  end(): Promise<number | string> {
    return this.#ended;
  }

  /** The first line with this message, now or later. */
  async line(msg: string): Promise<Line> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = this.#lines.find((line) => line.msg === msg);
      if (found !== undefined) return found;
      const told = `${this.#errors}${JSON.stringify(this.#lines)}`;
      if (this.#isOver || patience.aborted) throw new Error(`the daemon does not say '${msg}': ${told}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        patience.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Connected, PREINIT answered. */
  async introduced(): Promise<NodeClient> {
    const client = await NodeClient.connect(this.options.port);
    client.send('preinit', { msgSeqNumber: 1, clusterName: 'tst' });
    await client.answer();
    return client;
  }

  async kill(): Promise<void> {
    if (!this.#isOver) this.child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Options with directories and a port of their own, gone after the test. */
export async function ownOptions(t: Scope, wishes: DaemonWishes = {}): Promise<QnetdOptions> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'qnetd-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const directories = { stateDir: path.join(home, 'state'), runDir: path.join(home, 'run') };
  await mkdir(directories.runDir);
  if (wishes.ownCertificates !== true) await layOut(directories.stateDir, serverPair);
  return {
    ...defaultQnetdOptions(directories),
    listenAddress: '127.0.0.1',
    port: await freePort(),
    arbiter: DEFAULT_ARBITER_SETTINGS,
    logLevel: 'debug',
    ...wishes.options,
  };
}

/** The files that a start finds. */
export async function layOut(stateDir: string, server: Pair): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const files = {
    'ca.key': authority.keyPem,
    'ca.pem': authority.certPem,
    'server.key': server.keyPem,
    'server.pem': server.certPem,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(stateDir, name), text, { mode: 0o600 });
}

export function spawnDaemon(t: Scope, options: QnetdOptions, wishes: DaemonWishes = {}): DaemonProcess {
  const daemon = new DaemonProcess(options, wishes);
  t.after(() => daemon.kill());
  return daemon;
}

/** A daemon that serves. */
export async function startDaemon(t: Scope, wishes: DaemonWishes = {}): Promise<DaemonProcess> {
  const daemon = spawnDaemon(t, await ownOptions(t, wishes), wishes);
  await daemon.line('serving');
  return daemon;
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
