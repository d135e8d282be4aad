/** The node's daemon in this process: corosync is a fake, everything else is the real part. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CmapValue } from '../../src/corosync/port.ts';
import { Daemon } from '../../src/qdevice/daemon.ts';
import { DEFAULT_QDEVICE_OPTIONS, type QdeviceOptions } from '../../src/qdevice/options.ts';
import { askLocalSocket } from '../../src/runtime/local-socket.ts';
import { RecordingServiceManager } from '../../src/runtime/service-manager.ts';
import type { Pair } from '../qnetd/certificates.ts';
import { type KeptLine, keptLog } from '../qnetd/rig.ts';
import { ScriptedCorosync } from './scripted-corosync.ts';

const WAIT_MS_MAX = 20_000;
const WAIT_STEP_MS = 5;

export interface NodeWishes {
  readonly keys: Readonly<Record<string, CmapValue>>;
  /** Written to the node's directory; none: there is none. */
  readonly certificates?: { readonly caPem: string; readonly pair?: Pair };
  readonly stateDir?: string;
  readonly options?: Partial<QdeviceOptions>;
}

export class TestNode {
  readonly corosync: ScriptedCorosync;
  readonly lines: KeptLine[];
  readonly manager = new RecordingServiceManager();
  readonly stateDir: string;
  /** Settled with the exit code, or the error that kept it from starting. */
  readonly ended: Promise<number | Error>;
  debug: boolean | undefined;
  readonly #directory: string;
  readonly #socket: string;
  readonly #stop = new AbortController();

  constructor({ keys, certificates, stateDir, options }: NodeWishes) {
    this.#directory = mkdtempSync(join(tmpdir(), 'qdevice-node-'));
    this.#socket = join(this.#directory, 'qdevice.sock');
    this.stateDir = stateDir ?? join(this.#directory, 'nssdb');
    this.corosync = new ScriptedCorosync(keys);
    if (certificates !== undefined) this.give(certificates);
    const { lines, sink } = keptLog();
    this.lines = lines;
    const run = Daemon.run(
      {
        ...DEFAULT_QDEVICE_OPTIONS,
        lockFile: join(this.#directory, 'qdevice.pid'),
        localSocket: { ...DEFAULT_QDEVICE_OPTIONS.localSocket, path: this.#socket },
        stateDir: this.stateDir,
        ...options,
      },
      {
        log: sink,
        setDebug: (debug) => {
          this.debug = debug;
        },
        manager: this.manager,
        connectCorosync: () => Promise.resolve(this.corosync),
        answer: (line, snapshot) => ({
          text: JSON.stringify(snapshot, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
          stop: line.startsWith('shutdown'),
        }),
      },
      this.#stop.signal,
    );
    this.ended = run.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  }

  give({ caPem, pair }: { readonly caPem: string; readonly pair?: Pair }): void {
    mkdirSync(this.stateDir, { recursive: true });
    writeFileSync(join(this.stateDir, 'ca.pem'), caPem);
    if (pair === undefined) return;
    writeFileSync(join(this.stateDir, 'cluster.key'), pair.keyPem, { mode: 0o600 });
    writeFileSync(join(this.stateDir, 'cluster.pem'), pair.certPem);
  }

  /** Registered, and in a ring. */
  async join(nodeIds: readonly number[], seq: bigint): Promise<void> {
    await until('the daemon listens to corosync', () => this.corosync.isTracked);
    this.corosync.ring(nodeIds, seq);
  }

  async snapshot(request = 'status'): Promise<Record<string, unknown>> {
    const { reply } = await askLocalSocket(this.#socket, `${request} \n`, { timeoutMs: 5_000, replyBytesMax: 100_000 });
    const parsed: unknown = JSON.parse(reply.toString());
    assert.ok(typeof parsed === 'object' && parsed !== null);
    return { ...parsed };
  }

  /** The newest line with this message. */
  line(message: string): KeptLine | undefined {
    return this.lines.findLast((line) => line.message === message);
  }

  /** Why there was no connection, as the log says it. */
  get lastDetail(): string {
    return String(this.lines.findLast(({ fields }) => 'detail' in fields)?.fields['detail'] ?? '');
  }

  async stop(): Promise<number | Error> {
    this.#stop.abort();
    const outcome = await this.ended;
    rmSync(this.#directory, { recursive: true, force: true });
    return outcome;
  }
}

/** Bounded by far more than it takes; how long it takes is not judged. */
export async function until(what: string, holds: () => boolean, describe: () => unknown = () => ''): Promise<void> {
  for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += WAIT_STEP_MS) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, WAIT_STEP_MS));
  }
  assert.fail(`not within ${WAIT_MS_MAX} ms: ${what} ${JSON.stringify(describe())}`);
}
