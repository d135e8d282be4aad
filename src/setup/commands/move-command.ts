/** `qdevice move ADDRESS`: another arbiter for a cluster that has one. */
import { readCluster } from '../conf/cluster.ts';
import { serialise } from '../conf/document.ts';
import { raiseConfigVersion, removeKey, setKey } from '../conf/edit.ts';
import { ARBITER_PORT } from '../paths.ts';
import { moveRun } from '../plan/plans.ts';
import type { ConfChange } from '../plan/steps.ts';
import { obstacles } from '../rules/finding.ts';
import { type ArbiterAddress, arbiterTarget } from '../ssh-targets.ts';
import { findingsOf } from '../survey.ts';
import { carryOut } from './carry-out.ts';
import { asSetup } from './check-command.ts';
import { asError, type ClusterSession, type CommonOptions, openCluster } from './cluster-session.ts';
import { onRecovered, partsOf, type Recovered } from './recover-run.ts';
import type { CommandOutcome, Operator } from './report.ts';
import { lookAround, looking, planOf } from './setup-command.ts';

export interface MoveRequest extends CommonOptions {
  readonly address: string;
  readonly network: string | undefined;
  readonly port: number | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** That the nodes' certificates are of another authority is what this command is for. */
const EXPECTED = ['F40', 'F45'];
const HOST = 'quorum.device.net.host';
const PORT = 'quorum.device.net.port';

export async function moveCommand(request: MoveRequest, operator: Operator): Promise<CommandOutcome> {
  const arbiter = await arbiterTarget(request.address, request.network);
  const open = () => openCluster(request, 'change');
  return await onRecovered(open, 'move', operator, { ...request, leavesArbiter: false }, (cluster, recovered) =>
    move(request, arbiter, { cluster, recovered }, operator),
  );
}

async function move(
  request: MoveRequest,
  arbiter: ArbiterAddress,
  { cluster, recovered }: { readonly cluster: ClusterSession; readonly recovered: Recovered | undefined },
  operator: Operator,
): Promise<CommandOutcome> {
  const { device, clusterName = '' } = cluster.conf;
  if (device === undefined) {
    const problem = `No quorum device is configured in ${cluster.confFile}.`;
    throw asError({ problem, remedy: `Use qdevice setup ${request.address}.` });
  }
  const old = device.net.get('host') ?? 'none';
  if (old === arbiter.address) {
    if (recovered?.operation === 'move' && recovered.wasDone) {
      const summary = `All nodes of ${clusterName} have the vote of ${arbiter.address}.`;
      return { operation: 'move', findings: [], steps: [], outcome: 'done', summary };
    }
    throw asError({ problem: `${old} is the arbiter of this cluster already.`, remedy: 'Name another one.' });
  }
  const asked = { ...asSetup({ ...request, address: undefined }, request.address, device), port: request.port };
  operator.report(looking(cluster, arbiter.target.name));
  const { survey, arbiterHost } = await lookAround(asked, arbiter, cluster, true);
  const findings = findingsOf(survey).filter(({ id }) => !EXPECTED.includes(id));
  operator.report({ kind: 'findings', findings, force: request.force });
  const common = { operation: 'move', findings, steps: [] };
  const refused = { ...common, outcome: 'refused', problem: 'Nothing was changed.', remedy: '' } as const;
  const forced = findings.filter(({ id }) => id !== 'F5');
  if (obstacles(forced, request.force).length > 0) return refused;
  const plan = planOf(asked, arbiter, survey, confChange(cluster, arbiter.address, survey.arbiter.port));
  const run = moveRun(plan, partsOf(cluster, arbiterHost, request.signal, plan.run));
  const steps = run.steps.map(({ id, title }) => ({ id, title }));
  if (request.dryRun) return { ...common, steps, outcome: 'planned' };
  if (!(await operator.agrees(`Move ${clusterName} from ${old} to ${arbiter.address}?`))) return { ...refused, steps };
  const ending = await carryOut(run, operator, request.signal);
  const summary = `All nodes of ${clusterName} have the vote of ${arbiter.address}. On ${old} stays the certificate of ${clusterName}.`;
  return { ...common, steps, ...ending, ...(ending.outcome === 'done' ? { summary } : {}) };
}

function confChange({ document, confText }: ClusterSession, address: string, port: number): ConfChange {
  const named = setKey(document, HOST, address);
  const reached = port === ARBITER_PORT ? removeKey(named, PORT) : setKey(named, PORT, String(port));
  const changed = raiseConfigVersion(reached);
  const versionAfter = String(readCluster(changed).configVersion ?? '');
  return { before: confText, after: serialise(changed), versionAfter };
}
