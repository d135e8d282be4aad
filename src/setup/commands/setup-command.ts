/** `qdevice setup ADDRESS` and, without the doing, `qdevice check`. */
import { randomUUID } from 'node:crypto';
import { readCluster } from '../conf/cluster.ts';
import { setDevice } from '../conf/device.ts';
import { type ConfDocument, serialise } from '../conf/document.ts';
import { raiseConfigVersion } from '../conf/edit.ts';
import { gatherArbiterFacts } from '../facts/arbiter-facts.ts';
import { gatherNodeFacts } from '../facts/node-facts.ts';
import { hasVote } from '../facts/quorum-view.ts';
import type { Host } from '../host/host.ts';
import { SshFailure } from '../host/ssh-failure.ts';
import { ARBITER_PORT } from '../paths.ts';
import { type SetupPlan, setupRun } from '../plan/plans.ts';
import type { ConfChange } from '../plan/steps.ts';
import { type AlgorithmChoice, chooseAlgorithm } from '../rules/algorithm.ts';
import { obstacles } from '../rules/finding.ts';
import { type ArbiterAddress, arbiterTarget } from '../ssh-targets.ts';
import { findingsOf, isTaken, type Survey } from '../survey.ts';
import { carryOut } from './carry-out.ts';
import { type ClusterSession, type CommonOptions, openCluster } from './cluster-session.ts';
import { onRecovered, partsOf, type Recovered } from './recover-run.ts';
import type { CommandOutcome, Operator, Report } from './report.ts';

export interface SetupRequest extends CommonOptions {
  readonly address: string;
  readonly network: string | undefined;
  /** undefined: where the arbiter listens. */
  readonly port: number | undefined;
  readonly algorithm: 'ffsplit' | 'lms' | undefined;
  readonly tieBreaker: string | undefined;
  readonly votes: number | undefined;
  /** Of the nodes' certificates. */
  readonly validDays: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly syncTimeoutMs: number | undefined;
  readonly tls: 'on' | 'off' | 'required';
  readonly force: boolean;
  readonly dryRun: boolean;
}

export const SYNC_TIMEOUT_MS = 30_000;

export async function setupCommand(request: SetupRequest, operator: Operator): Promise<CommandOutcome> {
  const arbiter = await arbiterTarget(request.address, request.network);
  const open = () => openCluster(request, 'change');
  return await onRecovered(open, 'setup', operator, { ...request, leavesArbiter: false }, (cluster, recovered) =>
    setUp(request, arbiter, { cluster, recovered }, operator),
  );
}

async function setUp(
  request: SetupRequest,
  arbiter: ArbiterAddress,
  { cluster, recovered }: { readonly cluster: ClusterSession; readonly recovered: Recovered | undefined },
  operator: Operator,
): Promise<CommandOutcome> {
  operator.report(looking(cluster, arbiter.target.name));
  const { survey, arbiterHost } = await lookAround(request, arbiter, cluster, false);
  const { choice } = chooseAlgorithm(cluster.conf.nodes.length, survey.wish);
  if (recovered?.operation === 'setup' && recovered.wasDone && isAsWished(request, survey, choice, cluster)) {
    const outcome = { operation: 'setup', findings: [], steps: [], outcome: 'done' } as const;
    return { ...outcome, summary: summary(arbiter.address, choice, cluster) };
  }
  const findings = findingsOf(survey);
  operator.report({ kind: 'findings', findings, force: request.force });
  const common = { operation: 'setup', findings, steps: [] };
  if (choice === undefined || obstacles(findings, request.force).length > 0) {
    return { ...common, outcome: 'refused', problem: 'Nothing was changed.', remedy: '' };
  }
  const conf = confChange(request, survey, choice, cluster);
  const plan = planOf(request, arbiter, survey, conf);
  const run = setupRun(plan, partsOf(cluster, arbiterHost, request.signal, plan.run));
  const steps = run.steps.map(({ id, title }) => ({ id, title }));
  if (request.dryRun) return { ...common, steps, outcome: 'planned' };
  if (!(await operator.agrees(question(plan, choice, cluster)))) {
    return { ...common, steps, outcome: 'refused', problem: 'Nothing was changed.', remedy: '' };
  }
  const ending = await carryOut(run, operator, request.signal);
  return {
    ...common,
    steps,
    ...ending,
    ...(ending.outcome === 'done' ? { summary: summary(arbiter.address, choice, cluster) } : {}),
  };
}

/** With the way to the arbiter, for a run that has to undo what this one did. */
export function planOf(
  { tls, validDays }: SetupRequest,
  { address, target }: ArbiterAddress,
  survey: Survey,
  conf: ConfChange,
): SetupPlan & { readonly arbiterTarget: unknown } {
  const {
    conf: { clusterName = '' },
    arbiter: { port, facts },
  } = survey;
  return {
    run: randomUUID(),
    clusterName,
    validDays,
    takesNameOver: isTaken(survey),
    arbiterAddress: address,
    arbiterPort: port,
    tls: tls !== 'off',
    startsArbiter: facts?.daemonActive === false,
    makesAuthority: facts !== undefined && facts.authorityPem === undefined,
    conf,
    arbiterTarget: target,
  };
}

export function looking({ conf }: ClusterSession, arbiter: string): Report {
  return { kind: 'busy', text: `looking at ${conf.nodes.length} nodes and ${arbiter}` };
}

/** Reads everything and changes nothing. */
export async function lookAround(
  request: SetupRequest,
  { target, address }: ArbiterAddress,
  cluster: ClusterSession,
  deviceExpected: boolean,
): Promise<{ survey: Survey; arbiterHost: Host | undefined }> {
  const { session, conf, facts: here, confFile, confText } = cluster;
  let arbiterHost: Host | undefined;
  let failure: SshFailure | undefined;
  if (request.tls !== 'off') {
    try {
      arbiterHost = await session.connect(target);
    } catch (error) {
      if (!(error instanceof SshFailure)) throw error;
      failure = error;
    }
  }
  const facts = arbiterHost === undefined ? undefined : await gatherArbiterFacts(arbiterHost, conf.clusterName ?? '');
  const port = request.port ?? facts?.port ?? ARBITER_PORT;
  const listens = facts === undefined || facts.daemonActive;
  const nodes = await Promise.all(
    session.nodes.map(async ({ host, name, conf: node, failure: lost }) => ({
      name,
      nodeId: node.nodeId,
      address: node.ringAddresses[0],
      facts: host === undefined ? undefined : await gatherNodeFacts(host, listens ? { address, port } : undefined),
      failure: lost,
    })),
  );
  const { algorithm, votes, force } = request;
  const survey = {
    conf,
    confFile,
    confText,
    here: { ...here, name: cluster.name },
    nodes,
    arbiter: { name: target.name, address, port, facts, failure },
    wish: { algorithm, votes, force },
    validDays: request.validDays,
    syncTimeoutMs: request.syncTimeoutMs ?? SYNC_TIMEOUT_MS,
    deviceExpected,
  };
  return { survey, arbiterHost };
}

/** The run before was cut off when all was done: whoever asks for the same has it. */
function isAsWished(
  request: SetupRequest,
  survey: Survey,
  choice: AlgorithmChoice | undefined,
  { document, confText }: ClusterSession,
): choice is AlgorithmChoice {
  if (choice === undefined || !survey.nodes.every(({ facts }) => hasVote(facts?.quorum))) return false;
  return serialise(withDevice(document, request, survey, choice)) === confText;
}

function confChange(
  request: SetupRequest,
  survey: Survey,
  choice: AlgorithmChoice,
  { document, confText }: ClusterSession,
): ConfChange {
  const changed = raiseConfigVersion(withDevice(document, request, survey, choice));
  const versionAfter = String(readCluster(changed).configVersion ?? '');
  return { before: confText, after: serialise(changed), versionAfter };
}

function withDevice(
  document: ConfDocument,
  { tieBreaker, timeoutMs, syncTimeoutMs, tls }: SetupRequest,
  { arbiter: { address, port } }: Survey,
  { algorithm, writtenVotes }: AlgorithmChoice,
): ConfDocument {
  const net: (readonly [string, string])[] = [
    ['algorithm', algorithm],
    ['host', address],
    ...(port === ARBITER_PORT ? [] : [['port', String(port)] as const]),
    ...(tieBreaker === undefined ? [] : [['tie_breaker', tieBreaker] as const]),
    ['tls', tls],
  ];
  return setDevice(document, { votes: writtenVotes, timeoutMs, syncTimeoutMs, net });
}

function question(plan: SetupPlan, choice: AlgorithmChoice, { conf }: ClusterSession): string {
  return `Give the ${conf.nodes.length} nodes of ${plan.clusterName} the vote of ${plan.arbiterAddress}, by ${choice.algorithm}?`;
}

function summary(address: string, { algorithm, deviceVotes }: AlgorithmChoice, { conf }: ClusterSession): string {
  const total = conf.nodes.length + deviceVotes;
  const quorum = Math.floor(total / 2) + 1;
  return `All ${conf.nodes.length} nodes of ${conf.clusterName ?? ''} have the vote of ${address} (A,V): ${algorithm}, ${total} votes expected, ${quorum} make a quorum.`;
}
