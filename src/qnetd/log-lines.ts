/**
 * What the log says of the arbiter's reports: one line per change of state, a short constant message with the facts as
 * fields, and the client's address, node and cluster bound to every line about it.
 *
 * A client decides how often it makes the arbiter report something, so nothing that it can repeat is logged each time:
 * the same refusal counts up and is told when the client leaves, and what changes all the time is told as far as a
 * budget of lines goes; the rest is for debugging and counted.
 */
import type { ClientId } from '../arbiter/events.ts';
import type { Report } from '../arbiter/reports.ts';
import type { Blocker } from '../arbiter/safety/blockers.ts';
import { assertNever } from '../protocol/assert-never.ts';
import { REPLY_TEXT } from '../protocol/errors.ts';
import { type ByteString, ringText } from '../protocol/values.ts';
import type { Level, LogSink } from '../runtime/log-aside.ts';
import { printable, printableName } from '../status/printable.ts';
import { ruleWords } from '../status/rule-words.ts';
import { LineBudget } from './line-budget.ts';

export type { LogSink };

type Fields = Readonly<Record<string, unknown>>;

interface LogLine {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

/** What is known of one connection, for every line about it. */
interface KnownClient {
  peer: string | undefined;
  node: number | undefined;
  cluster: string | undefined;
  /** The membership that was told last. */
  membership: string | undefined;
  /** Kinds of refusal that were told. */
  readonly told: Set<string>;
  /** Refusals that were not told because their kind was. */
  repeats: number;
}

/** Clusters whose last decision has not been confirmed; beyond, a confirmation is told once too often. */
const UNSETTLED_MAX = 10_000;
/** Entries of a list that a line shows; a node may report thousands. */
const SHOWN_ENTRIES_MAX = 32;

/** What the nodes of a cluster can bring about as often as they like. */
const BUDGETED: ReadonlySet<Report['what']> = new Set<Report['what']>([
  'unstable',
  'decided',
  'settled',
  'voteHeld',
  'voteFreed',
  'revoking',
  'recordFailed',
  'firstAsked',
  'firstAnswered',
]);

export class ReportLog {
  readonly #sink: LogSink;
  readonly #nowMs: () => number;
  readonly #linesOfClients = new LineBudget<ClientId>();
  readonly #linesOfClusters = new LineBudget<ByteString>();
  readonly #clients = new Map<ClientId, KnownClient>();
  readonly #unsettled = new Set<ByteString>();

  /** `nowMs`: monotonic. */
  constructor(sink: LogSink, nowMs: () => number = () => performance.now()) {
    this.#sink = sink;
    this.#nowMs = nowMs;
  }

  report(report: Report): void {
    const known = 'client' in report ? this.#learn(report.client, report) : undefined;
    // Said by plaintextRefused already, in a line that says what to do.
    if (report.what === 'refused' && report.code === 'tlsRequired') return;
    if (known !== undefined && isRepeat(known, report)) {
      known.repeats += 1;
      return;
    }
    const line = lineOf(report);
    const atTheEnd = report.what === 'left' ? this.#untold(report.client, known) : {};
    const news = isNews(report, known, this.#unsettled) && line.level !== 'debug';
    const level = news && this.#isWithinBudget(report, known) ? line.level : 'debug';
    this.#write({ ...line, level, fields: { ...line.fields, ...atTheEnd } }, known);
  }

  /** The TLS handshake of a client came to nothing. */
  handshakeFailed(client: ClientId, reason: string): void {
    this.#write({ level: 'warn', message: 'TLS handshake failed', fields: { reason } }, this.#known(client));
  }

  /** `blame` is closed because a message it caused for `to` found that client's queue full. */
  overflowed(blame: ClientId, to: ClientId): void {
    const message =
      blame === to
        ? 'client closed: it does not read what it is sent'
        : 'client closed: a message that it caused could not be queued for a client that does not read';
    const slow = this.#known(to);
    this.#write(
      { level: 'warn', message, fields: { slowPeer: slow.peer, slowNode: slow.node, slowClient: to } },
      this.#known(blame),
    );
  }

  /** The connection is released: nothing will be said of it any more. */
  forget(client: ClientId): void {
    this.#clients.delete(client);
    this.#linesOfClients.drop(client);
  }

  /** The first line that is allowed again after others were not comes with their number. */
  #isWithinBudget(report: Report, known: KnownClient | undefined): boolean {
    let leftOut: number | undefined = 0;
    let fields: Fields = {};
    if (report.what === 'membership' || report.what === 'judged') {
      leftOut = this.#linesOfClients.take(report.client, this.#nowMs());
    } else if (BUDGETED.has(report.what)) {
      const cluster = report.cluster ?? '';
      leftOut = this.#linesOfClusters.take(cluster, this.#nowMs());
      fields = { cluster: printableName(cluster) };
    }
    if (leftOut === undefined) return false;
    const message = 'lines left out, there were too many; the log level debug shows all';
    if (leftOut > 0) this.#write({ level: 'warn', message, fields: { ...fields, linesLeftOut: leftOut } }, known);
    return true;
  }

  /** What was counted instead of told, for the line that says that the client left. */
  #untold(client: ClientId, known: KnownClient | undefined): Fields {
    return { repeats: known?.repeats || undefined, linesLeftOut: this.#linesOfClients.drop(client) || undefined };
  }

  #known(client: ClientId): KnownClient {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    const nothing = { peer: undefined, node: undefined, cluster: undefined, membership: undefined };
    return { ...nothing, told: new Set(), repeats: 0 };
  }

  #learn(client: ClientId, report: Report & { readonly client: ClientId }): KnownClient {
    const known = this.#known(client);
    if ('address' in report && report.address !== undefined) known.peer = report.address;
    if ('nodeId' in report && report.nodeId !== undefined) known.node = report.nodeId;
    if (report.cluster !== undefined) known.cluster = printableName(report.cluster);
    this.#clients.set(client, known);
    return known;
  }

  #write({ level, message, fields }: LogLine, known: KnownClient | undefined): void {
    const bound = known && { peer: known.peer, cluster: known.cluster, node: known.node };
    this.#sink[level](shownFields({ ...bound, ...fields }), message);
  }
}

/** A membership is news if it differs from the client's last one, a confirmation if the decision before it was news. */
function isNews(report: Report, known: KnownClient | undefined, unsettled: Set<ByteString>): boolean {
  if (report.what === 'membership' && known !== undefined) {
    const told = known.membership;
    known.membership = `${ringText(report.ringId)} ${report.members.join(',')}`;
    return known.membership !== told;
  }
  if (report.what === 'decided' && report.changed) {
    if (unsettled.size >= UNSETTLED_MAX) unsettled.clear();
    unsettled.add(report.cluster);
  }
  return report.what !== 'settled' || unsettled.delete(report.cluster);
}

function isRepeat(known: KnownClient, report: Report): boolean {
  if (report.what !== 'refused' && report.what !== 'plaintextRefused') return false;
  const key = report.what === 'refused' ? report.code : report.what;
  if (known.told.has(key)) return true;
  known.told.add(key);
  return false;
}

/** Level, message and the fields that belong to this kind of report alone. */
function lineOf(report: Report): LogLine {
  switch (report.what) {
    case 'connected':
      return { level: 'debug', message: 'client connected', fields: { client: report.client } };
    case 'tooManyClients':
      return { level: 'warn', message: 'client turned away: the limit of clients is reached', fields: {} };
    case 'dismissed': {
      const { why, dismissed } = report;
      const message = 'connections of newcomers refused or closed; `qnetd status -v` counts them';
      return { level: dismissed === undefined ? 'debug' : 'warn', message, fields: { why, dismissed } };
    }
    case 'joined': {
      const { algorithm, heartbeatMs } = report;
      return { level: 'info', message: 'node joined', fields: { client: report.client, algorithm, heartbeatMs } };
    }
    case 'left': {
      const { client, nodeId, reason } = report;
      if (nodeId === undefined) return { level: 'debug', message: 'client left', fields: { client, reason } };
      return { level: 'info', message: 'node left', fields: { client, reason } };
    }
    case 'silent': {
      const silentMs = Math.round(report.silentMs);
      return { level: 'warn', message: 'node silent for too long, connection closed', fields: { silentMs } };
    }
    case 'firstAsked': {
      const message = 'node connects although it is connected: the first connection is asked whether it is still there';
      return { level: 'info', message, fields: { firstPeer: report.firstPeer } };
    }
    case 'firstAnswered': {
      const message = 'node connects although it is connected, and the first connection answers: do two have its id?';
      return { level: 'warn', message, fields: {} };
    }
    case 'firstSilent': {
      const message = 'connection of a node closed: it does not answer, and the node has come back on another';
      return { level: 'warn', message, fields: { silentMs: Math.round(report.silentMs) } };
    }
    case 'refused': {
      const { code, message } = report;
      return {
        level: 'warn',
        message: 'message refused',
        fields: { received: message, code, reason: REPLY_TEXT[code] },
      };
    }
    case 'plaintextRefused':
      return {
        level: 'warn',
        message:
          'plaintext client refused: TLS is required here; start with --tls on (corosync-qnetd: -s on) to allow it',
        fields: {},
      };
    case 'certificateRefused': {
      const fields = { certificateNames: printable(report.names) };
      return { level: 'warn', message: "client refused: its certificate does not carry the cluster's name", fields };
    }
    case 'certificateRevoked': {
      const { fingerprint } = report;
      return { level: 'warn', message: 'client closed: its certificate is revoked', fields: { fingerprint } };
    }
    case 'tlsNotOffered':
      return { level: 'warn', message: 'client closed: it asked for TLS where TLS cannot be started', fields: {} };
    case 'replyTooLong': {
      const { frameBytes } = report;
      return { level: 'error', message: 'message over the send limit, client closed', fields: { frameBytes } };
    }
    case 'membership': {
      const fields = { ring: ringText(report.ringId), members: report.members };
      return { level: 'info', message: 'node reports its membership', fields };
    }
    case 'judged': {
      const message = report.vote === 'ack' ? 'node gets the vote' : 'node does not get the vote';
      return { level: report.changed ? 'info' : 'debug', message, fields: { rule: ruleWords(report.rule) } };
    }
    case 'revoking':
      return { level: 'info', message: 'node is told that the vote is gone, and has to confirm it', fields: {} };
    case 'unconfirmed':
      return { level: 'warn', message: 'node does not confirm that the vote is gone, connection closed', fields: {} };
    default:
      return clusterLineOf(report);
  }
}

/** What concerns a cluster as a whole. */
function clusterLineOf(report: Exclude<Report, { readonly client: ClientId }>): LogLine {
  const cluster = printableName(report.cluster);
  switch (report.what) {
    case 'unstable': {
      const message = 'no new decision: the nodes do not agree yet on who is where';
      return { level: 'debug', message, fields: { cluster } };
    }
    case 'decided': {
      const { winner, withheldFrom, changed } = report;
      const fields = { cluster, winner, rule: ruleWords(report.rule), withheldFrom };
      const message = winner.length === 0 ? 'no partition gets the vote' : 'partition gets the vote';
      return { level: changed ? 'info' : 'debug', message, fields };
    }
    case 'settled': {
      const { holders, leftOut } = report;
      if (leftOut.length === 0) return { level: 'info', message: 'vote confirmed', fields: { cluster, holders } };
      const message = 'a node that wins was not told, restart its corosync-qdevice';
      return { level: 'warn', message, fields: { cluster, holders, leftOut } };
    }
    case 'voteHeld': {
      const { partition, blockers } = report;
      return {
        level: 'info',
        message: 'partition has to wait for the vote',
        fields: { cluster, partition, ...waitFields(blockers) },
      };
    }
    case 'voteFreed': {
      const fields = { cluster, partition: report.partition, waitedMs: Math.round(report.waitedMs) };
      return { level: 'info', message: 'partition gets the vote after waiting', fields };
    }
    case 'released': {
      const message = 'an operator says that this node casts nothing: it is waited for no more';
      return { level: 'warn', message, fields: { cluster, node: report.nodeId } };
    }
    case 'recordFailed': {
      const message = 'the vote is withheld: who gets it could not be written down; make room or mend the directory';
      return { level: 'error', message, fields: { cluster, reason: report.reason } };
    }
    case 'clusterFailed': {
      const message = 'this cluster could not be decided, a defect of this program; its connections were closed';
      return { level: 'fatal', message, fields: { cluster, error: report.error } };
    }
    default:
      return assertNever(report);
  }
}

/** Whom a partition waits for, and why. */
function waitFields(blockers: readonly Blocker[]): Fields {
  const of = (kind: Blocker['kind']) => {
    const nodes = blockers.filter((blocker) => blocker.kind === kind).map(({ nodeId }) => nodeId);
    return nodes.length === 0 ? undefined : nodes;
  };
  return { toConfirm: of('confirmation'), mayStillCast: of('lease'), unknownSinceStart: of('unknown') };
}

/** What is known, and of a long list its beginning and its length. */
function shownFields(fields: Fields): Fields {
  const shown = Object.entries(fields).flatMap(([name, value]) => {
    if (!Array.isArray(value) || value.length <= SHOWN_ENTRIES_MAX) return value === undefined ? [] : [[name, value]];
    return [
      [name, value.slice(0, SHOWN_ENTRIES_MAX)],
      [`${name}Count`, value.length],
    ];
  });
  return Object.fromEntries(shown);
}
