/** `qdevice remove`: takes away what setup brought, as cleanly. */
import { randomUUID } from 'node:crypto';
import { readCluster } from '../conf/cluster.ts';
import { removeDevice } from '../conf/device.ts';
import { serialise } from '../conf/document.ts';
import { raiseConfigVersion } from '../conf/edit.ts';
import { gatherNodeFacts } from '../facts/node-facts.ts';
import type { Host } from '../host/host.ts';
import { SshFailure } from '../host/ssh-failure.ts';
import { DEVICE_DIRECTORY } from '../paths.ts';
import { removeRun } from '../plan/plans.ts';
import { type Finding, obstacles } from '../rules/finding.ts';
import { BEFORE } from '../rules/sentences.ts';
import { AFTERWARDS } from '../rules/sentences-later.ts';
import { type ArbiterAddress, arbiterTarget } from '../ssh-targets.ts';
import { sshFinding } from '../survey.ts';
import { carryOut } from './carry-out.ts';
import { type ClusterSession, type CommonOptions, openCluster } from './cluster-session.ts';
import { onRecovered, partsOf } from './recover-run.ts';
import type { CommandOutcome, Operator } from './report.ts';

export interface RemoveRequest extends CommonOptions {
  /** As to log in to the arbiter; undefined: the host of corosync.conf, as root. */
  readonly arbiter: string | undefined;
  readonly keepArbiter: boolean;
  readonly skipOffline: boolean;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export async function removeCommand(request: RemoveRequest, operator: Operator): Promise<CommandOutcome> {
  const open = () => openCluster(request, 'change');
  return await onRecovered(
    open,
    'remove',
    operator,
    { ...request, leavesArbiter: request.keepArbiter },
    (cluster, recovered) => remove(request, cluster, operator, recovered !== undefined),
  );
}

async function remove(
  request: RemoveRequest,
  cluster: ClusterSession,
  operator: Operator,
  hasRecovered: boolean,
): Promise<CommandOutcome> {
  const { device } = cluster.conf;
  const common = { operation: 'remove', findings: [], steps: [] };
  if (device === undefined) {
    if (hasRecovered) return { ...common, outcome: 'done', summary: 'No quorum device is configured any more.' };
    const problem = `No quorum device is configured in ${cluster.confFile}.`;
    return { ...common, outcome: 'refused', problem, remedy: 'There is nothing to remove.' };
  }
  const { findings, arbiter, arbiterHost } = await lookAround(request, cluster);
  operator.report({ kind: 'findings', findings, force: request.force });
  const force = request.force;
  const skipped = request.skipOffline ? findings.filter(({ id }) => id !== 'F65') : findings;
  if (obstacles(skipped, force).length > 0) {
    return { ...common, findings, outcome: 'refused', problem: 'Nothing was changed.', remedy: '' };
  }
  const changed = raiseConfigVersion(removeDevice(cluster.document));
  const plan = {
    run: randomUUID(),
    clusterName: cluster.conf.clusterName ?? '',
    conf: {
      before: cluster.confText,
      after: serialise(changed),
      versionAfter: String(readCluster(changed).configVersion ?? ''),
    },
    arbiterTarget: arbiter?.target ?? null,
  };
  const run = removeRun(plan, partsOf(cluster, arbiterHost, request.signal, plan.run));
  const steps = run.steps.map(({ id, title }) => ({ id, title }));
  if (request.dryRun) return { ...common, findings, steps, outcome: 'planned' };
  const host = device.net.get('host') ?? 'the arbiter';
  if (!(await operator.agrees(`Take the vote of ${host} away from ${plan.clusterName}?`))) {
    return { ...common, findings, steps, outcome: 'refused', problem: 'Nothing was changed.', remedy: '' };
  }
  const ending = await carryOut(run, operator, request.signal);
  const summary = `The quorum device of ${plan.clusterName} is removed from ${cluster.conf.nodes.length} nodes.`;
  return { ...common, findings, steps, ...ending, ...(ending.outcome === 'done' ? { summary } : {}) };
}

async function lookAround(request: RemoveRequest, cluster: ClusterSession) {
  const { session, conf, confText, confFile, facts: here } = cluster;
  const findings: Finding[] = [];
  const lost = session.nodes.filter(({ host }) => host === undefined);
  if (lost.length > 0) {
    findings.push(AFTERWARDS.F65({ nodes: lost.map(({ name }) => name), directory: DEVICE_DIRECTORY }));
  }
  const members = here.quorum?.members.length ?? 0;
  const quorum = Math.floor(conf.nodes.length / 2) + 1;
  if (members < quorum) {
    findings.push(AFTERWARDS.F70removal({ members, count: conf.nodes.length }));
  }
  for (const { host, name } of session.nodes) {
    const facts = host === undefined ? undefined : await gatherNodeFacts(host, undefined);
    if (facts === undefined) continue;
    if (facts.conf !== confText) {
      findings.push(BEFORE.F2differs({ file: confFile, nodes: [name] }));
    }
    if (!facts.confWritable) {
      findings.push(BEFORE.F2readOnly({ file: confFile, node: name }));
    }
  }
  const { arbiter, arbiterHost, note } = await reachArbiter(request, cluster);
  return { findings: [...findings, ...note], arbiter, arbiterHost };
}

/** What the arbiter keeps does no harm: not reaching it is no reason to keep a device that is wanted away. */
async function reachArbiter(request: RemoveRequest, { session, conf }: ClusterSession) {
  const host = conf.device?.net.get('host');
  const none = { arbiter: undefined, arbiterHost: undefined, note: [] };
  if (request.keepArbiter || host === undefined || conf.device?.net.get('tls') === 'off') return none;
  const arbiter: ArbiterAddress = await arbiterTarget(request.arbiter ?? host, undefined);
  try {
    const arbiterHost: Host = await session.connect(arbiter.target);
    return { arbiter, arbiterHost, note: [] };
  } catch (error) {
    if (!(error instanceof SshFailure)) throw error;
    const { problem } = sshFinding(error);
    const left = AFTERWARDS.F67({ host, leftovers: [`the certificate cluster-${conf.clusterName ?? ''}.crt`] });
    return { ...none, note: [{ ...left, problem: `${problem} ${left.problem}` }] };
  }
}
