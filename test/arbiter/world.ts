/** Fake nodes around the pure core: what each node says goes in as frames, what it hears is decoded again. */

import assert from 'node:assert/strict';
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import type { Algorithms } from '../../src/arbiter/clusters.ts';
import type { Effect } from '../../src/arbiter/effects.ts';
import type { PeerCertificate } from '../../src/arbiter/events.ts';
import type { Report } from '../../src/arbiter/reports.ts';
import type { Records } from '../../src/arbiter/safety/guards.ts';
import type { RecordedGrant } from '../../src/arbiter/safety/ledger.ts';
import { type ArbiterSettings, DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import type { Heuristics } from '../../src/protocol/enums.ts';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import type { ByteString, TieBreaker } from '../../src/protocol/values.ts';

export interface Heard {
  readonly name: MessageName;
  readonly options: OptionValues;
}

export interface InitOptions {
  readonly cluster?: string;
  readonly ring?: [number, bigint];
  readonly heartbeatMs?: number;
  readonly tieBreaker?: TieBreaker;
  readonly algorithm?: number;
}

export const LOWEST: TieBreaker = { mode: 'lowest' };

export const nodeInfos = (ids: readonly number[]) => ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));

export class World {
  readonly arbiter: Arbiter;
  readonly reports: Report[] = [];
  readonly closed = new Set<number>();
  readonly #heard = new Map<number, Heard[]>();
  readonly startedTls: number[] = [];
  readonly paused = new Set<number>();
  nowMs = 0;

  /** What is on disk, and the writes that are not: those that `finishWrite` has not been called for. */
  readonly disk = new Map<ByteString, readonly RecordedGrant[]>();
  readonly writes: (Effect & { readonly kind: 'record' })[] = [];
  /** Whether a write ends as soon as it is asked for. */
  writesEnd = true;

  constructor(settings: Partial<ArbiterSettings> = {}, algorithms?: Algorithms, records?: Records) {
    this.arbiter = new Arbiter(
      { ...DEFAULT_ARBITER_SETTINGS, tls: 'unsupported', voteSafety: 'upstream', ...settings },
      algorithms,
      records,
    );
  }

  /** The oldest write is safe on disk, or failed. */
  finishWrite(failure?: string): void {
    const write = this.writes.shift();
    assert.ok(write, 'a write is under way');
    const { cluster, version, grants } = write;
    if (failure === undefined) this.disk.set(cluster, grants);
    this.#run(this.arbiter.handle({ kind: 'recorded', cluster, version, failure }, this.nowMs));
  }

  /** An operator says that this node casts nothing. */
  release(cluster: string, nodeId: number): void {
    this.#run(this.arbiter.handle({ kind: 'release', cluster, nodeId }, this.nowMs));
  }

  connect(client: number, address = `192.0.2.${client}:1`): void {
    this.#run(this.arbiter.handle({ kind: 'connected', client, address }, this.nowMs));
  }

  say(client: number, name: MessageName, options: OptionValues): void {
    this.bytes(client, encodeMessage(name, options));
  }

  bytes(client: number, bytes: Uint8Array): void {
    this.#run(this.arbiter.handle({ kind: 'bytes', client, bytes }, this.nowMs));
  }

  /** Lets time pass, with every tick that the arbiter asks for. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.arbiter.nextDeadlineMs();
      if (next === undefined || next > untilMs) break;
      this.tick(Math.max(next, this.nowMs));
    }
    this.nowMs = untilMs;
  }

  secured(client: number, certificate: PeerCertificate | undefined): void {
    this.#run(this.arbiter.handle({ kind: 'secured', client, certificate }, this.nowMs));
  }

  /** These certificates, and none but these. */
  revoke(...fingerprints: readonly string[]): void {
    this.#run(this.arbiter.handle({ kind: 'revoked', fingerprints: new Set(fingerprints) }, this.nowMs));
  }

  /** `finished`: with a FIN of its own. */
  leave(client: number, finished = true): void {
    this.#run(this.arbiter.handle({ kind: 'disconnected', client, reason: 'test', finished }, this.nowMs));
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs;
    this.#run(this.arbiter.handle({ kind: 'tick' }, nowMs));
  }

  stop(): void {
    this.#run(this.arbiter.handle({ kind: 'shutdown' }, this.nowMs));
  }

  /** What the client heard since the last call. */
  heard(client: number): Heard[] {
    const heard = this.#heard.get(client) ?? [];
    this.#heard.set(client, []);
    return heard;
  }

  /** The one error code that the client heard since the last call, from serverError or initReply. */
  code(client: number): number | undefined {
    const heard = this.heard(client);
    assert.equal(heard.length, 1, 'one answer');
    return heard[0]?.options.replyErrorCode;
  }

  preinit(client: number, cluster = 'tst'): void {
    this.say(client, 'preinit', { msgSeqNumber: 1, clusterName: cluster });
  }

  init(client: number, nodeId: number, options: InitOptions = {}): void {
    const [leader, seq] = options.ring ?? [nodeId, 4n];
    this.say(client, 'init', {
      msgSeqNumber: 2,
      nodeId,
      decisionAlgorithm: options.algorithm ?? 1,
      heartbeatIntervalMs: options.heartbeatMs ?? 8000,
      tieBreaker: options.tieBreaker ?? LOWEST,
      ringId: { nodeId: leader, seq },
    });
  }

  join(client: number, nodeId: number, options: InitOptions = {}): void {
    this.connect(client);
    this.preinit(client, options.cluster);
    this.heard(client);
    this.init(client, nodeId, options);
    assert.equal(this.code(client), 0, 'INIT is accepted');
  }

  config(client: number, ids: readonly number[], changed = false): void {
    const nodeListType = changed ? 'changedConfig' : 'initialConfig';
    this.say(client, 'nodeList', { msgSeqNumber: 3, nodeListType, nodeInfo: nodeInfos(ids) });
  }

  membership(client: number, ring: [number, bigint], ids: readonly number[], heuristics?: Heuristics): void {
    const [nodeId, seq] = ring;
    const nodeInfo = nodeInfos(ids);
    const extra = heuristics === undefined ? {} : { heuristics };
    const nodeListType = 'membership';
    this.say(client, 'nodeList', { msgSeqNumber: 4, nodeListType, ringId: { nodeId, seq }, nodeInfo, ...extra });
  }

  confirm(client: number, seq: number): void {
    this.say(client, 'voteInfoReply', { msgSeqNumber: seq });
  }

  #run(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send': {
          assert.ok(!this.closed.has(effect.to), 'nothing is sent to a closed client');
          const heard = this.#heard.get(effect.to) ?? [];
          heard.push(decoded(effect.bytes));
          this.#heard.set(effect.to, heard);
          break;
        }
        case 'close':
          this.closed.add(effect.on);
          break;
        case 'report':
          this.reports.push(effect.report);
          break;
        case 'startTls':
          this.startedTls.push(effect.on);
          break;
        case 'record':
          this.writes.push(effect);
          break;
        case 'forgetRecord':
          this.disk.delete(effect.cluster);
          break;
        case 'pauseReading':
          assert.ok(!this.paused.has(effect.on), 'paused once');
          this.paused.add(effect.on);
          break;
        case 'resumeReading':
          assert.ok(this.paused.delete(effect.on), 'resumed after a pause');
          break;
      }
    }
    while (this.writesEnd && this.writes.length > 0) this.finishWrite();
  }
}

export function decoded(frame: Uint8Array): Heard {
  const reader = new FrameReader(1 << 20);
  reader.push(frame);
  const event = reader.next();
  assert.ok(event?.kind === 'frame', 'one whole frame');
  const body = decodeBody(event.body);
  assert.ok(body.ok, 'a body that decodes');
  return { name: event.name, options: body.options };
}

/** VOTE_INFOs as `ack#3`, other votes as their word. */
export function votesIn(heard: readonly Heard[]): string[] {
  return heard.map(({ name, options }) =>
    name === 'voteInfo' ? `${options.vote}#${options.msgSeqNumber}` : `${options.vote ?? name}`,
  );
}
