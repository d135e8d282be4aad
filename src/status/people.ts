/** The status for people: calm text of at most 80 columns, the vote first, then why, then who is there. */
import type { DecisionAlgorithm, TlsSupport } from '../protocol/enums.ts';
import type { TieBreaker } from '../protocol/values.ts';
import { heldWords, releaseWords } from './held-words.ts';
import type { AdmissionStatus, ClusterStatus, NodeStatus, NodeVote, StatusDocument, VoteStatus } from './json.ts';
import { printable } from './printable.ts';
import { columns, counted, durationText, labelled, nodesText, wrapped } from './text-layout.ts';

export interface PeopleChoice {
  readonly verbose: boolean;
  /** Undefined: all clusters. */
  readonly cluster: string | undefined;
}

const TLS_WORDS: Readonly<Record<TlsSupport, string>> = { unsupported: 'off', supported: 'on', required: 'required' };

const ALGORITHM_WORDS: Readonly<Record<DecisionAlgorithm, string>> = {
  test: 'test',
  ffsplit: 'fifty-fifty split (ffsplit)',
  twoNodeLms: 'last man standing of two (2nodelms)',
  lms: 'last man standing (lms)',
};

export function peopleText(status: StatusDocument, choice: PeopleChoice): string {
  const shown = status.clusters.filter(({ name }) => choice.cluster === undefined || name === choice.cluster);
  const blocks = shown.map((cluster) => clusterLines(cluster, choice.verbose));
  if (choice.cluster === undefined) blocks.unshift(serverLines(status, choice.verbose));
  else if (shown.length === 0)
    blocks.push(wrapped(`No node of cluster ${printable(choice.cluster)} is connected.`, ''));
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function serverLines({ server, clusters }: StatusDocument, verbose: boolean): string[] {
  const nodes = clusters.reduce((sum, cluster) => sum + cluster.nodes.length, 0);
  const certificates = server.tls !== 'unsupported' && server.clientCertRequired ? ', with client certificates' : '';
  const others = server.connectedClients - nodes;
  const lines = [
    ...labelled('Arbiter', printable(server.address)),
    ...labelled('TLS', `${TLS_WORDS[server.tls]}${certificates}`),
    ...labelled('Connected', `${counted(nodes, 'node')} of ${counted(clusters.length, 'cluster')}`),
  ];
  if (others > 0) lines.push(...labelled('', `and ${counted(others, 'client')} not (yet) part of a cluster`));
  if (verbose) {
    const limit = server.maxClients === 0 ? 'any number of clients' : `${server.maxClients} clients`;
    const sizes = `messages of ${server.maxReceiveBytes} bytes in, ${server.maxSendBytes} out`;
    lines.push(...labelled('Limits', `${limit}, ${sizes}${moreLimits(server)}`));
    if (server.admission !== undefined) lines.push(...admissionLines(server.admission));
    lines.push(...secondLines(server));
  }
  return lines;
}

function admissionLines(admission: AdmissionStatus): string[] {
  const { newcomers, newcomersMax, waitingForHandshake, penalisedAddresses, dismissed } = admission;
  const reasons = Object.entries(dismissed).filter(([, count]) => count > 0);
  const turnedAway = reasons.map(([reason, count]) => `${count} ${DISMISSAL_WORDS[reason] ?? reason}`).join(', ');
  const penalties =
    penalisedAddresses === 0
      ? ''
      : `, ${penalisedAddresses === 1 ? '1 address' : `${penalisedAddresses} addresses`} penalised`;
  return [
    ...labelled(
      'Newcomers',
      `${newcomers} of at most ${newcomersMax}, ${waitingForHandshake} wait for their turn${penalties}`,
    ),
    ...(turnedAway === '' ? [] : labelled('Turned away', turnedAway)),
  ];
}

function moreLimits({ limits, admission, slowReaders = 0 }: StatusDocument['server']): string {
  const words: string[] = [];
  if (limits !== undefined) {
    const nodes = limits.nodesPerClusterMax === 0 ? 'any number of nodes' : counted(limits.nodesPerClusterMax, 'node');
    words.push(`${limits.receiveBytesBeforeTlsMax} before TLS`, `${nodes} a cluster`);
    words.push(`${counted(limits.messagesWaitingMax, 'message')} waiting for one`);
    words.push(`${counted(limits.reservedDescriptors, 'open file')} kept for the service`);
  }
  if (admission !== undefined) {
    const { clientsPerAddressMax, handshakeTimeoutMs, handshakesMax, penaltyFailures, penaltyMs } = admission;
    const clients = clientsPerAddressMax === 0 ? 'any number of' : String(clientsPerAddressMax);
    words.push(`${clients} clients an address`, `${handshakesMax} handshakes at a time`);
    words.push(handshakeTimeoutMs === 0 ? 'any time to join' : `${durationText(handshakeTimeoutMs)} to join`);
    if (penaltyFailures > 0) words.push(`${durationText(penaltyMs)} of penalty after ${penaltyFailures} failures`);
  }
  if (slowReaders > 0) words.push(`${counted(slowReaders, 'client')} closed for not reading`);
  return words.map((word) => `, ${word}`).join('');
}

/** Only where something of it has happened. */
function secondLines({ secondConnections }: StatusDocument['server']): string[] {
  if (secondConnections === undefined || secondConnections.asked === 0) return [];
  const { asked, answered, silent, ended } = secondConnections;
  const outcome = `${answered} answered, ${silent} were silent, ${ended} had ended`;
  return labelled('Came twice', `nodes that were connected, ${asked} times; of the first connections ${outcome}`);
}

const DISMISSAL_WORDS: Readonly<Record<string, string>> = {
  penalty: 'for failing repeatedly',
  addressLimit: 'over the limit of one address',
  newcomerLimit: 'over the limit of newcomers',
  descriptors: 'for want of descriptors',
  deadline: 'for not joining in time',
  shed: 'to make room',
};

function clusterLines(cluster: ClusterStatus, verbose: boolean): string[] {
  const lines = wrapped(`Cluster ${printable(cluster.name)}`, '');
  lines.push(...voteLines(cluster));
  for (const partition of cluster.partitions) {
    const seenBy = `reported by ${nodesText(partition.reportedBy)}`;
    const ring = verbose ? `, ring ${partition.ringId}` : '';
    const vote = partition.holdsVote ? ', has the vote' : '';
    lines.push(...labelled('  Partition', `${nodesText(partition.members)} (${seenBy}${ring}${vote})`));
  }
  if (cluster.leftOut?.includes('partitions')) {
    lines.push(...labelled('  Partition', 'left out with who is not connected: too long for one answer'));
  }
  if (verbose) {
    lines.push(...labelled('  Algorithm', ALGORITHM_WORDS[cluster.algorithm]));
    const keep = cluster.keepActivePartition ? ', after the partition that has the vote' : '';
    lines.push(...labelled('  Tie-breaker', `${tieBreakerWords(cluster.tieBreaker)}${keep}`));
  }
  return [...lines, '', ...nodeLines(cluster, verbose)];
}

function voteLines({ name, vote, partitions, leftOut }: ClusterStatus): string[] {
  const lines = labelled('  Vote', vote.holders.length === 0 ? 'nobody has it' : `${nodesText(vote.holders)}`);
  if (vote.rule !== null && !leftOut?.includes('winner') && !sameIds(vote.winner, vote.holders)) {
    lines.push(...labelled('  Decided for', vote.winner.length === 0 ? 'nobody' : nodesText(vote.winner)));
  }
  if (vote.because !== null) lines.push(...labelled('  Because', vote.because));
  if (vote.since !== null && vote.sinceMs !== null) {
    lines.push(...labelled('  Since', `${timeText(vote.since)} (${durationText(vote.sinceMs)})`));
  }
  const waiting = waitingWords(vote, partitions.length);
  if (waiting !== undefined) lines.push(...labelled('  Waiting for', waiting));
  const release = vote.held && releaseWords(vote.held, name);
  if (release !== undefined) lines.push(...labelled('  Or release', release));
  return lines;
}

function waitingWords({ phase, waitingFor, winner, held }: VoteStatus, partitionCount: number): string | undefined {
  if (held !== undefined) return heldWords(held);
  switch (phase) {
    case 'none':
      return partitionCount === 0 ? 'the nodes to report who is with them' : 'a first decision';
    case 'waiting':
      return 'the nodes to agree on who is with whom';
    case 'withdrawing': {
      const then = winner.length === 0 ? '' : `, before ${nodesText(winner)} may have it`;
      return `${nodesText(waitingFor)} to confirm that the vote is gone${then}`;
    }
    case 'granting':
      return `${nodesText(waitingFor)} to confirm the vote`;
    case 'settled':
      return undefined;
    default: {
      const never: never = phase;
      return never;
    }
  }
}

function nodeLines(cluster: ClusterStatus, verbose: boolean): string[] {
  const connected = cluster.nodes.map((node) => ({
    cells: [String(node.nodeId), stateWords(node), VOTE_WORDS[node.vote], node.address],
    details: verbose ? wrapped(detailWords(node), '        ') : [],
    nodeId: node.nodeId,
  }));
  const missing = cluster.notConnected.map((nodeId) => ({
    cells: [String(nodeId), 'not connected', '', ''],
    details: [],
    nodeId,
  }));
  const rows = [...connected, ...missing].sort((one, other) => one.nodeId - other.nodeId);
  const [head, ...lines] = columns([['Node', 'State', 'Vote', 'Address'], ...rows.map(({ cells }) => cells)]);
  return [head ?? '', ...rows.flatMap(({ details }, at) => [lines[at] ?? '', ...details])].map((line) =>
    line.trimEnd(),
  );
}

/** A node speaks once a heartbeat; a second more allows for the way. */
function stateWords({ silentForMs, heartbeatMs }: NodeStatus): string {
  return silentForMs > heartbeatMs + 1_000 ? `silent for ${durationText(silentForMs)}` : 'connected';
}

const VOTE_WORDS: Readonly<Record<NodeVote, string>> = {
  none: 'none yet',
  held: 'held',
  beingGiven: 'being given',
  next: 'next',
  leftOut: 'left out',
  beingWithdrawn: 'being withdrawn',
  withheld: 'withheld',
};

function detailWords(node: NodeStatus): string {
  const { latest, membership, regular } = node.heuristics;
  const details = [
    node.tls ? `TLS${node.certificateVerified ? ' with certificate' : ''}` : 'no TLS',
    `connected for ${durationText(node.connectedForMs)}`,
    `heartbeat ${durationText(node.heartbeatMs)}`,
    `ring ${node.ringId}`,
  ];
  if (node.configVersion !== null) details.push(`configuration ${node.configVersion}`);
  if (latest !== 'undefined') details.push(`heuristics ${latest} (membership ${membership}, regular ${regular})`);
  return details.join(', ');
}

function tieBreakerWords(tieBreaker: TieBreaker): string {
  return tieBreaker.mode === 'nodeId' ? `node ${tieBreaker.nodeId}` : `${tieBreaker.mode} node id`;
}

/** `2024-05-01T12:00:03.123Z` for eyes. */
function timeText(iso: string): string {
  return printable(iso.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC'));
}

function sameIds(one: readonly number[], other: readonly number[]): boolean {
  const ids = new Set(other);
  return one.length === other.length && one.every((id) => ids.has(id));
}
