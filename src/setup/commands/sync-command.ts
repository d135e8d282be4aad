/** `qdevice sync`: after nodes were added or removed, certificates, services, votes and algorithm as they should be. */
import { randomUUID } from 'node:crypto';
import { readCluster } from '../conf/cluster.ts';
import { type ConfDocument, serialise } from '../conf/document.ts';
import { raiseConfigVersion, removeKey, setKey } from '../conf/edit.ts';
import { syncRun } from '../plan/plans.ts';
import type { ConfChange } from '../plan/steps.ts';
import { adjustedAlgorithm } from '../rules/algorithm.ts';
import { obstacles } from '../rules/finding.ts';
import { arbiterTarget } from '../ssh-targets.ts';
import { daysLeftOf, findingsOf, type Survey, WARN_DAYS } from '../survey.ts';
import { carryOut } from './carry-out.ts';
import { asSetup } from './check-command.ts';
import { asError, type ClusterSession, type CommonOptions, openCluster } from './cluster-session.ts';
import { onRecovered, partsOf } from './recover-run.ts';
import type { CommandOutcome, Operator } from './report.ts';
import { lookAround, looking } from './setup-command.ts';

export interface SyncRequest extends CommonOptions {
  /** As to log in to the arbiter; undefined: root at the host of corosync.conf. */
  readonly arbiter: string | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
}

const DEVICE = 'quorum.device';

export async function syncCommand(request: SyncRequest, operator: Operator): Promise<CommandOutcome> {
  const open = () => openCluster(request, 'change');
  return await onRecovered(open, 'sync', operator, { ...request, leavesArbiter: false }, (cluster) =>
    sync(request, cluster, operator),
  );
}

async function sync(request: SyncRequest, cluster: ClusterSession, operator: Operator): Promise<CommandOutcome> {
  const { device, clusterName = '', nodes } = cluster.conf;
  const host = device?.net.get('host');
  if (device === undefined || host === undefined) {
    const problem = `No quorum device is configured in ${cluster.confFile}.`;
    throw asError({ problem, remedy: 'Use qdevice setup ADDRESS.' });
  }
  const address = request.arbiter ?? host;
  const arbiter = await arbiterTarget(address, undefined);
  const asked = asSetup({ ...request, address: undefined }, address, device);
  operator.report(looking(cluster, arbiter.target.name));
  const { survey, arbiterHost } = await lookAround(asked, arbiter, cluster, true);
  const conf = confChange(request, cluster);
  // The algorithm that is judged is the one to come, or with a change that was not asked for the one that stays.
  const findings = findingsOf(survey).filter(({ id }) => id !== 'F5' && (id !== 'F63' || conf === null));
  operator.report({ kind: 'findings', findings, force: request.force });
  const common = { operation: 'sync', findings, steps: [] };
  const refused = { ...common, outcome: 'refused', problem: 'Nothing was changed.', remedy: '' } as const;
  if (obstacles(findings, request.force).length > 0) return refused;
  const newcomers = newcomersOf(survey, asked.tls !== 'off', Date.now());
  if (newcomers.length === 0 && conf === null) return { ...common, outcome: 'done', summary: 'Nothing is to be done.' };
  const plan = {
    run: randomUUID(),
    clusterName,
    newcomers,
    tls: asked.tls !== 'off',
    conf,
    arbiterTarget: arbiter.target,
  };
  const run = syncRun(plan, partsOf(cluster, arbiterHost, request.signal, plan.run));
  const steps = run.steps.map(({ id, title }) => ({ id, title }));
  if (request.dryRun) return { ...common, steps, outcome: 'planned' };
  if (!(await operator.agrees(`Bring the quorum device of ${clusterName} up to date?`))) return { ...refused, steps };
  const ending = await carryOut(run, operator, request.signal);
  const summary = `All ${nodes.length} nodes of ${clusterName} have the vote (A,V).`;
  return { ...common, steps, ...ending, ...(ending.outcome === 'done' ? { summary } : {}) };
}

/** Those without certificate or service, and those whose certificate is about to end. */
function newcomersOf({ nodes }: Survey, tls: boolean, nowMs: number): string[] {
  const lacking = nodes.filter(({ facts }) => {
    if (facts === undefined) return false;
    if (!facts.deviceEnabled) return true;
    const daysLeft = daysLeftOf(facts.certificatePem, nowMs) ?? WARN_DAYS;
    return tls && (!facts.storePresent || daysLeft < WARN_DAYS);
  });
  return lacking.map(({ name }) => name);
}

/** null: what is configured fits the number of nodes, or only --force would change it. */
function confChange({ force }: SyncRequest, { conf, document, confText }: ClusterSession): ConfChange | null {
  const now = { algorithm: conf.device?.net.get('algorithm') ?? 'ffsplit', votes: conf.device?.votes };
  const choice = adjustedAlgorithm(conf.nodes.length, now, force);
  if (choice === undefined) return null;
  const votes = `${DEVICE}.votes`;
  const named = setKey(document, `${DEVICE}.net.algorithm`, choice.algorithm);
  const counted =
    choice.writtenVotes === undefined ? removeKey(named, votes) : setKey(named, votes, String(choice.writtenVotes));
  return changeOf(confText, counted);
}

function changeOf(before: string, wanted: ConfDocument): ConfChange {
  const changed = raiseConfigVersion(wanted);
  return { before, after: serialise(changed), versionAfter: String(readCluster(changed).configVersion ?? '') };
}
