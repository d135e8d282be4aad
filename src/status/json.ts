/**
 * The arbiter's state as a JSON document for machines, and for `qnetd status`, which prints it for people. The shape is
 * stable: fields are added, never renamed; a change that breaks a reader raises `format`.
 */
import type { AdmissionCounts } from '../arbiter/admission.ts';
import type { HeuristicsResult } from '../arbiter/cluster.ts';
import type { DecidingRule } from '../arbiter/reports.ts';
import type { VoteSafety } from '../arbiter/settings.ts';
import type {
  ArbiterSnapshot,
  ClusterSnapshot,
  HeldSnapshot,
  NodeSnapshot,
  SecondConnectionCounts,
  VoteCounts,
  VoteSnapshot,
} from '../arbiter/snapshot.ts';
import type { DecisionAlgorithm, TlsSupport, Vote } from '../protocol/enums.ts';
import { type ByteString, type NodeInfo, ringText, type TieBreaker } from '../protocol/values.ts';
import type { AdmissionFacts, LimitFacts, ServerFacts } from './facts.ts';
import { utf8Text } from './printable.ts';
import { ruleWords } from './rule-words.ts';

export const STATUS_FORMAT = 1;

export interface StatusDocument {
  readonly format: number;
  readonly server: {
    readonly address: string;
    readonly tls: TlsSupport;
    readonly clientCertRequired: boolean;
    readonly connectedClients: number;
    /** 0 is no limit. */
    readonly maxClients: number;
    readonly maxSendBytes: number;
    readonly maxReceiveBytes: number;
    readonly voteSafety?: VoteSafety;
    /** Since the start; under vote_safety=strict alone. */
    readonly votes?: VoteCounts;
    /** Since the start; under vote_safety=strict alone. */
    readonly secondConnections?: SecondConnectionCounts;
    /** Not in answers of older daemons, as all that follows. */
    readonly limits?: LimitFacts;
    readonly slowReaders?: number;
    readonly admission?: AdmissionStatus;
  };
  readonly clusters: readonly ClusterStatus[];
}

/** Limits, and what they meet: 0 is no limit, except where a limit of 0 would make no sense. */
export interface AdmissionStatus {
  readonly handshakeTimeoutMs: number;
  readonly handshakesMax: number;
  readonly newcomersMax: number;
  readonly clientsPerAddressMax: number;
  readonly penaltyFailures: number;
  readonly penaltyMs: number;
  readonly reservedForKnownPercent: number;
  readonly strangerPercentMax: number;
  /** What the limit of open files leaves for connections; null: it is not known. */
  readonly connectionsMax: number | null;
  readonly newcomers: number;
  readonly handshakes: number;
  readonly waitingForHandshake: number;
  readonly penalisedAddresses: number;
  /** Connections refused or closed before INIT since the start, by reason. */
  readonly dismissed: AdmissionCounts['dismissed'];
}

export interface ClusterStatus {
  /** UTF-8; a name that is not UTF-8 is here one character a byte, and exactly in `nameHex`. */
  readonly name: string;
  readonly nameHex?: string;
  readonly algorithm: DecisionAlgorithm;
  readonly tieBreaker: TieBreaker;
  readonly keepActivePartition: boolean;
  readonly vote: VoteStatus;
  /** What the connected nodes report, each partition once, by lowest member. */
  readonly partitions: readonly PartitionStatus[];
  /** Connected nodes by id. */
  readonly nodes: readonly NodeStatus[];
  /** Ids that a connected node has in its configuration and that are not connected. */
  readonly notConnected: readonly number[];
  /** Lists that are empty here because the answer would have been too long. */
  readonly leftOut?: readonly LeftOutList[];
}

export type LeftOutList = 'configNodes' | 'members' | 'partitions' | 'notConnected' | 'winner';

export interface VoteStatus {
  readonly phase: VoteSnapshot['phase'];
  /** Node ids of the partition that won the last decision; empty if none. */
  readonly winner: readonly number[];
  /** Connected nodes that were told ACK last. */
  readonly holders: readonly number[];
  readonly rule: DecidingRule | null;
  /** The rule as a sentence. */
  readonly because: string | null;
  /** When winner and rule became what they are, ISO 8601. */
  readonly since: string | null;
  readonly sinceMs: number | null;
  /** Nodes whose confirmation is outstanding before the decision can go on. */
  readonly waitingFor: readonly number[];
  /** A partition that has won and has to wait, because somebody else may be casting the vote. */
  readonly held?: HeldStatus;
}

export interface HeldStatus {
  readonly partition: readonly number[];
  readonly sinceMs: number;
  /** `remainingMs`: at most; null: no time ends it. */
  readonly waitsFor: readonly {
    readonly nodeId: number;
    readonly reason: 'confirmation' | 'lease' | 'unknown';
    readonly remainingMs: number | null;
  }[];
  /** Why it could not be written down who gets the vote. */
  readonly recordFailure: string | null;
}

export interface PartitionStatus {
  readonly ringId: string;
  readonly members: readonly number[];
  /** Members that report this very partition. */
  readonly reportedBy: readonly number[];
  readonly holdsVote: boolean;
}

/**
 * next: wins, and is told as soon as the losers have confirmed; leftOut: wins, but a late confirmation kept it from being
 * told, and only a new decision helps; none: nothing was decided about it yet.
 */
export type NodeVote = 'none' | 'held' | 'beingGiven' | 'next' | 'leftOut' | 'beingWithdrawn' | 'withheld';

export interface NodeStatus {
  readonly nodeId: number;
  readonly address: string;
  readonly heartbeatMs: number;
  /** A decimal string: it may be larger than a JSON number holds. */
  readonly configVersion: string | null;
  readonly configNodes: readonly NodeEntry[];
  /** Leader and sequence, both hexadecimal. */
  readonly ringId: string;
  readonly members: readonly NodeEntry[];
  readonly heuristics: {
    readonly latest: HeuristicsResult;
    readonly membership: HeuristicsResult;
    readonly regular: HeuristicsResult;
  };
  readonly tls: boolean;
  readonly certificateVerified: boolean;
  /** SHA-256, hexadecimal: what `qnetd certs revoke --fingerprint` takes. */
  readonly certificateFingerprint?: string;
  readonly keepActivePartition: boolean;
  readonly lastVote: Vote | null;
  readonly lastAckNack: 'ack' | 'nack' | null;
  readonly vote: NodeVote;
  readonly connectedSince: string;
  readonly connectedForMs: number;
  readonly silentForMs: number;
}

export interface NodeEntry {
  readonly nodeId: number;
  readonly dataCenterId?: number;
}

/** `timeBefore`: the wall clock as ISO 8601 text, so many milliseconds ago. */
export function statusDocument(
  server: ServerFacts,
  snapshot: ArbiterSnapshot,
  timeBefore: (agoMs: number) => string,
): StatusDocument {
  return {
    format: STATUS_FORMAT,
    server: {
      address: server.address,
      tls: server.tls,
      clientCertRequired: server.clientCertRequired,
      connectedClients: snapshot.connectedClients,
      maxClients: server.maxClients,
      maxSendBytes: server.maxSendBytes,
      maxReceiveBytes: server.maxReceiveBytes,
      ...(server.voteSafety !== undefined && { voteSafety: server.voteSafety }),
      ...(snapshot.voteCounts !== undefined && { votes: snapshot.voteCounts }),
      ...(snapshot.secondConnections !== undefined && { secondConnections: snapshot.secondConnections }),
      ...(server.limits !== undefined && { limits: server.limits }),
      ...(server.slowReaders !== undefined && { slowReaders: server.slowReaders }),
      ...(server.admission === undefined ? {} : { admission: admissionStatus(server.admission) }),
    },
    clusters: snapshot.clusters.map((cluster) => clusterStatus(cluster, timeBefore)),
  };
}

function admissionStatus({ limits, counts }: AdmissionFacts): AdmissionStatus {
  return {
    handshakeTimeoutMs: limits.handshakeMs,
    handshakesMax: limits.handshakesMax,
    newcomersMax: limits.newcomersMax,
    clientsPerAddressMax: limits.clientsPerAddressMax,
    penaltyFailures: limits.failuresMax,
    penaltyMs: limits.penaltyMs,
    reservedForKnownPercent: limits.reservedForKnownPercent,
    strangerPercentMax: limits.strangerPercentMax,
    connectionsMax: limits.connectionsMax ?? null,
    ...counts,
  };
}

/** The document of a daemon of this format or a later one that only adds fields. */
export function readStatusJson(text: string): StatusDocument | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isStatusDocument(parsed) ? parsed : undefined;
}

/** Written by a daemon of the same format: what is inside was checked by the compiler there. */
function isStatusDocument(value: unknown): value is StatusDocument {
  if (typeof value !== 'object' || value === null) return false;
  return 'format' in value && value.format === STATUS_FORMAT && 'clusters' in value && Array.isArray(value.clusters);
}

function clusterStatus(cluster: ClusterSnapshot, timeBefore: (agoMs: number) => string): ClusterStatus {
  const name = shownName(cluster.name);
  return {
    name,
    ...(utf8Text(cluster.name) === undefined && { nameHex: hexText(cluster.name) }),
    algorithm: cluster.algorithm,
    tieBreaker: cluster.tieBreaker,
    keepActivePartition: cluster.keepActivePartition,
    vote: voteStatus(cluster, timeBefore),
    partitions: partitions(cluster.nodes),
    nodes: cluster.nodes.map((node) => nodeStatus(node, cluster.vote, timeBefore)),
    notConnected: notConnected(cluster.nodes),
  };
}

/** What an operator sees, and may ask for. */
export function shownName(name: ByteString): string {
  return utf8Text(name) ?? name;
}

function voteStatus({ vote, nodes }: ClusterSnapshot, timeBefore: (agoMs: number) => string): VoteStatus {
  return {
    phase: vote.phase,
    winner: vote.winner,
    holders: nodes.filter(isHolder).map(({ nodeId }) => nodeId),
    rule: vote.rule ?? null,
    because: vote.rule === undefined ? null : ruleWords(vote.rule),
    since: vote.sinceMs === undefined ? null : timeBefore(vote.sinceMs),
    sinceMs: vote.sinceMs === undefined ? null : Math.round(vote.sinceMs),
    waitingFor: nodes.filter((node) => isAwaited(node, vote.phase)).map(({ nodeId }) => nodeId),
    ...(vote.held !== undefined && { held: heldStatus(vote.held) }),
  };
}

function heldStatus({ partition, sinceMs, waitsFor, recordFailure }: HeldSnapshot): HeldStatus {
  const nodes = waitsFor.map(({ nodeId, reason, remainingMs }) => ({
    nodeId,
    reason,
    remainingMs: remainingMs === undefined ? null : Math.ceil(remainingMs),
  }));
  return { partition, sinceMs: Math.round(sinceMs), waitsFor: nodes, recordFailure: recordFailure ?? null };
}

/** Losers are waited for first, and only then winners. */
function isAwaited(node: NodeSnapshot, phase: VoteSnapshot['phase']): boolean {
  return node.due !== undefined && (phase !== 'withdrawing' || node.due === 'nack');
}

function isHolder(node: NodeSnapshot): boolean {
  return node.granted;
}

/** Nodes are in one partition if they report the same ring and the same members. */
function partitions(nodes: readonly NodeSnapshot[]): PartitionStatus[] {
  const found = new Map<string, PartitionStatus>();
  for (const node of nodes) {
    if (node.members.length === 0) continue;
    const members = node.members.map(({ nodeId }) => nodeId).sort((one, other) => one - other);
    const key = `${ringText(node.ringId)} ${members.join(' ')}`;
    const before = found.get(key);
    found.set(key, {
      ringId: ringText(node.ringId),
      members,
      reportedBy: [...(before?.reportedBy ?? []), node.nodeId],
      holdsVote: before?.holdsVote === true || isHolder(node),
    });
  }
  return [...found.values()].sort((one, other) => (one.members[0] ?? 0) - (other.members[0] ?? 0));
}

function notConnected(nodes: readonly NodeSnapshot[]): number[] {
  const connected = new Set(nodes.map(({ nodeId }) => nodeId));
  const configured = new Set(nodes.flatMap(({ configNodes }) => configNodes.map(({ nodeId }) => nodeId)));
  return [...configured].filter((nodeId) => !connected.has(nodeId)).sort((one, other) => one - other);
}

function nodeStatus(node: NodeSnapshot, vote: VoteSnapshot, timeBefore: (agoMs: number) => string): NodeStatus {
  return {
    nodeId: node.nodeId,
    address: node.address,
    heartbeatMs: node.heartbeatMs,
    configVersion: node.configVersion?.toString() ?? null,
    configNodes: node.configNodes.map(nodeEntry),
    ringId: ringText(node.ringId),
    members: node.members.map(nodeEntry),
    heuristics: node.heuristics,
    tls: node.tlsActive,
    certificateVerified: node.certificateVerified,
    ...(node.certificateFingerprint !== undefined && { certificateFingerprint: node.certificateFingerprint }),
    keepActivePartition: node.keepActivePartition,
    lastVote: node.lastVote ?? null,
    lastAckNack: node.lastAckNack ?? null,
    vote: nodeVote(node, vote),
    connectedSince: timeBefore(node.connectedForMs),
    connectedForMs: Math.round(node.connectedForMs),
    silentForMs: Math.round(node.silentForMs),
  };
}

function nodeVote({ nodeId, granted, due, lastAckNack }: NodeSnapshot, { phase, winner }: VoteSnapshot): NodeVote {
  if (granted) return due === 'ack' ? 'beingGiven' : 'held';
  if (due !== undefined) return due === 'ack' ? 'next' : 'beingWithdrawn';
  if (phase !== 'waiting' && winner.includes(nodeId)) return 'leftOut';
  return lastAckNack === undefined ? 'none' : 'withheld';
}

function nodeEntry({ nodeId, dataCenterId }: NodeInfo): NodeEntry {
  return dataCenterId === 0 ? { nodeId } : { nodeId, dataCenterId };
}

function hexText(name: string): string {
  return Array.from(name, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
