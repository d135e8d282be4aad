/**
 * The bodies that upstream's own tool prints, byte for byte as corosync-qnetd 3.0.3 writes them. Cluster names go out
 * as they came in, one character a byte, because pcs, crmsh and pvecm compare them; like upstream's they end at NUL.
 */
import type { HeuristicsResult } from '../arbiter/cluster.ts';
import type { ArbiterSnapshot, ClusterSnapshot, NodeSnapshot } from '../arbiter/snapshot.ts';
import { untilNul } from '../protocol/byte-text.ts';
import type { DecisionAlgorithm, TlsSupport, Vote } from '../protocol/enums.ts';
import { type ByteString, type NodeInfo, ringText, type TieBreaker } from '../protocol/values.ts';
import type { ServerFacts } from './facts.ts';

export const TLS_TEXT: Readonly<Record<TlsSupport, string>> = {
  unsupported: 'Unsupported',
  supported: 'Supported',
  required: 'Required',
};

export const ALGORITHM_TEXT: Readonly<Record<DecisionAlgorithm, string>> = {
  test: 'Test',
  ffsplit: 'Fifty-Fifty split',
  twoNodeLms: '2 Node LMS',
  lms: 'LMS',
};

const HEURISTICS_TEXT: Readonly<Record<HeuristicsResult, string>> = {
  undefined: 'Undefined',
  pass: 'Pass',
  fail: 'Fail',
};

const VOTE_TEXT: Readonly<Record<Vote, string>> = {
  ack: 'ACK',
  nack: 'NACK',
  askLater: 'Ask later',
  waitForReply: 'Wait for reply',
  noChange: 'No change',
};

export function statusBody(facts: ServerFacts, snapshot: ArbiterSnapshot, verbose: boolean): ByteString {
  const asksForCertificate = facts.tls !== 'unsupported' && facts.clientCertRequired;
  const lines = [
    `QNetd address:\t\t\t${facts.address}`,
    `TLS:\t\t\t\t${TLS_TEXT[facts.tls]}${asksForCertificate ? ' (client certificate required)' : ''}`,
    `Connected clients:\t\t${snapshot.connectedClients}`,
    `Connected clusters:\t\t${snapshot.clusters.length}`,
  ];
  if (verbose) {
    if (facts.maxClients !== 0) lines.push(`Maximum allowed clients:\t${facts.maxClients}`);
    lines.push(`Maximum send/receive size:\t${facts.maxSendBytes}/${facts.maxReceiveBytes} bytes`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** `cluster` empty: all of them. No match is an empty body. */
export function listBody(snapshot: ArbiterSnapshot, verbose: boolean, cluster: ByteString): ByteString {
  return snapshot.clusters
    .filter(({ name }) => cluster === '' || untilNul(name) === cluster)
    .flatMap((shown) => clusterLines(shown, verbose))
    .map((line) => `${line}\n`)
    .join('');
}

function clusterLines(cluster: ClusterSnapshot, verbose: boolean): ByteString[] {
  return [
    `Cluster "${untilNul(cluster.name)}":`,
    `    Algorithm:\t\t${ALGORITHM_TEXT[cluster.algorithm]}${cluster.keepActivePartition ? ' (KAP Tie-breaker)' : ''}`,
    `    Tie-breaker:\t${tieBreakerText(cluster.tieBreaker)}`,
    ...cluster.nodes.flatMap((node) => nodeLines(node, verbose)),
  ];
}

function nodeLines(node: NodeSnapshot, verbose: boolean): string[] {
  const lines = [`    Node ID ${node.nodeId}:`];
  const add = (label: string, text: string) => lines.push(`        ${label}:${text}`);
  add('Client address', `\t\t${node.address}`);
  if (verbose) add('HB interval', `\t\t${node.heartbeatMs}ms`);
  if (node.configVersion !== undefined) add('Configuration version', `\t${node.configVersion}`);
  if (node.configNodes.length > 0) add('Configured node list', `\t${idsText(node.configNodes)}`);
  if (verbose) add('Ring ID', `\t\t${ringText(node.ringId)}`);
  if (node.members.length > 0) add('Membership node list', `\t${idsText(node.members)}`);
  if (verbose || node.heuristics.latest !== 'undefined') add('Heuristics', `\t\t${heuristicsText(node, verbose)}`);
  if (verbose) {
    const verified = node.certificateVerified ? ' (client certificate verified)' : '';
    add('TLS active', `\t\t${node.tlsActive ? 'Yes' : 'No'}${verified}`);
  }
  if (node.lastVote !== undefined) add('Vote', `\t\t\t${voteText(node.lastVote, node.lastAckNack)}`);
  return lines;
}

export function tieBreakerText(tieBreaker: TieBreaker): string {
  if (tieBreaker.mode === 'nodeId') return `Node with node ID ${tieBreaker.nodeId}`;
  return `Node with ${tieBreaker.mode} node ID`;
}

function idsText(nodes: readonly NodeInfo[]): string {
  return nodes
    .map(({ nodeId, dataCenterId }) => (dataCenterId === 0 ? `${nodeId}` : `${nodeId} (${dataCenterId})`))
    .join(', ');
}

function heuristicsText({ heuristics }: NodeSnapshot, verbose: boolean): string {
  const latest = HEURISTICS_TEXT[heuristics.latest];
  if (!verbose) return latest;
  const { membership, regular } = heuristics;
  return `${latest} (membership: ${HEURISTICS_TEXT[membership]}, regular: ${HEURISTICS_TEXT[regular]})`;
}

function voteText(last: Vote, lastAckNack: 'ack' | 'nack' | undefined): string {
  return lastAckNack === undefined ? VOTE_TEXT[last] : `${VOTE_TEXT[last]} (${VOTE_TEXT[lastAckNack]})`;
}
