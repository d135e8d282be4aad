/**
 * The node's state as a JSON document for machines, and for `qdevice status`, which prints it for people. The shape is
 * stable: fields are added, never renamed; a change that breaks a reader raises `format`.
 */

import { DISCONNECT, type DisconnectReason } from '../member/disconnect-reasons.ts';
import type { HeuristicsResult } from '../member/events.ts';
import type { LinkState } from '../member/link.ts';
import type { HeuristicsSettings, TlsWish } from '../member/settings.ts';
import type { MemberSnapshot } from '../member/snapshot.ts';
import type { StandingVote } from '../member/voting.ts';
import type { DecisionAlgorithm, NodeState } from '../protocol/enums.ts';
import type { TieBreaker } from '../protocol/values.ts';
import { utf8Text } from './printable.ts';
import { type Explanation, explain } from './qdevice-explain.ts';
import type { QdeviceFacts, WallClock } from './qdevice-facts.ts';

export const QDEVICE_STATUS_FORMAT = 1;

export interface QdeviceStatusDocument {
  readonly format: number;
  readonly node: {
    readonly nodeId: number;
    /** UTF-8; a name that is not UTF-8 is here one character a byte. */
    readonly cluster: string;
    /** A decimal string: it may be larger than a JSON number holds. */
    readonly configVersion: string | null;
    readonly configuredNodes: readonly number[];
    /** Why the last reload was not taken over. */
    readonly configurationProblem: string | null;
    readonly timeoutMs: number;
    readonly syncTimeoutMs: number;
  };
  readonly membership: {
    /** Leader and sequence, both hexadecimal. */
    readonly ringId: string | null;
    readonly members: readonly number[];
    readonly quorate: boolean | null;
    readonly expectedVotes: number | null;
    readonly nodes: readonly { readonly nodeId: number; readonly state: NodeState }[];
  };
  readonly vote: {
    readonly standing: StandingVote;
    /** What corosync was told last, and when; null before the first time. */
    readonly lastCast: { readonly cast: boolean; readonly at: string; readonly agoMs: number } | null;
    readonly castIntervalMs: number;
    readonly explanation: Explanation;
  };
  readonly arbiter: {
    readonly host: string;
    readonly port: number;
    readonly forceIpVersion: 0 | 4 | 6;
    readonly algorithm: DecisionAlgorithm;
    readonly tieBreaker: TieBreaker;
    readonly keepActivePartition: boolean;
    readonly tls: TlsWish;
    /** `waiting`: for the next attempt to connect. `ready`: accepted, and told everything. */
    readonly state: LinkState | 'waiting';
    readonly connectedSince: string | null;
    readonly connectedForMs: number | null;
    readonly tlsActive: boolean;
    readonly certificateSent: boolean;
    readonly heartbeatMs: number;
    readonly connectTimeoutMs: number;
    readonly lastAnswerAgoMs: number | null;
    /** Null while not connected. */
    readonly supportsKeepActivePartition: boolean | null;
    /** How the last connection or attempt ended; null before the first. */
    readonly lastEnd: EndStatus | null;
  };
  readonly heuristics: {
    readonly mode: HeuristicsSettings['mode'];
    readonly commands: readonly string[];
    readonly latest: HeuristicsResult;
    readonly regular: HeuristicsResult;
    readonly membership: HeuristicsResult;
    readonly connect: HeuristicsResult;
  };
}

export interface EndStatus {
  readonly reason: DisconnectReason;
  readonly text: string;
  readonly detail: string;
  readonly at: string;
  readonly agoMs: number;
}

export function qdeviceStatusDocument(
  facts: QdeviceFacts,
  snapshot: MemberSnapshot,
  clock: WallClock,
): QdeviceStatusDocument {
  const { settings, ringId } = snapshot;
  return {
    format: QDEVICE_STATUS_FORMAT,
    node: {
      nodeId: settings.nodeId,
      cluster: utf8Text(settings.clusterName) ?? settings.clusterName,
      configVersion: settings.configVersion?.toString() ?? null,
      configuredNodes: settings.nodes.map(({ nodeId }) => nodeId),
      configurationProblem: facts.configurationProblem ?? null,
      timeoutMs: settings.timeoutMs,
      syncTimeoutMs: settings.syncTimeoutMs,
    },
    membership: {
      ringId: ringId === undefined ? null : `${ringId.nodeId.toString(16)}.${ringId.seq.toString(16)}`,
      members: snapshot.memberIds,
      quorate: snapshot.quorate ?? null,
      expectedVotes: snapshot.expectedVotes ?? null,
      nodes: snapshot.quorumNodes,
    },
    vote: voteStatus(facts, snapshot, clock),
    arbiter: arbiterStatus(snapshot, clock),
    heuristics: {
      mode: settings.heuristics.mode,
      // Names alone: an argument may be nobody else's business.
      commands: settings.heuristics.commands.map(({ name }) => name),
      ...snapshot.heuristics,
    },
  };
}

/** The document as ASCII, so that a character is a byte on the local socket. */
export function qdeviceStatusJson(facts: QdeviceFacts, snapshot: MemberSnapshot, clock: WallClock): string {
  const text = JSON.stringify(qdeviceStatusDocument(facts, snapshot, clock));
  return `${text.replace(/[^\x20-\x7e]/g, unicodeEscape)}\n`;
}

/** The document of a daemon of this format or a later one that only adds fields. */
export function readQdeviceStatusJson(text: string): QdeviceStatusDocument | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isDocument(parsed) ? parsed : undefined;
}

/** Written by qdeviceStatusJson of the same format: what is inside was checked by the compiler there. */
function isDocument(value: unknown): value is QdeviceStatusDocument {
  if (typeof value !== 'object' || value === null) return false;
  return 'format' in value && value.format === QDEVICE_STATUS_FORMAT && 'node' in value && 'arbiter' in value;
}

function voteStatus(facts: QdeviceFacts, snapshot: MemberSnapshot, clock: WallClock): QdeviceStatusDocument['vote'] {
  const { lastCast } = snapshot;
  return {
    standing: snapshot.vote,
    lastCast:
      lastCast === undefined
        ? null
        : { cast: lastCast.cast, at: clock.isoBefore(lastCast.agoMs), agoMs: Math.round(lastCast.agoMs) },
    castIntervalMs: snapshot.settings.castIntervalMs,
    explanation: explain(facts, snapshot),
  };
}

function arbiterStatus(snapshot: MemberSnapshot, clock: WallClock): QdeviceStatusDocument['arbiter'] {
  const { settings, readyForMs, lastEchoAgoMs, lastEnd } = snapshot;
  return {
    host: settings.host,
    port: settings.port,
    forceIpVersion: settings.forceIpVersion,
    algorithm: settings.algorithm,
    tieBreaker: settings.tieBreaker,
    keepActivePartition: settings.keepActivePartition,
    tls: settings.tls,
    state: snapshot.link,
    connectedSince: readyForMs === undefined ? null : clock.isoBefore(readyForMs),
    connectedForMs: readyForMs === undefined ? null : Math.round(readyForMs),
    tlsActive: snapshot.tlsActive,
    certificateSent: snapshot.certificateSent,
    heartbeatMs: settings.heartbeatMs,
    connectTimeoutMs: settings.connectTimeoutMs,
    lastAnswerAgoMs: lastEchoAgoMs === undefined ? null : Math.round(lastEchoAgoMs),
    supportsKeepActivePartition: snapshot.arbiterSupportsKeepActivePartition ?? null,
    lastEnd: lastEnd === undefined ? null : endStatus(lastEnd, clock),
  };
}

function endStatus({ reason, detail, agoMs }: NonNullable<MemberSnapshot['lastEnd']>, clock: WallClock): EndStatus {
  return { reason, text: DISCONNECT[reason].text, detail, at: clock.isoBefore(agoMs), agoMs: Math.round(agoMs) };
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
