/** The journal as a file of this node. */
import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasErrorCode, writeFileAtomic } from '../runtime/atomic-file.ts';
import { OperatorError } from '../runtime/errors.ts';
import type { Journal, JournalEntry, JournalStore } from './plan/journal.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

export function journalFile(path: string): JournalStore {
  return {
    async write(journal) {
      try {
        await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
        await writeFileAtomic(path, `${JSON.stringify(journal, undefined, 2)}\n`, { mode: FILE_MODE });
      } catch (cause) {
        await rmdir(dirname(path)).catch(() => undefined);
        const problem = `What is done cannot be noted down in ${path} on this node (${cause instanceof Error ? cause.message : cause}).`;
        throw new OperatorError(problem, 'Make room on its disk, which `df -h` and `df -i` show, then retry.', 1, {
          cause,
        });
      }
    },
    async remove() {
      await rm(path, { force: true });
      // A run that was killed while it wrote leaves its temporary; under the lock of setup nobody else writes here.
      for (const name of await readdir(dirname(path)).catch(() => [])) {
        if (name.startsWith('.tmp-')) await rm(join(dirname(path), name), { force: true });
      }
      await rmdir(dirname(path)).catch(() => undefined); // something else may be in it
    },
  };
}

/** undefined: no run was cut off. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const journal = parseJournal(text);
  if (journal !== undefined) return journal;
  throw new OperatorError(
    `${path} tells of a run that was cut off, and cannot be read.`,
    'Use the qdevice of the version that wrote it.',
  );
}

/** undefined: no journal of this version. */
export function parseJournal(text: string): Journal | undefined {
  const journal: unknown = parsed(text);
  return isJournal(journal) ? journal : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isJournal(value: unknown): value is Journal {
  if (typeof value !== 'object' || value === null) return false;
  if (!('format' in value && 'operation' in value && 'plan' in value && 'entries' in value && 'settled' in value)) {
    return false;
  }
  const { format, operation, entries, settled } = value;
  if (format !== 1 || typeof operation !== 'string' || typeof settled !== 'boolean') return false;
  return Array.isArray(entries) && entries.every(isEntry);
}

function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== 'object' || value === null || !('id' in value && 'before' in value)) return false;
  const { id, before } = value;
  if (typeof id !== 'string' || typeof before !== 'object' || before === null) return false;
  return Object.values(before).every((each) => each === null || ['string', 'boolean'].includes(typeof each));
}
