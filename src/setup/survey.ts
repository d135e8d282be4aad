/** What was found on all hosts, in the form in which the rules judge it. */
import { X509Certificate } from 'node:crypto';
import type { ClusterConf } from './conf/cluster.ts';
import type { ArbiterFacts } from './facts/arbiter-facts.ts';
import type { NodeFacts } from './facts/node-facts.ts';
import type { PortState } from './facts/port-state.ts';
import type { SshFailure } from './host/ssh-failure.ts';
import type { AlgorithmWish } from './rules/algorithm.ts';
import { type ClusterFacts, checkCluster } from './rules/checks.ts';
import { type Finding, note, refuse } from './rules/finding.ts';
import type { PortProblem } from './rules/sentences.ts';
import { REACHING } from './rules/sentences.ts';

export interface SurveyedNode {
  readonly name: string;
  readonly nodeId: number | undefined;
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
const ROOT_KEY = 'the public key of root here (/root/.ssh/*.pub)';
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
    ...survey.nodes.flatMap((node) =>
      node.failure === undefined || !isOnline(survey, node) ? [] : [nodeFailure(node.failure)],
    ),
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

function nodeFailure(failure: SshFailure): Finding {
  const isHostKey = failure.kind === 'unknownHostKey' || failure.kind === 'changedHostKey';
  return isHostKey ? REACHING.F21node({ node: failure.host }) : sshFinding(failure);
}

export function sshFinding({ host, kind, detail }: SshFailure): Finding {
  switch (kind) {
    case 'refusedLogin':
      return REACHING.F20({ host, user: /^(\S+)@/.exec(detail)?.[1] ?? 'this user', key: ROOT_KEY });
    case 'unknownHostKey':
      return refuse(
        'F21',
        `The host key of ${host} is not known here and was not confirmed.`,
        `Log in once with ssh and compare the key, or run this on a terminal.`,
      );
    case 'changedHostKey':
      return refuse(
        'F21',
        `The host key of ${host} is not the known one (${detail}).`,
        `If ${host} was reinstalled, remove that line: ssh-keygen -R ${host}`,
      );
    case 'notRoot':
      return refuse('F20', `sudo gives no root's rights on ${host}.`, 'Allow it for that user, or log in as root.');
    case 'noClient':
      return refuse('F22', 'There is no ssh here.', 'Install it: apt install openssh-client');
    case 'notFound':
    case 'refused':
    case 'timeout':
    case 'other':
      return refuse('F23', `${host} cannot be reached by SSH (${detail}).`, 'Check the name and that sshd runs there.');
  }
}

function commonName(pem: string | undefined): string | undefined {
  return certificateOf(pem)?.subject.match(/^CN=(.*)$/m)?.[1];
}

export function fingerprint(pem: string | undefined): string | undefined {
  return certificateOf(pem)?.fingerprint256;
}

/** undefined as well where it cannot be read: whoever uses it says so. Upstream's file has text before it. */
export function certificateOf(pem: string | undefined): X509Certificate | undefined {
  const from = pem?.indexOf('-----BEGIN CERTIFICATE-----') ?? -1;
  if (pem === undefined || from < 0) return undefined;
  try {
    return new X509Certificate(pem.slice(from));
  } catch {
    return undefined;
  }
}

/** `::ffff:192.0.2.11:40112` and `[2001:db8::1]:40112` without the port, IPv4 as such. */
export function bare(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[?(?:::ffff:)?([^\]]*)\]?$/, '$1');
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('fe80:');
}
