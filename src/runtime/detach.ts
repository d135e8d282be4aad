/**
 * Leaving the terminal. Node.js cannot fork, so the program starts itself once more in a session of its own and waits
 * until that process says over a pipe that it serves, or why it does not. Unlike upstream's parent, which has returned
 * success long before, this one fails when the service fails to start.
 */
import { spawn } from 'node:child_process';
import { OperatorError } from './errors.ts';

/** Set for the process that serves; what it starts does not inherit it. */
const MARK = 'QDEVICE_DETACHED';

type Outcome = { readonly ready: true } | { readonly ready: false; readonly problem: string; readonly remedy: string };

/** True in the process that startDetached() started. */
export function isDetached(): boolean {
  return process.env[MARK] === '1' && process.connected;
}

/** Resolves when the detached service is ready; throws its OperatorError if it cannot be. */
export async function startDetached(): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  const outcome = await new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (message) => resolve(outcomeOf(message)));
    // Not 'exit', which may come before the last message.
    child.once('disconnect', () => {
      resolve({
        ready: false,
        problem: 'The service ended while it started, without a word.',
        remedy: 'See the system log, or start it with -f to see what it says.',
      });
    });
  });
  if (child.connected) child.disconnect();
  child.unref();
  if (!outcome.ready) throw new OperatorError(outcome.problem, outcome.remedy);
}

/** Tells the process that waits in startDetached(). */
export async function tellStarter(failure?: OperatorError): Promise<void> {
  delete process.env[MARK];
  const outcome: Outcome =
    failure === undefined ? { ready: true } : { ready: false, problem: failure.problem, remedy: failure.remedy };
  await new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    // A starter that was killed meanwhile is no reason to stop serving.
    else process.send(outcome, () => resolve());
  });
  if (process.connected) process.disconnect();
}

function outcomeOf(message: unknown): Outcome {
  if (typeof message === 'object' && message !== null && 'ready' in message) {
    if (message.ready === true) return { ready: true };
    if ('problem' in message && 'remedy' in message) {
      return { ready: false, problem: String(message.problem), remedy: String(message.remedy) };
    }
  }
  return { ready: false, problem: 'The service said something unknown while it started.', remedy: 'Start it with -f.' };
}
