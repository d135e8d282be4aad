/**
 * What must hold before anything is changed, judged in one go from what was found on all hosts, so that the operator
 * hears of everything at once. A fact that is undefined could not be found out; it is judged by nobody here, because
 * whoever looked for it has already said why.
 */
import type { ClusterConf, ConfNode } from '../conf/cluster.ts';
import { type AlgorithmWish, chooseAlgorithm } from './algorithm.ts';
import { clusterNameFault } from './cluster-name.ts';
import type { Finding } from './finding.ts';
import { BEFORE, type PortProblem } from './sentences.ts';
import { AFTERWARDS, CERTIFICATES } from './sentences-later.ts';

export interface NodeFacts {
  readonly name: string;
  readonly online: boolean;
  /** Of the programs that setup runs there; undefined: could not be asked. */
  readonly missingCommands?: readonly string[] | undefined;
  /** Is corosync.conf the same there as here? */
  readonly hasSameConf?: boolean | undefined;
  readonly canWriteConf?: boolean | undefined;
  /** Ahead of the arbiter's clock: positive. */
  readonly clockAheadMs?: number | undefined;
  /** SHA-256 of the authority that its certificates are of. */
  readonly authority?: string | undefined;
  /** Common name in its certificate. */
  readonly certificateName?: string | undefined;
  readonly arbiterPort?: 'open' | PortProblem | undefined;
  /** Of SBD without a disk; undefined: no such SBD there. */
  readonly sbdWatchdogSeconds?: number | undefined;
  /** As the node itself sees them. */
  readonly addresses: readonly string[];
}

export interface ArbiterFacts {
  /** As the operator has named it. */
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly missingCommands?: readonly string[] | undefined;
  readonly authority?: string | undefined;
  /** Where nodes of a cluster of this name are connected from, if it is not this cluster. */
  readonly strangers?: readonly string[] | undefined;
  /** A certificate for this name is on record, and no node here has one of them. */
  readonly isTaken?: boolean | undefined;
  /** The node whose virtual machine or container it is. */
  readonly guestOf?: string | undefined;
}

export interface ClusterFacts {
  readonly confFile: string;
  readonly conf: ClusterConf;
  readonly nodes: readonly NodeFacts[];
  readonly arbiter: ArbiterFacts;
  readonly wish: AlgorithmWish;
  readonly syncTimeoutMs: number;
  /** `check` on a running device: that there is one is no finding then. */
  readonly deviceExpected: boolean;
  /** The lines that install what is missing. */
  readonly install: { readonly nodes: string; readonly arbiter: string };
}

/** From here on the log lines of several hosts are hard to put in order. */
const SKEW_NOTE_MS = 5_000;
/** Upstream's certificates are valid from the second of their signing, and setup takes less than this. */
const SKEW_FORCE_MS = 60_000;
/** Certificates of ours begin a day back; half of it stays for clocks that go on drifting. */
const SKEW_REFUSE_MS = 12 * 3_600_000;

/** Corosync disables or refuses the device beside these. */
const CONFLICTING = ['auto_tie_breaker', 'last_man_standing', 'allow_downscale', 'expected_votes'];

export function checkCluster(facts: ClusterFacts): Finding[] {
  return [
    ...checkConf(facts),
    ...checkDevice(facts),
    ...facts.nodes.flatMap((node) => [...checkNode(node, facts)]),
    ...checkTogether(facts),
    ...checkArbiter(facts),
    ...chooseAlgorithm(facts.conf.nodes.length, facts.wish).findings,
  ];
}

function* checkConf({ conf, confFile: file }: ClusterFacts): Generator<Finding> {
  const fault = clusterNameFault(conf.clusterName ?? '');
  if (fault !== undefined) yield BEFORE.F10({ name: conf.clusterName ?? '', fault });
  if (conf.quorum.provider !== 'corosync_votequorum') yield BEFORE.F2provider({ file });
  for (const key of CONFLICTING) {
    const found = conf.quorum.keys.get(key);
    if (found === undefined || Number(found.value) === 0) continue;
    yield BEFORE.F6({ key: `quorum.${key}`, value: found.value, file, line: found.line });
  }
  const twoNode = conf.quorum.keys.get('two_node');
  if (twoNode !== undefined && Number(twoNode.value) !== 0) yield BEFORE.F6twoNode({ file, line: twoNode.line });
  const waitForAll = conf.quorum.keys.get('wait_for_all');
  if (waitForAll !== undefined && Number(waitForAll.value) !== 0) {
    yield BEFORE.F6waitForAll({ file, line: waitForAll.line });
  }
  for (const node of conf.nodes) yield* checkConfNode(node, file);
}

function* checkConfNode(node: ConfNode, file: string): Generator<Finding> {
  const name = node.name ?? node.ringAddresses[0];
  if (name === undefined) yield AFTERWARDS.F71({ nodeId: node.nodeId ?? 0 });
  else if (node.nodeId === undefined) yield AFTERWARDS.F71noId({ node: name });
  if (node.quorumVotes !== 1) {
    yield BEFORE.F6votes({ node: name ?? String(node.nodeId), votes: node.quorumVotes, file });
  }
}

function* checkDevice({ conf, deviceExpected }: ClusterFacts): Generator<Finding> {
  const { device } = conf;
  if (device === undefined) return;
  const algorithm = device.net.get('algorithm') ?? 'ffsplit';
  if (!deviceExpected) yield BEFORE.F4({ host: device.net.get('host') ?? 'none', algorithm });
  else if (algorithm === 'ffsplit' && conf.nodes.length % 2 === 1) yield AFTERWARDS.F63({ count: conf.nodes.length });
}

function* checkNode(node: NodeFacts, facts: ClusterFacts): Generator<Finding> {
  const { arbiter, confFile: file, syncTimeoutMs } = facts;
  if (!node.online) yield BEFORE.F1({ node: node.name });
  if (node.canWriteConf === false) yield BEFORE.F2readOnly({ file, node: node.name });
  if (node.clockAheadMs !== undefined) yield* checkClock(node.name, node.clockAheadMs, arbiter.host);
  if (node.authority !== undefined && arbiter.authority !== undefined && node.authority !== arbiter.authority) {
    yield facts.deviceExpected
      ? CERTIFICATES.F40({ host: arbiter.host, shown: arbiter.authority, known: node.authority })
      : BEFORE.F7({ node: node.name, fingerprint: node.authority });
  }
  const { certificateName } = node;
  const clusterName = facts.conf.clusterName ?? '';
  if (certificateName !== undefined && lowerCase(certificateName) !== lowerCase(clusterName)) {
    yield CERTIFICATES.F45({ certificateName, clusterName, node: node.name });
  }
  if (node.arbiterPort !== undefined && node.arbiterPort !== 'open') {
    yield AFTERWARDS.F60({ node: node.name, host: arbiter.host, port: arbiter.port, problem: node.arbiterPort });
  }
  const watchdogSeconds = node.sbdWatchdogSeconds;
  if (watchdogSeconds !== undefined && watchdogSeconds * 1_000 <= syncTimeoutMs) {
    yield AFTERWARDS.F70sbd({ node: node.name, watchdogSeconds, syncSeconds: Math.ceil(syncTimeoutMs / 1_000) });
  }
}

function* checkClock(node: string, aheadMs: number, host: string): Generator<Finding> {
  const skewMs = Math.abs(aheadMs);
  if (skewMs < SKEW_NOTE_MS) return;
  const level = skewMs >= SKEW_REFUSE_MS ? 'refuse' : skewMs >= SKEW_FORCE_MS ? 'force' : 'note';
  yield CERTIFICATES.F47skew({ node, seconds: Math.round(aheadMs / 1_000), host, level });
}

/** What concerns several nodes is said once, with all their names. */
function* checkTogether({ nodes, confFile: file, install }: ClusterFacts): Generator<Finding> {
  const different = nodes.filter(({ hasSameConf }) => hasSameConf === false);
  if (different.length > 0) yield BEFORE.F2differs({ file, nodes: different.map(({ name }) => name) });
  const missing = new Set(nodes.flatMap(({ missingCommands }) => missingCommands ?? []));
  for (const command of missing) {
    const lacking = nodes.filter(({ missingCommands }) => missingCommands?.includes(command));
    yield BEFORE.F8({ nodes: lacking.map(({ name }) => name), command, install: install.nodes });
  }
}

function* checkArbiter({ arbiter, nodes, conf, install }: ClusterFacts): Generator<Finding> {
  const { host } = arbiter;
  const name = conf.clusterName ?? '';
  if ((arbiter.missingCommands ?? []).length > 0) yield BEFORE.F9({ host, install: install.arbiter });
  if ((arbiter.strangers ?? []).length > 0) yield BEFORE.F11({ name, addresses: arbiter.strangers ?? [] });
  if (arbiter.isTaken === true) yield BEFORE.F11registered({ name, host });
  const own = nodes.find((node) => node.addresses.some((address) => arbiter.addresses.includes(address)));
  if (own !== undefined) yield BEFORE.F12({ host, node: own.name });
  if (arbiter.guestOf !== undefined) yield BEFORE.F12guest({ host, node: arbiter.guestOf });
}

/** Arbiters compare names without regard to the case of ASCII letters. */
function lowerCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
