/** `qdevice check`: what setup looks at, and on a cluster that has its device what would break today. */

import { hasVote } from '../facts/quorum-view.ts';
import { counted, type Finding, note, obstacles } from '../rules/finding.ts';
import { AFTERWARDS } from '../rules/sentences-later.ts';
import { arbiterTarget } from '../ssh-targets.ts';
import { daysLeftOf, findingsOf, type Survey, WARN_DAYS } from '../survey.ts';
import { asError, type CommonOptions, openCluster } from './cluster-session.ts';
import type { CommandOutcome, Operator } from './report.ts';
import { lookAround, looking, type SetupRequest, SYNC_TIMEOUT_MS } from './setup-command.ts';

export interface CheckRequest extends CommonOptions {
  /** undefined: of the arbiter that the cluster has. */
  readonly address: string | undefined;
  readonly force: boolean;
}

export async function checkCommand(request: CheckRequest, operator: Operator): Promise<CommandOutcome> {
  operator.report({ kind: 'busy', text: 'connecting to the nodes' });
  const cluster = await openCluster(request, 'look');
  try {
    const { device } = cluster.conf;
    const address = request.address ?? device?.net.get('host');
    if (address === undefined) {
      const problem = `No quorum device is configured in ${cluster.confFile}.`;
      throw asError({ problem, remedy: 'Name the arbiter that it could have: qdevice check ADDRESS.' });
    }
    const arbiter = await arbiterTarget(address, undefined);
    operator.report(looking(cluster, arbiter.target.name));
    const survey = (await lookAround(asSetup(request, address, device), arbiter, cluster, device !== undefined)).survey;
    const force = request.force || device !== undefined;
    const findings = [...findingsOf(survey), ...(device === undefined ? [] : running(survey, Date.now()))];
    operator.report({ kind: 'findings', findings, force });
    const common = { operation: 'check', findings, steps: [] };
    if (obstacles(findings, force).length > 0) {
      return { ...common, outcome: 'refused', problem: 'Something stands in the way, see above.', remedy: '' };
    }
    const summary = device === undefined ? 'Nothing stands in the way of qdevice setup.' : 'Nothing would break today.';
    return { ...common, outcome: 'done', summary };
  } finally {
    await cluster.close();
  }
}

/** The settings in force, where there are some. */
export function asSetup(request: CheckRequest, address: string, device: Survey['conf']['device']): SetupRequest {
  const algorithm = device?.net.get('algorithm');
  const port = device?.net.get('port');
  const common = { user: request.user, prompts: request.prompts, signal: request.signal };
  return {
    ...common,
    address,
    network: undefined,
    port: port === undefined ? undefined : Number(port),
    algorithm: algorithm === 'ffsplit' || algorithm === 'lms' ? algorithm : undefined,
    tieBreaker: undefined,
    validDays: undefined,
    votes: algorithm === 'lms' ? device?.votes : undefined,
    timeoutMs: device?.timeoutMs,
    syncTimeoutMs: device?.syncTimeoutMs ?? SYNC_TIMEOUT_MS,
    tls: device?.net.get('tls') === 'off' ? 'off' : 'required',
    force: request.force || device !== undefined,
    dryRun: true,
  };
}

/** Of a device that is there. */
function* running(survey: Survey, nowMs: number): Generator<Finding> {
  const bare = survey.nodes.filter(({ facts }) => facts !== undefined && (!facts.storePresent || !facts.deviceEnabled));
  const tls = survey.conf.device?.net.get('tls') !== 'off';
  const lacking = tls ? bare : bare.filter(({ facts }) => facts?.deviceEnabled === false);
  if (lacking.length > 0) yield AFTERWARDS.F62({ nodes: lacking.map(({ name }) => name) });
  for (const { name, facts } of survey.nodes) {
    if (facts === undefined) continue;
    if (!hasVote(facts.quorum)) {
      const state = facts.quorum?.device ?? 'NR';
      yield AFTERWARDS.F61({ node: name, state });
    }
    const days = daysLeftOf(facts.certificatePem, nowMs);
    if (days === undefined || days >= WARN_DAYS) continue;
    const when = days < 0 ? 'has ended' : `ends in ${counted(days, 'day')}`;
    yield note('F47', `The certificate of ${name} ${when}.`, 'Run qdevice sync, which makes new ones.');
  }
}
