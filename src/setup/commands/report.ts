/** What a command tells while it works and in the end; words, columns and JSON are made of it elsewhere. */
import type { Progress } from '../plan/run-plan.ts';
import type { Finding } from '../rules/finding.ts';

export type Report =
  | Progress
  | { readonly kind: 'say'; readonly text: string }
  /** What takes a moment; of interest only while it does. */
  | { readonly kind: 'busy'; readonly text: string }
  /** `force`: those that it is for are accepted. */
  | { readonly kind: 'findings'; readonly findings: readonly Finding[]; readonly force: boolean };

export interface Operator {
  report(report: Report): void;
  /** Before anything changes. */
  agrees(question: string): Promise<boolean>;
}

export interface CommandOutcome {
  readonly operation: string;
  /** `refused`: nothing was done. `planned`: nothing was to be done. `stuck`: something is not as it was. */
  readonly outcome: 'done' | 'refused' | 'planned' | 'undone' | 'stuck';
  readonly findings: readonly Finding[];
  readonly steps: readonly { readonly id: string; readonly title: string }[];
  /** What is wrong, and what to do, unless it is done. */
  readonly problem?: string;
  readonly remedy?: string;
  /** Where something is not as it was, and why. */
  readonly notUndone?: readonly string[];
  /** For the end of a run that is done. */
  readonly summary?: string;
}
