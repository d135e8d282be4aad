/** A run that was cut off is undone before another begins; one that only had to tidy up is finished. */
import { setTimeout as pause } from 'node:timers/promises';
import { OperatorError } from '../../runtime/errors.ts';
import { ClaimedHost } from '../host/claimed-host.ts';
import type { Host } from '../host/host.ts';
import { SshFailure } from '../host/ssh-failure.ts';
import type { SshTarget } from '../host/ssh-host.ts';
import { journalFile, readJournal } from '../journal-file.ts';
import { JOURNAL, NODE_CLAIM } from '../paths.ts';
import type { Journal } from '../plan/journal.ts';
import { moveRun, type Parts, removeRun, setupRun, syncRun } from '../plan/plans.ts';
import { type Outcome, type Run, recover } from '../plan/run-plan.ts';
import type { Clock } from '../plan/steps.ts';
import { ShellArbiter } from '../shell/shell-arbiter.ts';
import { endingOf } from './carry-out.ts';
import { type ClusterSession, nodePorts } from './cluster-session.ts';
import { isRemovePlan, isSetupPlan, isSyncPlan, nameOfRun, targetOf } from './journal-plans.ts';
import type { CommandOutcome, Operator } from './report.ts';

interface Manner {
  readonly signal: AbortSignal;
  /** Nothing is undone on the arbiter, which may be gone for good. */
  readonly leavesArbiter: boolean;
}

/** What became of a run that was cut off before the one that begins. */
export interface Recovered {
  readonly operation: string;
  /** All of it had been done, so that nothing was undone. */
  readonly wasDone: boolean;
}

const WALL: Clock = { pause: (ms) => pause(ms), nowMs: () => performance.now() };

/** undefined: there was none. */
async function recoverCutOff(
  cluster: ClusterSession,
  operator: Operator,
  { signal, leavesArbiter }: Manner,
): Promise<{ readonly operation: string; readonly outcome: Outcome } | undefined> {
  const journal = await readJournal(JOURNAL);
  if (journal === undefined) return undefined;
  const text = journal.settled ? 'its traces are tidied up' : 'what it did is undone first';
  operator.report({ kind: 'say', text: `An earlier qdevice ${journal.operation} was cut off: ${text}.` });
  requireAll(cluster);
  const target = targetOf(journal.plan);
  const arbiter = target === undefined ? undefined : await arbiterOf(target, cluster, leavesArbiter);
  const run = runOf(journal, partsOf(cluster, arbiter, signal, nameOfRun(journal)));
  const services = { journal: journalFile(JOURNAL), report: operator.report.bind(operator), signal };
  return { operation: journal.operation, outcome: await recover(run, journal, services) };
}

/** Where it cannot be reached the nodes are undone all the same, and what it keeps is named. */
async function arbiterOf(target: SshTarget, { session }: ClusterSession, leavesArbiter: boolean): Promise<Host> {
  const { name } = target;
  const close = async () => undefined;
  if (leavesArbiter) return { name, close, run: async () => ({ exitCode: 0, stdout: '', stderr: '' }) };
  try {
    return await session.connect(target);
  } catch (error) {
    if (!(error instanceof SshFailure)) throw error;
    return { name, close, run: () => Promise.reject(error) };
  }
}

/** For the run of that name. */
export function partsOf(cluster: ClusterSession, arbiter: Host | undefined, signal: AbortSignal, run: string): Parts {
  const name = (cluster.conf.clusterName ?? '').toLowerCase(); // arbiters compare names so
  const claim = { file: `${NODE_CLAIM}-of-${name}`, run, from: cluster.name };
  const port = arbiter === undefined ? undefined : new ShellArbiter(new ClaimedHost(arbiter, claim));
  return { nodes: nodePorts(cluster, run), arbiter: port, clock: WALL, signal };
}

/** Half of the nodes put back would be a cluster of two minds. */
function requireAll({ session }: ClusterSession): void {
  const lost = session.nodes.filter(({ host }) => host === undefined);
  if (lost.length === 0) return;
  throw new OperatorError(
    `Undoing it needs every node, and ${lost.map(({ name }) => name).join(', ')} cannot be reached.`,
    'Bring it up, then run this again.',
  );
}

function runOf({ operation, plan }: Journal, parts: Parts): Run {
  if (operation === 'setup' && isSetupPlan(plan)) return setupRun(plan, parts);
  if (operation === 'move' && isSetupPlan(plan)) return moveRun(plan, parts);
  if (operation === 'sync' && isSyncPlan(plan)) return syncRun(plan, parts);
  if (operation === 'remove' && isRemovePlan(plan)) return removeRun(plan, parts);
  throw new OperatorError(`${JOURNAL} tells of a run of another version.`, 'Use the qdevice that wrote it.');
}

/** Runs `work` on the cluster as it is after a run that was cut off is undone. */
export async function onRecovered(
  open: () => Promise<ClusterSession>,
  operation: string,
  operator: Operator,
  manner: Manner & { readonly dryRun: boolean },
  work: (cluster: ClusterSession, recovered: Recovered | undefined) => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  operator.report({ kind: 'busy', text: 'connecting to the nodes' });
  const first = await open();
  let recovered: Recovered;
  try {
    const cutOff = manner.dryRun ? undefined : await recoverCutOff(first, operator, manner);
    if (cutOff === undefined) return await work(first, undefined);
    const { outcome } = cutOff;
    if (outcome.kind === 'stuck') return { operation, findings: [], steps: [], ...endingOf(outcome) };
    recovered = { operation: cutOff.operation, wasDone: outcome.kind === 'done' };
  } finally {
    await first.close();
  }
  const again = await open(); // the configuration is another one now
  try {
    return await work(again, recovered);
  } finally {
    await again.close();
  }
}
