/**
 * Who may be casting a vote, on disk: one small file a cluster, so that an arbiter that is started again knows it. A
 * file that cannot be read is as good as none: its cluster waits until a vote could have run out.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordedGrant } from '../arbiter/safety/ledger.ts';
import { readRecord, recordText } from '../arbiter/safety/record-text.ts';
import type { ByteString } from '../protocol/values.ts';
import { hasErrorCode, removeDeadTemporaries, writeFileAtomic } from '../runtime/atomic-file.ts';
import { codeOf } from '../runtime/error-text.ts';
import type { LogSink } from './log-lines.ts';

export interface RecordStore {
  /** `done`: it is safe on disk, in place of what was there; `failure`: it is not, and why. */
  write(cluster: ByteString, grants: readonly RecordedGrant[], done: (failure?: string) => void): void;
  remove(cluster: ByteString): void;
}

export type RecordsByCluster = ReadonlyMap<ByteString, readonly RecordedGrant[]>;

const ENDING = '.json';
/** Of the part that shows the cluster's name; file systems take 255 bytes in all. */
const NAME_LENGTH_MAX = 200;
/** Larger than any record of a cluster that fits into a message. */
const FILE_BYTES_MAX = 8 << 20;

/** Nothing outside letters, digits, `_` and `-` is left of a cluster's name, and no two names share a file. */
export function recordFileName(cluster: ByteString): string {
  const safe = cluster.replace(/[^A-Za-z0-9_-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  if (safe !== '' && safe.length <= NAME_LENGTH_MAX) return `${safe}${ENDING}`;
  return `%${createHash('sha256').update(cluster, 'latin1').digest('hex')}${ENDING}`;
}

export function recordsIn(directory: string): RecordStore {
  const put = async (cluster: ByteString, grants: readonly RecordedGrant[]) => {
    const path = join(directory, recordFileName(cluster));
    const text = recordText({ cluster, grants });
    try {
      await writeFileAtomic(path, text, { mode: 0o640 });
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT')) throw error;
      // It was taken away meanwhile, or was not there yet.
      await mkdir(directory, { recursive: true, mode: 0o750 });
      await writeFileAtomic(path, text, { mode: 0o640 });
    }
  };
  const running = new Map<ByteString, Promise<void>>();
  // One at a time for each file: a removal that is late must not take away the record that was written after it.
  const inTurn = (cluster: ByteString, work: () => Promise<void>) => {
    const mine = (running.get(cluster) ?? Promise.resolve()).then(work).finally(() => {
      if (running.get(cluster) === mine) running.delete(cluster);
    });
    running.set(cluster, mine);
  };
  return {
    write(cluster, grants, done) {
      inTurn(cluster, () =>
        put(cluster, grants).then(
          () => done(),
          (error: unknown) => done(error instanceof Error ? error.message : String(error)),
        ),
      );
    },
    remove(cluster) {
      // What stays there costs a few bytes, and at worst a wait.
      inTurn(cluster, () => rm(join(directory, recordFileName(cluster)), { force: true }).catch(() => undefined));
    },
  };
}

export async function loadRecords(directory: string, log: LogSink): Promise<RecordsByCluster> {
  await removeDeadTemporaries(directory);
  const found = new Map<ByteString, readonly RecordedGrant[]>();
  for (const file of await readdir(directory).catch(() => [])) {
    if (!file.endsWith(ENDING)) continue;
    const path = join(directory, file);
    try {
      const { size } = await stat(path);
      const record = size > FILE_BYTES_MAX ? undefined : readRecord(await readFile(path, 'utf8'));
      if (record !== undefined && recordFileName(record.cluster) === file) found.set(record.cluster, record.grants);
      else log.warn({ path }, 'no record of who held the vote: its cluster waits before it gets one, or is complete');
    } catch (error) {
      log.warn({ path, code: codeOf(error) }, 'a record of who held the vote cannot be read');
    }
  }
  return found;
}

/** The twin that keeps nothing beyond the process; it is done at once. */
export function memoryRecords(): RecordStore & { readonly written: Map<ByteString, readonly RecordedGrant[]> } {
  const written = new Map<ByteString, readonly RecordedGrant[]>();
  return {
    written,
    write(cluster, grants, done) {
      written.set(cluster, grants);
      done();
    },
    remove: (cluster) => void written.delete(cluster),
  };
}
