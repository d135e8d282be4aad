/** Runs a plan and puts its end into words. */
import { OperatorError } from '../../runtime/errors.ts';
import { ClaimHeld } from '../host/claimed-host.ts';
import { HostLost } from '../host/host.ts';
import { SshFailure } from '../host/ssh-failure.ts';
import { journalFile } from '../journal-file.ts';
import { JOURNAL } from '../paths.ts';
import { Interrupted, type Outcome, type Run, runPlan } from '../plan/run-plan.ts';
import { StepProblem } from '../plan/step.ts';
import { REACHING } from '../rules/sentences.ts';
import type { CommandOutcome, Operator } from './report.ts';

type Ending = Pick<CommandOutcome, 'outcome' | 'problem' | 'remedy' | 'notUndone'>;

export async function carryOut(run: Run, operator: Operator, signal: AbortSignal): Promise<Ending> {
  const services = { journal: journalFile(JOURNAL), report: operator.report.bind(operator), signal };
  return endingOf(await runPlan(run, services));
}

export function endingOf(outcome: Outcome): Ending {
  switch (outcome.kind) {
    case 'done':
      return { outcome: 'done' };
    case 'undone':
      return { outcome: 'undone', ...wordsOf(outcome.error) };
    case 'stuck':
      return {
        outcome: 'stuck',
        ...wordsOf(outcome.error),
        notUndone: outcome.notUndone.map(({ title, error }) => `${title}: ${wordsOf(error).problem}`),
      };
  }
}

export function wordsOf(error: unknown): { problem: string; remedy: string } {
  if (error instanceof StepProblem || error instanceof OperatorError) {
    return { problem: error.problem, remedy: error.remedy };
  }
  if (error instanceof Interrupted) return { problem: error.message, remedy: 'Start it again when you like.' };
  if (error instanceof ClaimHeld) return REACHING.F24({ from: error.from });
  const again = 'Mend that, then start again.';
  if (error instanceof HostLost) {
    return { problem: `The connection to ${error.host} was lost (${error.reason}).`, remedy: again };
  }
  if (error instanceof SshFailure) return { problem: `${sentence(error.message)}.`, remedy: again };
  if (error instanceof Error && error.name === 'ScriptFailed') {
    return { problem: `${sentence(error.message)}.`, remedy: again };
  }
  throw error; // a defect of this program
}

/** Commands keep their case. */
function sentence(text: string): string {
  const capital = text.startsWith('systemctl') ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return capital.replace(/\.$/, '');
}
