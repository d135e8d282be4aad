/** What was found on all hosts, in the form in which the rules judge it. */
import { X509Certificate } from 'node:crypto';
import type { ClusterConf } from './conf/cluster.ts';
import type { ArbiterFacts } from './facts/arbiter-facts.ts';
import type { NodeFacts } from './facts/node-facts.ts';
import type { PortState } from './facts/port-state.ts';
import type { SshFailure } from './host/ssh-failure.ts';
import type { AlgorithmWish } from './rules/algorithm.ts';
import { type ClusterFacts, checkCluster } from './rules/checks.ts';
import { type Finding, note } from './rules/finding.ts';
import type { PortProblem } from './rules/sentences.ts';
import { REACHING } from './rules/sentences.ts';
import { AFTERWARDS } from './rules/sentences-later.ts';

export interface SurveyedNode {
  readonly name: string;
  readonly nodeId: number | undefined;
  /** Of its first ring. */
  readonly address: string | undefined;
  readonly facts: NodeFacts | undefined;
  readonly failure: SshFailure | undefined;
}

export interface Survey {
  readonly conf: ClusterConf;
  readonly confFile: string;
  readonly confText: string;
  /** Of the node where setup was started. */
  readonly here: NodeFacts;
  readonly nodes: readonly SurveyedNode[];
  readonly arbiter: {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    readonly facts: ArbiterFacts | undefined;
    readonly failure: SshFailure | undefined;
  };
  readonly wish: AlgorithmWish;
  readonly validDays: number | undefined;
  readonly syncTimeoutMs: number;
  readonly deviceExpected: boolean;
}

const INSTALL = {
  nodes: 'apt install corosync-qdevice',
  arbiter: 'apt install corosync-qnetd',
};
const DAY_MS = 86_400_000;
/** So long ahead of its end a certificate is worth a word, and made anew where there is occasion. */
export const WARN_DAYS = 30;
const PORT: Readonly<Record<PortState, 'open' | PortProblem | undefined>> = {
  ok: 'open',
  refused: 'refused',
  timeout: 'timeout',
  notFound: 'name not found',
  unreachable: 'unreachable',
  notTried: undefined,
};

/** Everything that stands in the way, at once. */
export function findingsOf(survey: Survey): Finding[] {
  const reaching = [
    ...survey.nodes.flatMap((node) => {
      const { failure } = node;
      // Of a node that is offline that is said already; a name that nobody knows may be why it is.
      if (failure === undefined || (failure.kind !== 'notFound' && !isOnline(survey, node))) return [];
      return [nodeFailure({ ...node, failure })];
    }),
    ...(survey.arbiter.failure === undefined ? [] : [sshFinding(survey.arbiter.failure)]),
  ];
  return [...reaching, ...claims(survey), ...validity(survey), ...checkCluster(clusterFacts(survey))];
}

function clusterFacts(survey: Survey): ClusterFacts {
  const { conf, confFile, confText, arbiter, wish, syncTimeoutMs, deviceExpected } = survey;
  const authority = fingerprint(arbiter.facts?.authorityPem);
  const arbiterSkewMs = arbiter.facts?.clockSkewMs ?? 0;
  const nodes = survey.nodes.map((node) => {
    const { facts, name } = node;
    if (facts === undefined) return { name, online: isOnline(survey, node), addresses: [] };
    return {
      name,
      online: isOnline(survey, node),
      missingCommands: facts.missingPrograms,
      hasSameConf: facts.conf === confText,
      canWriteConf: facts.confWritable,
      clockAheadMs: facts.clockSkewMs - arbiterSkewMs,
      authority: facts.storePresent ? fingerprint(facts.authorityPem) : undefined,
      certificateName: facts.storePresent ? commonName(facts.certificatePem) : undefined,
      arbiterPort: PORT[facts.port],
      sbdWatchdogSeconds: facts.sbdWatchdogMs === undefined ? undefined : facts.sbdWatchdogMs / 1_000,
      addresses: facts.addresses,
    };
  });
  const own = nodes.flatMap(({ addresses }) => addresses);
  const strangers = (arbiter.facts?.connectedFrom ?? []).map(bare).filter((address) => !own.includes(address));
  return {
    confFile,
    conf,
    nodes,
    arbiter: {
      host: arbiter.name,
      port: arbiter.port,
      addresses: [arbiter.address, ...(arbiter.facts?.addresses ?? [])].filter((address) => !isLoopback(address)),
      missingCommands: arbiter.facts?.missingPrograms,
      authority,
      strangers,
      isTaken: isTaken(survey),
      guestOf: guestOf(survey),
    },
    wish,
    syncTimeoutMs,
    deviceExpected,
    install: INSTALL,
  };
}

/** The name is on the arbiter's record, and no node has a certificate of its authority to show for it. */
export function isTaken({ nodes, arbiter }: Survey): boolean {
  const authority = fingerprint(arbiter.facts?.authorityPem);
  const isOurs = nodes.some(({ facts }) => {
    const own = facts?.storePresent === true ? fingerprint(facts.authorityPem) : undefined;
    return own !== undefined && own === authority;
  });
  return arbiter.facts?.nameOnRecord === true && !isOurs;
}

function isOnline({ here }: Survey, node: SurveyedNode): boolean {
  const members = here.quorum?.members;
  return members === undefined ? node.facts !== undefined : members.some(({ nodeId }) => nodeId === node.nodeId);
}

function guestOf({ nodes, arbiter }: Survey): string | undefined {
  const macs = arbiter.facts?.macs ?? [];
  const byHost = nodes.find((node) => node.facts?.guestMacs.some((mac) => macs.includes(mac)));
  return byHost?.name;
}

function claims({ nodes }: Survey): Finding[] {
  const from = new Set(nodes.flatMap(({ facts }) => facts?.claimedFrom ?? []));
  return [...from].map((name) => REACHING.F24({ from: name }));
}

function validity({ validDays, arbiter: { name, facts } }: Survey): Finding[] {
  if (validDays === undefined || facts === undefined || facts.guardsNames) return [];
  const problem = `${name} runs upstream's arbiter, which signs for 100 years whatever is asked for.`;
  return [note('validity', problem, 'Leave --valid-days out.')];
}

function nodeFailure({ name, address, failure }: SurveyedNode & { readonly failure: SshFailure }): Finding {
  if (failure.kind === 'unknownHostKey' || failure.kind === 'changedHostKey') return REACHING.F21node({ node: name });
  if (failure.kind === 'notFound') return AFTERWARDS.F72({ node: name, address: address ?? name });
  return sshFinding(failure);
}

export function sshFinding({ host, kind, detail, login }: SshFailure): Finding {
  const fingerprint = login.fingerprint ?? 'its fingerprint is not known';
  switch (kind) {
    case 'refusedLogin':
      return REACHING.F20({ host, user: login.user ?? 'this user', key: login.publicKey ?? 'one of your agent' });
    case 'noKey':
      return REACHING.F22({ host, user: login.user ?? 'this user' });
    case 'unknownHostKey':
      return REACHING.F21unknown({ host, fingerprint });
    case 'changedHostKey':
      return REACHING.F21changed({ host, fingerprint, known: detail });
    case 'notRoot':
      return REACHING.F20sudo({ host });
    case 'noShell':
      return REACHING.F28({ host, reason: detail });
    case 'noClient':
      return REACHING.F23client();
    case 'notFound':
    case 'refused':
    case 'timeout':
    case 'other':
      return REACHING.F23({ host, reason: detail });
  }
}

function commonName(pem: string | undefined): string | undefined {
  return certificateOf(pem)?.subject.match(/^CN=(.*)$/m)?.[1];
}

export function fingerprint(pem: string | undefined): string | undefined {
  return certificateOf(pem)?.fingerprint256;
}

/** undefined as well where it cannot be read: whoever uses it says so. Upstream's file has text before it. */
function certificateOf(pem: string | undefined): X509Certificate | undefined {
  const from = pem?.indexOf('-----BEGIN CERTIFICATE-----') ?? -1;
  if (pem === undefined || from < 0) return undefined;
  try {
    return new X509Certificate(pem.slice(from));
  } catch {
    return undefined;
  }
}

/** Whole days until it ends; undefined: there is none that can be read. */
export function daysLeftOf(pem: string | undefined, nowMs: number): number | undefined {
  const ends = certificateOf(pem)?.validTo;
  return ends === undefined ? undefined : Math.floor((Date.parse(ends) - nowMs) / DAY_MS);
}

/** `::ffff:192.0.2.11:40112` and `[2001:db8::1]:40112` without the port, IPv4 as such. */
export function bare(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[?(?:::ffff:)?([^\]]*)\]?$/, '$1');
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('fe80:');
}
