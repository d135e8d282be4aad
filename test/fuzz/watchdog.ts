/**
 * Keeps the input that a target never comes back from. It runs in a thread of its own, because the one that hangs can do nothing, and
 * ends the process: an endless loop cannot be left in another way.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { writeFind } from './finds.ts';
import type { FuzzTarget } from './target.ts';

const HANG_MS = 20_000;
const LOOK_MS = 1000;
const SLOTS = { calls: 0, running: 1, bytes: 2, target: 3 } as const;
const HEAD_BYTES = 16;
const INPUT_BYTES_MAX = 65_536;

/** Node 20 does not hand the loader of TypeScript on to a thread: it has to be brought along. */
const START = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
  register();
  return import(${JSON.stringify(import.meta.url)});
});`;

interface Watched {
  readonly shared: SharedArrayBuffer;
  readonly names: readonly string[];
}

export class Watchdog {
  readonly #slots: Int32Array;
  readonly #input: Uint8Array;
  readonly #names: readonly string[];
  readonly #worker: Worker;

  constructor(targets: readonly FuzzTarget[]) {
    const shared = new SharedArrayBuffer(HEAD_BYTES + INPUT_BYTES_MAX);
    this.#names = targets.map(({ name }) => name);
    this.#slots = new Int32Array(shared, 0, HEAD_BYTES / 4);
    this.#input = new Uint8Array(shared, HEAD_BYTES);
    this.#worker = new Worker(START, { eval: true, workerData: { shared, names: this.#names } satisfies Watched });
  }

  begin({ name }: FuzzTarget, input: Uint8Array): void {
    this.#input.set(input);
    this.#slots[SLOTS.bytes] = input.length;
    this.#slots[SLOTS.target] = this.#names.indexOf(name);
    Atomics.store(this.#slots, SLOTS.running, 1);
  }

  end(): void {
    Atomics.store(this.#slots, SLOTS.running, 0);
    Atomics.add(this.#slots, SLOTS.calls, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

function watch({ shared, names }: Watched): void {
  const slots = new Int32Array(shared, 0, HEAD_BYTES / 4);
  let calls = -1;
  let stillMs = 0;
  setInterval(() => {
    const now = Atomics.load(slots, SLOTS.calls);
    stillMs = now === calls && Atomics.load(slots, SLOTS.running) === 1 ? stillMs + LOOK_MS : 0;
    calls = now;
    if (stillMs < HANG_MS) return;
    const input = new Uint8Array(shared, HEAD_BYTES, slots[SLOTS.bytes]);
    const path = writeFind(
      names[slots[SLOTS.target] ?? 0] ?? '',
      Uint8Array.from(input),
      `no end within ${HANG_MS} ms`,
    );
    process.stderr.write(`${path}: no end within ${HANG_MS} ms; the search ends here.\n`);
    process.kill(process.pid, 'SIGKILL');
  }, LOOK_MS);
}

if (!isMainThread) watch(workerData);
