/**
 * Why corosync shows for this node what it shows (A,V or A,NV or NA,NV or NR, with MW or NMW behind it): one sentence
 * with the cause, and what to do about it where there is something to do.
 */
import { DISCONNECT, type DisconnectReason } from '../member/disconnect-reasons.ts';
import type { MemberSnapshot } from '../member/snapshot.ts';
import { printable } from './printable.ts';
import type { QdeviceFacts } from './qdevice-facts.ts';
import { durationText, nodesText } from './text-layout.ts';

export type ExplanationCause =
  | 'voteHeld'
  | 'notRegistered'
  | 'starting'
  | 'heuristicsRunning'
  | 'connecting'
  | 'arbiterUnreachable'
  | 'certificateRefused'
  | 'connectionLost'
  | 'configurationDiffers'
  | 'arbiterRefused'
  | 'arbiterDecides'
  | 'arbiterSilent'
  | 'heuristicsFailed'
  | 'otherSide'
  | 'tooFewNodes'
  | 'notGranted'
  | 'stopping';

export interface Explanation {
  /** As corosync-quorumtool shows it: `A,NV,NMW`, or `NR`. */
  readonly column: string;
  readonly cause: ExplanationCause;
  readonly sentence: string;
  /** What to do about it; null where there is nothing to do. */
  readonly remedy: string | null;
}

type Reason = Omit<Explanation, 'column'>;

export function explain(facts: QdeviceFacts, snapshot: MemberSnapshot): Explanation {
  return { column: columnOf(facts, snapshot), ...reasonOf(facts, snapshot) };
}

/** Corosync forgets a vote when nothing was cast for the device's timeout. */
function columnOf({ registered, masterWins }: QdeviceFacts, { lastCast, settings }: MemberSnapshot): string {
  if (!registered) return 'NR';
  const alive = lastCast !== undefined && lastCast.agoMs < settings.timeoutMs;
  const flags = [alive ? 'A' : 'NA', alive && lastCast.cast ? 'V' : 'NV', masterWins ? 'MW' : 'NMW'];
  return flags.join();
}

function reasonOf(facts: QdeviceFacts, snapshot: MemberSnapshot): Reason {
  const { vote, link, paused, lastEnd, settings } = snapshot;
  if (!facts.registered) {
    const sentence =
      'The quorum device of this node is not registered with corosync: this daemon is starting or ending.';
    return { cause: 'notRegistered', sentence, remedy: 'If it stays so, its log says why.' };
  }
  if (snapshot.ringId === undefined) {
    const sentence = 'Corosync has not said yet which nodes this one is with.';
    return { cause: 'starting', sentence, remedy: 'If it stays so, look at the log of corosync.' };
  }
  if (paused) return heuristicsRunning(snapshot, 'the new membership');
  if (vote === 'ack') return voteHeld(snapshot);
  if (link === 'ready') return vote === 'nack' ? withheld(snapshot) : undecided(snapshot);
  if (link === 'checking' && settings.heuristics.mode !== 'off')
    return heuristicsRunning(snapshot, 'the new connection');
  if (lastEnd !== undefined) return disconnected(snapshot, lastEnd);
  const sentence = `This daemon is connecting to ${arbiterOf(snapshot)} for the first time.`;
  return { cause: 'connecting', sentence, remedy: null };
}

function heuristicsRunning({ settings }: MemberSnapshot, occasion: string): Reason {
  const sentence = `The heuristics for ${occasion} are still running; until they end nothing is said to corosync.`;
  const { timeoutMs, syncTimeoutMs } = settings.heuristics;
  const limitMs = Math.max(timeoutMs, syncTimeoutMs);
  return {
    cause: 'heuristicsRunning',
    sentence,
    remedy: `They are ended after ${durationText(limitMs)} at the latest.`,
  };
}

function voteHeld(snapshot: MemberSnapshot): Reason {
  const side = nodesText(snapshot.memberIds);
  if (snapshot.link === 'ready') {
    const sentence = `The arbiter gave its vote to this side (${side}).`;
    return { cause: 'voteHeld', sentence, remedy: null };
  }
  const sentence = `The arbiter gave its vote to this side (${side}) and is away; the vote stands until something changes.`;
  return { cause: 'voteHeld', sentence, remedy: 'Bring the arbiter back.' };
}

function undecided(snapshot: MemberSnapshot): Reason {
  const sentence = `${capital(arbiterOf(snapshot))} was told who is here and has not decided yet.`;
  const remedy = `Without its word the vote is withheld; on the arbiter, qnetd status says what it waits for.`;
  return { cause: 'arbiterDecides', sentence, remedy };
}

/** Connected, and no vote. */
function withheld(snapshot: MemberSnapshot): Reason {
  const { memberIds, settings, voteCause, heuristics } = snapshot;
  const arbiter = arbiterOf(snapshot);
  const ask = 'On the arbiter, qnetd status (or corosync-qnetd-tool -l) says who holds the vote.';
  if (voteCause === 'stopping') return { cause: 'stopping', sentence: 'This daemon is stopping.', remedy: null };
  if (voteCause === 'noAnswer') {
    const sentence = `${capital(arbiter)} is connected and did not decide in time, so the vote is withheld until it does.`;
    return { cause: 'arbiterSilent', sentence, remedy: 'On the arbiter, qnetd status says which nodes it waits for.' };
  }
  const missing = settings.nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !memberIds.includes(nodeId));
  const here = nodesText(memberIds);
  if (missing.length === 0) {
    if (heuristics.latest === 'fail') {
      const sentence = `${capital(arbiter)} keeps its vote back from ${here}, and the heuristics of this node fail.`;
      return { cause: 'heuristicsFailed', sentence, remedy: 'The log of this daemon names the command that fails.' };
    }
    return { cause: 'notGranted', sentence: `${capital(arbiter)} keeps its vote back from ${here}.`, remedy: ask };
  }
  if (2 * memberIds.length < settings.nodes.length) {
    const sentence = `${capital(arbiter)} gives its vote to at least half of the nodes, and here is only ${here}.`;
    return { cause: 'tooFewNodes', sentence, remedy: reunite(missing) };
  }
  const failing = heuristics.latest === 'fail' ? '; the heuristics of this node fail, which counts against it' : '';
  const sentence = `${capital(arbiter)} decided for the other side: here is ${here}, ${nodesText(missing)} elsewhere${failing}.`;
  return { cause: 'otherSide', sentence, remedy: `${reunite(missing)} ${ask}` };
}

function reunite(missing: readonly number[]): string {
  return `Bring back the connection to ${nodesText(missing)}.`;
}

interface Ending {
  readonly cause: ExplanationCause;
  readonly remedy: string | null;
}

const SEE_LOG = 'The logs of this daemon and of the arbiter say more.';
const SAME_EVERYWHERE = 'Make quorum.device the same in the corosync.conf of every node and run corosync-cfgtool -R.';
const REFUSED: Ending = { cause: 'arbiterRefused', remedy: SEE_LOG };
const LOST: Ending = { cause: 'connectionLost', remedy: 'If it stays so, look at the log of the arbiter.' };
const DIFFERS: Ending = { cause: 'configurationDiffers', remedy: SAME_EVERYWHERE };

/** The details of failed handshakes and failed attempts say what to do themselves. */
const ENDING: Readonly<Record<DisconnectReason, Ending>> = {
  connectFailed: { cause: 'arbiterUnreachable', remedy: null },
  connectTimeout: { cause: 'arbiterUnreachable', remedy: null },
  tlsFailed: { cause: 'certificateRefused', remedy: null },
  tlsUnsupported: { cause: 'arbiterRefused', remedy: 'Switch TLS on at the arbiter, or off in quorum.device.net.tls.' },
  tlsRequired: { cause: 'arbiterRefused', remedy: 'Set quorum.device.net.tls to on.' },
  arbiterClosed: LOST,
  echoMissing: LOST,
  undecodable: LOST,
  settingsChanged: { cause: 'connecting', remedy: null },
  tieBreakerDiffers: DIFFERS,
  algorithmDiffers: DIFFERS,
  duplicateNodeId: {
    cause: 'arbiterRefused',
    remedy: 'It ends by itself when the old connection is found dead; check that no other node has this id.',
  },
  initRefused: REFUSED,
  serverError: REFUSED,
  unexpectedMessage: REFUSED,
  missingOption: REFUSED,
  wrongSeq: REFUSED,
  wrongEcho: REFUSED,
  sizesDiffer: REFUSED,
  algorithmUnsupported: REFUSED,
  heuristicsUnsupported: REFUSED,
  castFailed: { cause: 'stopping', remedy: 'Look at the log of corosync.' },
  stopped: { cause: 'stopping', remedy: null },
};

function disconnected(snapshot: MemberSnapshot, { reason, detail }: NonNullable<MemberSnapshot['lastEnd']>): Reason {
  const { host, port } = snapshot.settings;
  const { cause, remedy } = ENDING[reason];
  const because = detail === '' ? '' : `: ${printable(detail, 1_000)}`;
  const sentence = `${capital(DISCONNECT[reason].text)} (${printable(host)}, port ${port})${because}.`;
  // A connection that was refused says what to do itself, for each address that was tried.
  if (reason !== 'connectTimeout' && detail !== '') return { cause, sentence, remedy };
  if (cause !== 'arbiterUnreachable') return { cause, sentence, remedy };
  const check = `Check that the arbiter runs on ${printable(host)} and that no firewall stands before its TCP port ${port}.`;
  return { cause, sentence, remedy: check };
}

function arbiterOf({ settings: { host, port } }: MemberSnapshot): string {
  return `the arbiter (${printable(host)}, port ${port})`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
