/**
 * What a run has begun and finished, written down before it is done. A run that was killed is undone, or if it had come
 * to its end finished, by the next one. It holds no secret.
 */
import type { Before } from './step.ts';

export interface JournalEntry {
  readonly id: string;
  readonly before: Before;
}

export interface Journal {
  readonly format: 1;
  readonly operation: string;
  /** What the steps were built from. */
  readonly plan: unknown;
  readonly entries: readonly JournalEntry[];
  /** Everything is done but tidying up: nothing is undone any more. */
  readonly settled: boolean;
}

export interface JournalStore {
  write(journal: Journal): Promise<void>;
  remove(): Promise<void>;
}
