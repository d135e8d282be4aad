/** The node's status for people: calm text of at most 80 columns, the vote first, then the arbiter, then who is here. */
import type { TieBreaker } from '../protocol/values.ts';
import { printable } from './printable.ts';
import type { QdeviceStatusDocument } from './qdevice-json.ts';
import { durationText, labelled, nodesText, wrapped } from './text-layout.ts';

export interface QdevicePeopleChoice {
  readonly verbose: boolean;
  /** The vote alone, with what the words in corosync's column mean. */
  readonly explain: boolean;
}

const ALGORITHM_WORDS: Readonly<Record<QdeviceStatusDocument['arbiter']['algorithm'], string>> = {
  test: 'test',
  ffsplit: 'fifty-fifty split (ffsplit)',
  twoNodeLms: 'last man standing of two (2nodelms)',
  lms: 'last man standing (lms)',
};

const COLUMN_WORDS: Readonly<Record<string, string>> = {
  NR: 'no quorum device is registered on this node',
  A: 'corosync hears from the device',
  NA: 'corosync has not heard from the device for quorum.device.timeout',
  V: 'the device gives its vote',
  NV: 'the device does not give its vote',
  MW: 'the device alone can make this node quorate',
  NMW: 'the device is a vote like any other',
};

export function qdevicePeopleText(status: QdeviceStatusDocument, { verbose, explain }: QdevicePeopleChoice): string {
  const lines = explain ? explanationLines(status) : [...summaryLines(status), ...(verbose ? detailLines(status) : [])];
  return `${lines.join('\n')}\n`;
}

function explanationLines(status: QdeviceStatusDocument): string[] {
  const { column, sentence, remedy } = status.vote.explanation;
  const lines = wrapped(`${column}: ${sentence}`, '');
  if (remedy !== null) lines.push(...wrapped(remedy, ''));
  lines.push(...problemLines(status));
  lines.push('', ...column.split(',').flatMap((word) => labelled(`  ${word}`, COLUMN_WORDS[word] ?? '')));
  return lines;
}

function summaryLines(status: QdeviceStatusDocument): string[] {
  const { node, membership, vote, arbiter } = status;
  const held = vote.explanation.column.split(',').includes('V');
  const missing = node.configuredNodes.filter((nodeId) => !membership.members.includes(nodeId));
  const quorate = membership.quorate === null ? '' : membership.quorate ? ', quorate' : ', not quorate';
  const without = missing.length === 0 ? '' : `, without ${nodesText(missing)}`;
  const lines = [
    ...labelled('Node', `${node.nodeId} of cluster ${printable(node.cluster)}`),
    ...labelled('Vote', `${held ? 'held' : 'not held'} (${vote.explanation.column})`),
    ...labelled('Because', vote.explanation.sentence),
  ];
  if (vote.explanation.remedy !== null) lines.push(...labelled('', vote.explanation.remedy));
  lines.push(...labelled('Arbiter', `${printable(arbiter.host)}, port ${arbiter.port}: ${stateWords(arbiter)}`));
  lines.push(...labelled('Here', `${nodesText(membership.members)}${without}${quorate}`));
  if (status.heuristics.mode !== 'off') lines.push(...labelled('Heuristics', heuristicsWords(status, false)));
  return [...lines, ...problemLines(status)];
}

function problemLines({ node }: QdeviceStatusDocument): string[] {
  if (node.configurationProblem === null) return [];
  return labelled('Reload', `not taken over: ${printable(node.configurationProblem, 1_000)}`);
}

function stateWords({ state, connectedForMs, tlsActive, lastEnd }: QdeviceStatusDocument['arbiter']): string {
  switch (state) {
    case 'ready':
      return `connected for ${durationText(connectedForMs ?? 0)}, ${tlsActive ? 'TLS' : 'no TLS'}`;
    case 'waiting':
      return lastEnd === null ? 'not connected' : 'not connected, trying again soon';
    case 'connecting':
    case 'introducing':
    case 'securing':
    case 'initialising':
    case 'checking':
      return 'connecting';
  }
}

function heuristicsWords({ heuristics }: QdeviceStatusDocument, verbose: boolean): string {
  const { latest, membership, connect, regular, commands } = heuristics;
  if (!verbose) return latest;
  const names = commands.map((name) => printable(name)).join(', ');
  return `${latest} (membership ${membership}, connection ${connect}, regular ${regular}), of ${names}`;
}

function detailLines(status: QdeviceStatusDocument): string[] {
  const { node, membership, vote, arbiter, heuristics } = status;
  const keep = arbiter.keepActivePartition ? ', after the partition that has the vote' : '';
  const lines = [
    '',
    ...labelled('Algorithm', ALGORITHM_WORDS[arbiter.algorithm]),
    ...labelled('Tie-breaker', `${tieBreakerWords(arbiter.tieBreaker)}${keep}`),
    ...labelled('TLS', `${arbiter.tls}${arbiter.certificateSent ? ', certificate of this node sent' : ''}`),
    ...labelled('Heartbeat', heartbeatWords(arbiter)),
    ...labelled('Vote repeated', `every ${durationText(vote.castIntervalMs)}${castWords(vote.lastCast)}`),
    ...labelled(
      'Timeouts',
      `${durationText(node.timeoutMs)}, while nodes come or go ${durationText(node.syncTimeoutMs)}`,
    ),
    ...labelled('Ring', membership.ringId ?? 'none yet'),
  ];
  if (membership.expectedVotes !== null) lines.push(...labelled('Expected', `${membership.expectedVotes} votes`));
  if (node.configVersion !== null) lines.push(...labelled('Configuration', `version ${node.configVersion}`));
  if (heuristics.mode !== 'off') lines.push(...labelled('Heuristics', heuristicsWords(status, true)));
  if (arbiter.lastEnd !== null) {
    const { text, detail, agoMs } = arbiter.lastEnd;
    const because = detail === '' ? '' : `: ${printable(detail, 1_000)}`;
    lines.push(...labelled('Last end', `${text}${because} (${durationText(agoMs)} ago)`));
  }
  return lines;
}

function heartbeatWords({ heartbeatMs, lastAnswerAgoMs }: QdeviceStatusDocument['arbiter']): string {
  const answered = lastAnswerAgoMs === null ? '' : `, last answer ${durationText(lastAnswerAgoMs)} ago`;
  return `every ${durationText(heartbeatMs)}${answered}`;
}

function castWords(lastCast: QdeviceStatusDocument['vote']['lastCast']): string {
  if (lastCast === null) return ', not once yet';
  return `, last ${durationText(lastCast.agoMs)} ago (${lastCast.cast ? 'given' : 'withheld'})`;
}

function tieBreakerWords(tieBreaker: TieBreaker): string {
  return tieBreaker.mode === 'nodeId' ? `node ${tieBreaker.nodeId}` : `${tieBreaker.mode} node id`;
}
