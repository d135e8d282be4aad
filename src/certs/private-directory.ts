/** A directory for key material in passing: nobody else can look in, and it is gone afterwards, whatever happens. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** The listeners of every directory that is open now. */
const OURS = new Set<(...args: never[]) => void>();

export async function withPrivateDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'qnetd-import-')); // mode 0700
  const clean = (): void => rmSync(directory, { recursive: true, force: true });
  // A program without a handler of its own would die of the signal before `finally` runs. One with a handler goes on,
  // at least for a while, and the work with it.
  const dieClean = (signal: NodeJS.Signals): void => {
    if (!process.listeners(signal).every((listener) => OURS.has(listener))) return;
    clean();
    forget();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const forget = (): void => {
    process.off('exit', clean);
    for (const signal of SIGNALS) process.off(signal, dieClean);
    OURS.delete(dieClean);
  };
  OURS.add(dieClean);
  process.on('exit', clean);
  for (const signal of SIGNALS) process.on(signal, dieClean);
  try {
    return await work(directory);
  } finally {
    forget();
    await rm(directory, { recursive: true, force: true });
  }
}
