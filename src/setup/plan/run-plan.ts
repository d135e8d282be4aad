/** Runs steps in order; whatever goes wrong, those begun are undone in reverse. */
import type { Journal, JournalStore } from './journal.ts';
import type { Step } from './step.ts';

export type Progress =
  | { readonly kind: 'begin' | 'done' | 'undo' | 'undone'; readonly step: Step }
  | { readonly kind: 'failed' | 'notUndone'; readonly step: Step; readonly error: unknown };

export interface Run {
  readonly operation: string;
  readonly plan: unknown;
  readonly steps: readonly Step[];
  /** After all steps: what was kept for undoing goes. */
  tidy(): Promise<void>;
}

export interface RunServices {
  readonly journal: JournalStore;
  readonly report: (progress: Progress) => void;
  /** Aborted: somebody wants it to stop, and all to be as before. */
  readonly signal: AbortSignal;
}

export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'undone'; readonly error: unknown }
  /** Steps that are still as they were left: the journal is kept. */
  | { readonly kind: 'stuck'; readonly error: unknown; readonly notUndone: readonly { step: Step; error: unknown }[] };

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export async function runPlan(run: Run, services: RunServices): Promise<Outcome> {
  const { journal: store, report, signal } = services;
  let journal: Journal = { format: 1, operation: run.operation, plan: run.plan, entries: [], settled: false };
  for (const step of run.steps) {
    try {
      throwIfInterrupted(signal);
      report({ kind: 'begin', step });
      const before = await step.look();
      journal = { ...journal, entries: [...journal.entries, { id: step.id, before }] };
      await store.write(journal);
      await step.run();
      throwIfInterrupted(signal);
      report({ kind: 'done', step });
    } catch (error) {
      report({ kind: 'failed', step, error });
      return await undoRun(run, journal, services, error);
    }
  }
  await store.write({ ...journal, settled: true });
  await run.tidy();
  await store.remove();
  return { kind: 'done' };
}

/** Undoes what a journal says was begun; for a run that failed, or one that was killed and left its journal. */
export async function undoRun(
  run: Run,
  journal: Journal,
  { journal: store, report }: RunServices,
  error: unknown,
): Promise<Outcome> {
  const notUndone: { step: Step; error: unknown }[] = [];
  for (const { id, before } of journal.entries.toReversed()) {
    const step = run.steps.find((candidate) => candidate.id === id);
    if (step?.undoTitle === undefined) continue;
    report({ kind: 'undo', step });
    try {
      await step.undo(before);
      report({ kind: 'undone', step });
    } catch (cause) {
      report({ kind: 'notUndone', step, error: cause });
      notUndone.push({ step, error: cause });
    }
  }
  if (notUndone.length > 0) return { kind: 'stuck', error, notUndone };
  await run.tidy();
  await store.remove();
  return { kind: 'undone', error };
}

/** For the journal that an earlier run left. */
export async function recover(run: Run, journal: Journal, services: RunServices): Promise<Outcome> {
  if (!journal.settled)
    return await undoRun(run, journal, services, new Interrupted('The run that was cut off could not be undone.'));
  await run.tidy();
  await services.journal.remove();
  return { kind: 'done' };
}

function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted('It was stopped.');
}
