/** A named step: what it was like before goes into the journal, so that undoing works after a power failure as well. */

/** Plain data, as JSON keeps it. */
export type Before = Readonly<Record<string, string | boolean | null>>;

export interface Step {
  readonly id: string;
  /** What it will do, as people read it before it is done. */
  readonly title: string;
  /** undefined: it changes nothing, so there is nothing to undo. */
  readonly undoTitle: string | undefined;
  /** It must not be undone while one of these later steps is not. */
  readonly undoneAfter?: { readonly ids: readonly string[]; readonly because: string };
  look(): Promise<Before>;
  /** May have been cut off in the middle, or done: it is done again then. */
  run(): Promise<void>;
  /** Also after a run that was cut off. */
  undo(before: Before): Promise<void>;
}

/** Something is not as it has to be to go on: what, and what to do about it. */
export class StepProblem extends Error {
  override readonly name = 'StepProblem';
  readonly problem: string;
  readonly remedy: string;

  constructor(problem: string, remedy: string) {
    super(`${problem} ${remedy}`);
    this.problem = problem;
    this.remedy = remedy;
  }
}

/** On all at once. When one fails the others are waited for, so that nothing goes on behind the back of the undoing. */
export async function onAll<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const outcomes = await Promise.allSettled(items.map(work));
  const results: R[] = [];
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason;
    results.push(outcome.value);
  }
  return results;
}

/** In their order. When one fails the others still have their turn, and the first failure is thrown at the end. */
export async function oneByOne<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await work(item).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
