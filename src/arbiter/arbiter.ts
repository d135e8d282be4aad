/**
 * The arbiter: connections and clusters, and which event concerns which. It is handed one event and the time, and hands
 * back what has to be done; it reads no clock and sends nothing itself.
 */

import assert from 'node:assert';
import { decodeBody, missingOption } from '../protocol/decode.ts';
import { encodeEchoReply } from '../protocol/encode.ts';
import type { ReplyCode } from '../protocol/enums.ts';
import { type FrameEvent, FrameReader } from '../protocol/frame-reader.ts';
import type { MessageName } from '../protocol/messages.ts';
import type { OptionValues } from '../protocol/options.ts';
import type { ByteString } from '../protocol/values.ts';
import { ALGORITHMS } from './algorithms/all.ts';
import { namesInWords } from './certificate-name.ts';
import { type Algorithms, Clusters, type Result } from './clusters.ts';
import type { Connection } from './connection.ts';
import { Deadlines, earlier } from './deadlines.ts';
import type { Effect } from './effects.ts';
import type { ArbiterEvent, ClientId, PeerCertificate } from './events.ts';
import { closeIfDead, closeIfRevoked } from './expulsion.ts';
import { closeSilent, type Door, onInit, onSettled } from './joining.ts';
import { preinitReply, QUESTION_SEQ, serverError } from './replies.ts';
import type { Report } from './reports.ts';
import { NO_RECORDS, type Records } from './safety/guards.ts';
import type { Ending } from './safety/lease.ts';
import { type Host, onWithdrawn, onWord, reviewDue } from './safety/review.ts';
import { SecondConnections } from './second-connections.ts';
import { deadPeerMs, judge, newSession, type Session } from './session.ts';
import type { ArbiterSettings } from './settings.ts';
import type { ArbiterSnapshot } from './snapshot.ts';
import { snapshotsOf } from './snapshot-of.ts';
import { Turns, WORK_PER_TURN, workOf } from './turns.ts';

/** Far below the shortest silence that ends a connection by default. */
const LOOK_AHEAD_MS = 250;

export class Arbiter {
  readonly #settings: ArbiterSettings;
  readonly #connections = new Map<ClientId, Connection>();
  readonly #clusters: Clusters;
  readonly #deadlines = new Deadlines();
  readonly #turns = new Turns();
  /** Undefined: what upstream does not ask is not asked. */
  readonly #seconds: SecondConnections | undefined;
  #revoked: ReadonlySet<string> = new Set();
  #effects: Effect[] = [];
  #nowMs = 0;
  #stopped = false;

  /** `records`: what was written by earlier processes; only vote_safety=strict looks at them. */
  constructor(settings: ArbiterSettings, algorithms: Algorithms = ALGORITHMS, records: Records = NO_RECORDS) {
    this.#settings = settings;
    this.#clusters = new Clusters(settings, algorithms, records);
    this.#seconds = settings.voteSafety === 'strict' ? new SecondConnections() : undefined;
  }

  /** `nowMs` is monotonic and never goes back. The effects are to be carried out in order, before the next event. */
  handle(event: ArbiterEvent, nowMs: number): Effect[] {
    assert(nowMs >= this.#nowMs, 'time does not go back');
    this.#nowMs = nowMs;
    this.#effects = [];
    if (this.#stopped) return [];
    switch (event.kind) {
      case 'connected':
        this.#onConnected(event.client, event.address);
        break;
      case 'bytes':
        this.#onBytes(event.client, event.bytes);
        break;
      case 'secured':
        this.#onSecured(event.client, event.certificate);
        break;
      case 'disconnected':
        this.#drop(event.client, event.reason, event.finished === true ? 'finished' : 'broken');
        break;
      case 'recorded':
      case 'release':
        onWord(this.#host(), event);
        break;
      case 'revoked':
        this.#revoked = event.fingerprints;
        for (const connection of this.#connections.values()) closeIfRevoked(this.#host(), connection, this.#revoked);
        break;
      case 'tick':
        this.#onTick();
        break;
      case 'shutdown':
        this.#stopped = true;
        for (const client of this.#connections.keys()) this.#effects.push({ kind: 'close', on: client });
        break;
    }
    for (let settled = this.#seconds?.nextSettled(); settled !== undefined; settled = this.#seconds?.nextSettled()) {
      const connection = this.#connections.get(settled.second);
      if (connection === undefined) continue;
      onSettled(this.#host(), connection, settled);
      this.#takeTurn(connection, true);
    }
    return this.#effects;
  }

  /** When `handle` wants to be called with a tick, at the latest; undefined: no need. */
  nextDeadlineMs(): number | undefined {
    if (this.#stopped) return undefined;
    const ofPeers = earlier(this.#deadlines.nextMs(), this.#seconds?.nextMs());
    const ofClusters = earlier(this.#clusters.nextWakeMs(), this.#clusters.guards?.nextMs());
    return earlier(this.#turns.nextMs(), earlier(ofPeers, ofClusters));
  }

  /** Connections and clusters. */
  counts(): { readonly clients: number; readonly clusters: number } {
    return { clients: this.#connections.size, clusters: this.#clusters.size };
  }

  snapshot(nowMs: number): ArbiterSnapshot {
    return {
      connectedClients: this.#connections.size,
      voteCounts: this.#clusters.guards?.counts,
      secondConnections: this.#seconds?.counts,
      clusters: snapshotsOf(this.#clusters, (of) => this.#connectionOf(of), nowMs),
    };
  }

  #onConnected(client: ClientId, address: string): void {
    assert(!this.#connections.has(client), 'a client number is used once');
    const { maxClients, maxReceiveBytes, maxReceiveBytesBeforeTls, tls } = this.#settings;
    if (maxClients !== 0 && this.#connections.size >= maxClients) {
      this.#report({ what: 'tooManyClients', client, cluster: undefined, address });
      this.#effects.push({ kind: 'close', on: client });
      return;
    }
    const session = newSession(client, address, this.#nowMs);
    const frameBytesMax = tls === 'required' ? Math.min(maxReceiveBytes, maxReceiveBytesBeforeTls) : maxReceiveBytes;
    this.#connections.set(client, { session, reader: new FrameReader(frameBytesMax), heardAtMs: this.#nowMs });
    this.#watch(session, this.#nowMs);
    this.#report({ what: 'connected', client, cluster: undefined, address });
  }

  #onBytes(client: ClientId, bytes: Uint8Array): void {
    const connection = this.#connections.get(client);
    if (connection === undefined) return;
    if (connection.session.tls === 'starting') {
      this.#close(client, 'it spoke in the clear during the TLS handshake');
      return;
    }
    connection.reader.push(bytes);
    if (this.#turns.waits(client) || this.#seconds?.waits(client) === true) return;
    if (this.#turns.isFree(client, connection.session.cluster, this.#nowMs)) this.#takeTurn(connection, false);
    else this.#wait(connection, false);
  }

  /** Handles what the client has said, up to its share; the rest waits, and nothing more is read meanwhile. */
  #takeTurn(connection: Connection, waited: boolean): void {
    const { client } = connection.session;
    let work = 0;
    // A frame can close the connection or start a handshake: what comes behind is not for this reader then.
    for (let open = true; open; open = this.#isReading(client)) {
      const event = connection.reader.next();
      if (event === undefined) {
        if (waited) this.#effects.push({ kind: 'resumeReading', on: client });
        return;
      }
      const { cluster } = connection.session;
      const messageBytes = event.kind === 'frame' ? event.body.length : 0;
      const toRead = workOf(cluster === undefined ? undefined : this.#clusters.get(cluster), messageBytes);
      const before = this.#effects.length;
      this.#onFrame(connection, event);
      // An answer is in the price of a message; what else comes of it, as votes for a whole cluster, is not.
      const cost = toRead + Math.max(0, this.#effects.length - before - 1);
      this.#turns.spend(client, cluster, cost, this.#nowMs);
      work += cost;
      if (this.#seconds?.waits(client) === true) {
        if (!waited) this.#effects.push({ kind: 'pauseReading', on: client });
        return;
      }
      if (work >= WORK_PER_TURN && this.#isReading(client)) {
        this.#wait(connection, waited);
        return;
      }
    }
  }

  #wait({ session }: Connection, waited: boolean): void {
    this.#turns.enqueue(session.client, session.cluster, this.#nowMs);
    if (!waited) this.#effects.push({ kind: 'pauseReading', on: session.client });
  }

  #isReading(client: ClientId): boolean {
    const session = this.#connections.get(client)?.session;
    return session !== undefined && session.tls !== 'starting';
  }

  #onSecured(client: ClientId, certificate: PeerCertificate | undefined): void {
    const connection = this.#connections.get(client);
    if (connection === undefined) return;
    connection.reader = new FrameReader(this.#settings.maxReceiveBytes);
    connection.session = { ...connection.session, tls: 'active', certificate, verifiedFor: undefined };
    closeIfRevoked(this.#host(), connection, this.#revoked);
  }

  #onTick(): void {
    const next = this.#turns.next(this.#nowMs);
    const waiting = next === undefined ? undefined : this.#connections.get(next);
    if (waiting !== undefined) this.#takeTurn(waiting, true);
    for (const client of this.#deadlines.takeDue(this.#nowMs, LOOK_AHEAD_MS)) {
      const connection = this.#connections.get(client);
      if (connection !== undefined) closeIfDead(this.#host(), connection);
    }
    for (const client of this.#clusters.takeWakesDue(this.#nowMs)) {
      const cluster = this.#connections.get(client)?.session.cluster;
      if (cluster !== undefined) this.#carryOut(cluster, client, this.#clusters.wake(cluster, client, this.#nowMs));
    }
    closeSilent(this.#host());
    reviewDue(this.#host());
  }

  #onFrame(connection: Connection, frame: FrameEvent): void {
    const { client } = connection.session;
    this.#seconds?.heard(client);
    if (frame.kind === 'refused') {
      this.#refuse(connection.session, frame.code, undefined, 'skipped message');
      return;
    }
    connection.heardAtMs = this.#nowMs;
    const decoded = decodeBody(frame.body);
    if (!decoded.ok) {
      this.#refuse(connection.session, 'errorDecodingMessage', decoded.seq, frame.name);
      return;
    }
    const { options } = decoded;
    const verdict = judge(connection.session, frame.name, this.#settings);
    if (verdict.kind === 'refuse') {
      if (verdict.code === 'tlsRequired') {
        this.#report({ what: 'plaintextRefused', client, cluster: connection.session.clusterName });
      }
      this.#refuse(connection.session, verdict.code, options.msgSeqNumber, frame.name);
    } else if (verdict.kind === 'closeForCertificate') {
      const { certificate, clusterName } = connection.session;
      const names = certificate === undefined ? 'no certificate' : namesInWords(certificate);
      this.#report({ what: 'certificateRefused', client, cluster: clusterName, names });
      this.#close(client, 'the certificate does not name the cluster');
    } else {
      connection.session = verdict.session;
      this.#onMessage(connection, frame.name, options, frame.body);
    }
  }

  #onMessage(connection: Connection, name: MessageName, options: OptionValues, body: Uint8Array): void {
    const { session } = connection;
    if (name === 'init') {
      onInit(this.#host(), connection, options);
    } else if (missingOption(name, options) !== undefined) {
      this.#refuse(session, 'missingRequiredOption', options.msgSeqNumber, name);
    } else if (name === 'preinit') {
      connection.session = { ...session, clusterName: options.clusterName };
      this.#send(session.client, preinitReply(options.msgSeqNumber, this.#settings), session.client);
    } else if (name === 'startTls') {
      this.#onStartTls(connection);
    } else if (name === 'echoRequest') {
      const { cluster, client } = session;
      if (cluster !== undefined && options.voteWithdrawn !== undefined) onWithdrawn(this.#host(), cluster, client);
      this.#send(session.client, encodeEchoReply(body), session.client);
    } else if (this.#seconds === undefined || name !== 'voteInfoReply' || options.msgSeqNumber !== QUESTION_SEQ) {
      const { cluster } = session;
      assert(cluster !== undefined, 'only members get this far');
      this.#onRequest(connection, cluster, name, options);
    }
  }

  /** Without TLS of our own, or inside TLS already, there is nothing to start and nothing to answer. */
  #onStartTls(connection: Connection): void {
    const { session, reader } = connection;
    if (this.#settings.tls === 'unsupported' || session.tls !== 'clear') {
      this.#report({ what: 'tlsNotOffered', client: session.client, cluster: session.clusterName });
      this.#close(session.client, 'TLS cannot be started');
      return;
    }
    connection.session = { ...session, tls: 'starting' };
    this.#effects.push({ kind: 'startTls', on: session.client, alreadyRead: reader.takeRest() });
  }

  #onRequest(connection: Connection, cluster: ByteString, name: MessageName, options: OptionValues): void {
    const { session } = connection;
    const { client } = session;
    const result = this.#clusters.request(cluster, client, name, options, this.#nowMs);
    if (result.kind === 'refused') {
      this.#refuse(session, result.code, options.msgSeqNumber, name);
      return;
    }
    const heartbeatMs = this.#clusters.memberOf(cluster, client)?.heartbeatMs ?? session.heartbeatMs;
    if (heartbeatMs !== session.heartbeatMs) {
      connection.session = { ...session, heartbeatMs };
      this.#watch(connection.session, this.#nowMs);
    }
    this.#carryOut(cluster, client, result);
  }

  /** Takes a connection out, and lets its cluster decide without it. */
  #drop(client: ClientId, reason: string, ending: Ending): void {
    const connection = this.#connections.get(client);
    if (connection === undefined) return;
    const { cluster } = connection.session;
    const nodeId = cluster === undefined ? undefined : this.#clusters.memberOf(cluster, client)?.nodeId;
    this.#report({ what: 'left', client, cluster, nodeId, reason });
    this.#forget(client);
    if (cluster === undefined) return;
    const how = { ending, heardAtMs: connection.heardAtMs };
    this.#carryOut(cluster, client, this.#clusters.leave(cluster, client, how, this.#nowMs));
  }

  /** `cause` is the client whose event it was, if any: upstream blames it for what cannot be sent to whomever. */
  #carryOut(cluster: ByteString, cause: ClientId | undefined, result: Result): void {
    if (result.kind === 'failed') {
      this.#report({ what: 'clusterFailed', cluster, error: result.error });
      for (const client of result.clients) {
        if (!this.#connections.has(client)) continue;
        this.#forget(client);
        this.#effects.push({ kind: 'close', on: client });
      }
      return;
    }
    if (result.write !== undefined) this.#effects.push({ kind: 'record', cluster, ...result.write });
    for (const { to, bytes } of result.outgoing) {
      const blame = cause === undefined || this.#settings.voteSafety === 'strict' ? to : cause;
      const wasThere = this.#connections.has(blame);
      this.#send(to, bytes, blame);
      // Closing it decided anew: what follows is out of date then.
      if (wasThere && !this.#connections.has(blame)) return;
    }
    for (const report of result.reports) this.#report(report);
  }

  #forget(client: ClientId): void {
    this.#connections.delete(client);
    this.#deadlines.forget(client);
    this.#turns.remove(client);
    this.#seconds?.forget(client);
  }

  #close(client: ClientId, reason: string): void {
    this.#effects.push({ kind: 'close', on: client });
    this.#drop(client, reason, 'broken');
  }

  /** An error reply; the connection stays. */
  #refuse(session: Session, code: ReplyCode, seq: number | undefined, message: MessageName | 'skipped message'): void {
    this.#report({ what: 'refused', client: session.client, cluster: session.clusterName, code, message });
    this.#send(session.client, serverError(code, seq), session.client);
  }

  /** A frame over the limit cannot be sent at all: the client to blame is closed, as upstream does. */
  #send(to: ClientId, bytes: Uint8Array, blame: ClientId): void {
    if (!this.#connections.has(to)) return;
    if (bytes.length <= this.#settings.maxSendBytes) {
      this.#effects.push({ kind: 'send', to, bytes, blame });
      return;
    }
    this.#report({
      what: 'replyTooLong',
      client: to,
      cluster: this.#connectionOf({ client: to }).session.clusterName,
      frameBytes: bytes.length,
    });
    this.#close(blame, 'a message for it is over the send limit');
  }

  #report(report: Report): void {
    this.#effects.push({ kind: 'report', report });
  }

  #watch(session: Session, heardAtMs: number): void {
    const silenceMs = deadPeerMs(session.heartbeatMs, this.#settings);
    if (!this.#settings.deadPeerDetection || silenceMs === undefined) return;
    this.#deadlines.watch(session.client, heardAtMs + silenceMs);
  }

  #host(): Host & Door {
    return {
      clusters: this.#clusters,
      settings: this.#settings,
      seconds: this.#seconds,
      nowMs: this.#nowMs,
      connectionOf: (of) => this.#connectionOf(of),
      waits: (client) => this.#turns.waits(client),
      report: (report) => this.#report(report),
      send: (to, bytes, blame) => this.#send(to, bytes, blame),
      watch: (session, heardAtMs) => this.#watch(session, heardAtMs),
      push: (effect) => this.#effects.push(effect),
      close: (client, reason) => this.#close(client, reason),
      carryOut: (cluster, cause, result) => this.#carryOut(cluster, cause, result),
    };
  }

  #connectionOf({ client }: { readonly client: ClientId }): Connection {
    const connection = this.#connections.get(client);
    assert(connection !== undefined, 'a member has a connection');
    return connection;
  }
}
