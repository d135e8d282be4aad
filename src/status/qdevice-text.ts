/**
 * The body that upstream's own tool prints, byte for byte as corosync-qdevice 3.0.3 writes it. pvecm picks lines by
 * their labels, so labels, colons and tabs are a contract.
 */

import type { HeuristicsSettings, MemberSettings, TlsWish } from '../member/settings.ts';
import type { MemberSnapshot } from '../member/snapshot.ts';
import { untilNul } from '../protocol/byte-text.ts';
import type { Heuristics, TlsSupport } from '../protocol/enums.ts';
import type { ByteString } from '../protocol/values.ts';
import { byteStringOf } from './printable.ts';
import { ALGORITHM_TEXT, TLS_TEXT, tieBreakerText } from './upstream-text.ts';

const TLS_SUPPORT: Readonly<Record<TlsWish, TlsSupport>> = {
  off: 'unsupported',
  on: 'supported',
  required: 'required',
};

const HEURISTICS_TEXT: Readonly<Record<HeuristicsSettings['mode'], string>> = {
  off: 'Disabled',
  on: 'Enabled',
  sync: 'Enabled only on sync',
};

const RESULT_TEXT: Readonly<Record<Heuristics | 'undefined', string>> = {
  undefined: 'Undefined',
  pass: 'Pass',
  fail: 'Fail',
};

/** `localBefore`: local time without zone, `YYYY-MM-DDTHH:MM:SS`, so many milliseconds ago. */
export function qdeviceStatusBody(
  snapshot: MemberSnapshot,
  verbose: boolean,
  localBefore: (agoMs: number) => string,
): ByteString {
  const lines = [
    ...deviceLines(snapshot, verbose, localBefore),
    '',
    ...netLines(snapshot, verbose),
    ...(verbose && snapshot.link === 'ready' ? connectionLines(snapshot, localBefore) : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function deviceLines(snapshot: MemberSnapshot, verbose: boolean, localBefore: (agoMs: number) => string): ByteString[] {
  const { settings, ringId, memberIds, expectedVotes, lastCast } = snapshot;
  const lines = ['Qdevice information', '-------------------', 'Model:\t\t\tNet', `Node ID:\t\t${settings.nodeId}`];
  if (verbose) {
    lines.push(`HB interval:\t\t${settings.timeoutMs}ms`, `Sync HB interval:\t${settings.syncTimeoutMs}ms`);
  }
  if (settings.configVersion !== undefined) lines.push(`Configuration version:\t${settings.configVersion}`);
  lines.push('Configured node list:');
  settings.nodes.forEach(({ nodeId, dataCenterId }, at) => {
    lines.push(`    ${at}\tNode ID = ${nodeId}${dataCenterId === 0 ? '' : `, Data center ID = ${dataCenterId}`}`);
  });
  if (verbose) {
    lines.push(`Heuristics:\t\t${HEURISTICS_TEXT[settings.heuristics.mode]}`);
    lines.push(`Ring ID:\t\t${(ringId?.nodeId ?? 0).toString(16)}.${(ringId?.seq ?? 0n).toString(16)}`);
  }
  lines.push(`Membership node list:\t${memberIds.join(', ')}`);
  if (!verbose) return lines;
  lines.push(`Quorate:\t\t${yesNo(snapshot.quorate === true)}`, 'Quorum node list:');
  snapshot.quorumNodes.forEach(({ nodeId, state }, at) => {
    lines.push(`    ${at}\tNode ID = ${nodeId}, State = ${state}`);
  });
  lines.push(`Expected votes:\t\t${expectedVotes ?? 0}`);
  const cast = lastCast === undefined ? 'Never' : `${localBefore(lastCast.agoMs)}${castText(lastCast.cast)}`;
  return [...lines, `Last poll call:\t\t${cast}`];
}

function netLines(snapshot: MemberSnapshot, verbose: boolean): ByteString[] {
  const { settings } = snapshot;
  const lines = [
    'Qdevice-net information',
    // One short of its heading, as upstream has it.
    '----------------------',
    `Cluster name:\t\t${untilNul(settings.clusterName)}`,
    `QNetd host:\t\t${byteStringOf(settings.host)}:${settings.port}`,
  ];
  if (verbose) {
    if (settings.forceIpVersion !== 0) lines.push(`Force IP version:\t${settings.forceIpVersion}`);
    lines.push(`Connect timeout:\t${settings.connectTimeoutMs}ms`, `HB interval:\t\t${settings.heartbeatMs}ms`);
    lines.push(`VQ vote timer interval:\t${settings.castIntervalMs}ms`);
    lines.push(`TLS:\t\t\t${TLS_TEXT[TLS_SUPPORT[settings.tls]]}`);
  }
  lines.push(`Algorithm:\t\t${ALGORITHM_TEXT[settings.algorithm]}`);
  lines.push(`Tie-breaker:\t\t${tieBreakerText(settings.tieBreaker)}`);
  if (verbose) {
    lines.push(`KAP Tie-breaker:\t${keepActiveText(settings, snapshot.arbiterSupportsKeepActivePartition)}`);
    const running = snapshot.voteTimerRunning;
    lines.push(`Poll timer running:\t${yesNo(running)}${castText(running && snapshot.vote === 'ack')}`);
  }
  lines.push(`State:\t\t\t${stateText(snapshot)}`);
  if (settings.heuristics.mode !== 'off') lines.push(`Heuristics result:\t${resultText(snapshot, verbose)}`);
  return lines;
}

function connectionLines(snapshot: MemberSnapshot, localBefore: (agoMs: number) => string): string[] {
  const { tlsActive, certificateSent, readyForMs, lastEchoAgoMs } = snapshot;
  const lines = [`TLS active:\t\t${yesNo(tlsActive)}${certificateSent ? ' (client certificate sent)' : ''}`];
  if (readyForMs !== undefined) lines.push(`Connected since:\t${localBefore(readyForMs)}`);
  if (lastEchoAgoMs !== undefined) lines.push(`Echo reply received:\t${localBefore(lastEchoAgoMs)}`);
  return lines;
}

/** Under the other algorithms the arbiter does what it does, whatever is configured here. */
function keepActiveText(
  { algorithm, keepActivePartition }: MemberSettings,
  arbiterKnowsIt: boolean | undefined,
): string {
  switch (algorithm) {
    case 'ffsplit':
      if (arbiterKnowsIt === false) return 'Unsupported by QNetd';
      return keepActivePartition ? 'Enabled' : 'Disabled';
    case 'lms':
    case 'twoNodeLms':
      return 'Algorithm hard-coded';
    case 'test':
      return 'Unsupported by algorithm';
  }
}

/** To upstream a node is connecting until the arbiter has accepted it and has its lists. */
function stateText({ link, lastEnd }: MemberSnapshot): string {
  if (link === 'ready') return 'Connected';
  if (link !== 'waiting') return 'Connecting';
  const failed = lastEnd?.reason === 'connectFailed' || lastEnd?.reason === 'connectTimeout';
  return failed || lastEnd?.reason === 'tlsFailed' ? 'Connect failed' : 'Disconnected';
}

function resultText({ heuristics }: MemberSnapshot, verbose: boolean): string {
  const latest = RESULT_TEXT[heuristics.latest];
  if (!verbose) return latest;
  const { regular, membership, connect } = heuristics;
  return `${latest} (regular: ${RESULT_TEXT[regular]}, membership: ${RESULT_TEXT[membership]}, connect: ${RESULT_TEXT[connect]})`;
}

function castText(cast: boolean): string {
  return cast ? ' (cast vote)' : '';
}

function yesNo(value: boolean): string {
  return value ? 'Yes' : 'No';
}
