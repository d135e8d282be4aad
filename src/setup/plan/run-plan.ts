/** Runs steps in order; whatever goes wrong, those begun are undone in reverse. */
import { HostLost } from '../host/host.ts';
import type { Journal, JournalStore } from './journal.ts';
import { type Step, StepProblem } from './step.ts';

export type Progress =
  | { readonly kind: 'begin' | 'done' | 'undo' | 'undone'; readonly step: Step }
  | { readonly kind: 'failed' | 'notUndone'; readonly step: Step; readonly error: unknown }
  | { readonly kind: 'notReleased'; readonly error: unknown };

export interface Run {
  readonly operation: string;
  readonly plan: unknown;
  readonly steps: readonly Step[];
  /** Before anything else: no other run may work on the same hosts. */
  claim(): Promise<void>;
  /** Before the first step: what an older run kept would be taken for what was before this one. */
  clean(): Promise<void>;
  /** In the end: what was kept for undoing goes, and other runs may come. */
  release(): Promise<void>;
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
  | { readonly kind: 'stuck'; readonly error: unknown; readonly notUndone: readonly NotUndone[] };

export interface NotUndone {
  readonly title: string;
  readonly error: unknown;
}

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export async function runPlan(run: Run, services: RunServices): Promise<Outcome> {
  const { journal: store, report, signal } = services;
  let journal: Journal = { format: 1, operation: run.operation, plan: run.plan, entries: [], settled: false };
  await store.write(journal);
  try {
    await run.claim();
    await run.clean();
  } catch (error) {
    return await undoRun(run, journal, services, error);
  }
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
  try {
    await store.write({ ...journal, settled: true });
  } catch (error) {
    return await undoRun(run, journal, services, error); // the next run would find it unfinished, and undo it then
  }
  return await finish(run, services);
}

/** The work is done, and stays done when somebody cannot be told that it is. */
async function finish(run: Run, { journal: store, report }: RunServices): Promise<Outcome> {
  try {
    await twice(() => run.release());
    await store.remove();
  } catch (error) {
    report({ kind: 'notReleased', error });
  }
  return { kind: 'done' };
}

/** Undoes what a journal says was begun; for a run that failed, or one that was killed and left its journal. */
export async function undoRun(
  run: Run,
  journal: Journal,
  { journal: store, report }: RunServices,
  error: unknown,
): Promise<Outcome> {
  const notUndone: NotUndone[] = [];
  const left = new Set<string>();
  for (const { id, before } of journal.entries.toReversed()) {
    const step = run.steps.find((candidate) => candidate.id === id);
    if (step?.undoTitle === undefined) continue;
    const { undoneAfter } = step;
    if (undoneAfter?.ids.some((later) => left.has(later))) {
      const held = new StepProblem(undoneAfter.because, 'Start again once the rest can be undone.');
      report({ kind: 'notUndone', step, error: held });
      notUndone.push({ title: step.undoTitle, error: held });
      continue;
    }
    report({ kind: 'undo', step });
    try {
      await twice(() => step.undo(before));
      report({ kind: 'undone', step });
    } catch (cause) {
      report({ kind: 'notUndone', step, error: cause });
      left.add(id);
      notUndone.push({ title: step.undoTitle, error: cause });
    }
  }
  if (notUndone.length > 0) return { kind: 'stuck', error, notUndone };
  try {
    await twice(() => run.release());
    await store.remove();
  } catch (cause) {
    return {
      kind: 'stuck',
      error,
      notUndone: [{ title: 'all hosts: delete what was kept for undoing', error: cause }],
    };
  }
  return { kind: 'undone', error };
}

/** For the journal that an earlier run left, whose claims hold until it is undone. */
export async function recover(run: Run, journal: Journal, services: RunServices): Promise<Outcome> {
  if (journal.settled) return await finish(run, services);
  return await undoRun(run, journal, services, new Interrupted('The run that was cut off could not be undone.'));
}

/** A connection may be long lost and be found so only now; what can be done again is done by a new one. */
async function twice(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HostLost)) throw error;
    await work();
  }
}

function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted('It was stopped.');
}
