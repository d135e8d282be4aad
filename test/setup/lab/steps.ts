/**
 * A command of setup caught in each of its steps: the steps are those that the command itself names in a dry run, and
 * its journal tells when one of them has begun. A step that is new is thus covered without a word here.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Daemon } from '../../lab/processes.ts';
import type { Stage } from './stage.ts';

const JOURNAL = '/var/lib/qdevice/setup.json';
const STEP_MS_MAX = 60_000;
const POLL_MS = 2;
let started = 0;

/** What the command would do, by the ids of its steps. */
export async function stepsOf(stage: Stage, ...args: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await stage.qdevice(...args, '--dry-run', '--json');
  const planned: unknown = JSON.parse(stdout);
  if (!isPlan(planned)) throw new Error(`no steps in ${stdout}${stderr}`);
  return planned.steps.map(({ id }) => id);
}

export interface Caught {
  readonly running: Daemon;
  /** False: it was over before the step was seen. */
  readonly inTime: boolean;
  printed(): string;
}

/** Starts the command and comes back when the step of that number, counted from 1, has begun. */
export async function caughtIn(stage: Stage, step: number, ...args: readonly string[]): Promise<Caught> {
  started += 1;
  const log = `caught-${started}`;
  const running = await stage.startQdevice(log, ...args, '--yes');
  const deadlineMs = performance.now() + STEP_MS_MAX;
  while (running.running && begun(stage) < step) {
    if (performance.now() > deadlineMs) throw new Error(`step ${step} does not begin:\n${stage.printed(log)}`);
    await pause(POLL_MS);
  }
  return { running, inTime: running.running, printed: () => stage.printed(log) };
}

/** How many steps have begun, by the journal of the node that works; one more: all are done. */
function begun(stage: Stage): number {
  let text: string;
  try {
    text = readFileSync(stage.node(1).outside(JOURNAL), 'utf8');
  } catch {
    return 0;
  }
  const journal: unknown = JSON.parse(text);
  if (typeof journal !== 'object' || journal === null || !('entries' in journal && 'settled' in journal)) return 0;
  const entries = Array.isArray(journal.entries) ? journal.entries.length : 0;
  return journal.settled === true ? entries + 1 : entries;
}

function isPlan(value: unknown): value is { readonly steps: readonly { readonly id: string }[] } {
  return typeof value === 'object' && value !== null && 'steps' in value && Array.isArray(value.steps);
}
