/** One member core and a hand that plays corosync and the arbiter. */

import assert from 'node:assert/strict';
import { memberAlgorithm } from '../../src/member/algorithms/rules.ts';
import type { Effect, MemberReport } from '../../src/member/effects.ts';
import type { MemberEvent } from '../../src/member/events.ts';
import { Member } from '../../src/member/member.ts';
import type { MemberSettings } from '../../src/member/settings.ts';
import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import { SUPPORTED_MESSAGES } from '../../src/protocol/messages.ts';
import { type OptionValues, SUPPORTED_OPTIONS } from '../../src/protocol/options.ts';
import type { RingId } from '../../src/protocol/values.ts';
import { settingsOf } from './pair.ts';

interface Said {
  readonly name: MessageName;
  readonly options: OptionValues;
}

export const ring = (nodeId: number, seq: bigint): RingId => ({ nodeId, seq });

export class Scripted {
  readonly member: Member;
  nowMs = 0;
  readonly reports: MemberReport[] = [];
  /** Every effect but reports, in words: what a reader of a trace would see. */
  trace: string[] = [];
  said: Said[] = [];
  link = 0;
  exited: number | undefined;
  run = 0;

  constructor(change: Partial<MemberSettings> = {}, waitForAll = false) {
    const settings = settingsOf(1, [1, 2], change);
    this.member = new Member(settings, memberAlgorithm(settings.algorithm, settings.voteSafety, waitForAll));
  }

  feed(event: MemberEvent): void {
    for (const effect of this.member.handle(event, this.nowMs)) this.#note(effect);
  }

  /** Lets time pass, waking the core when it wants to be. */
  until(nowMs: number): void {
    for (let wakes = 0; wakes < 10_000; wakes += 1) {
      const next = this.member.nextDeadlineMs();
      if (next === undefined || next > nowMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      this.feed({ kind: 'tick', jitter: 0 });
    }
    this.nowMs = nowMs;
  }

  nodeList(ringId: RingId, nodeIds: readonly number[]): void {
    this.feed({ kind: 'nodeList', ringId, nodeIds });
  }

  quorum(quorate: boolean): void {
    this.feed({ kind: 'quorum', quorate, nodes: [{ nodeId: 1, state: 'member' }] });
  }

  says(name: MessageName, options: OptionValues): void {
    this.feed({ kind: 'bytes', link: this.link, bytes: encodeMessage(name, options) });
  }

  vote(vote: 'ack' | 'nack', ringId: RingId, msgSeqNumber: number): void {
    this.says('voteInfo', { msgSeqNumber, vote, ringId });
  }

  lastSaid(name: MessageName): OptionValues {
    const found = this.said.findLast((each) => each.name === name);
    assert.ok(found, `it said ${name}`);
    return found.options;
  }

  seqOf(name: MessageName): number {
    return this.lastSaid(name).msgSeqNumber ?? -1;
  }

  connects(): void {
    this.feed({ kind: 'connected', link: this.link });
  }

  answersPreinit(tlsSupported: 'unsupported' | 'supported' | 'required' = 'unsupported'): void {
    this.says('preinitReply', { msgSeqNumber: this.seqOf('preinit'), tlsSupported, tlsClientCertRequired: 1 });
  }

  answersInit(change: OptionValues = {}): void {
    this.says('initReply', {
      replyErrorCode: 0,
      supportedMessages: SUPPORTED_MESSAGES,
      supportedOptions: SUPPORTED_OPTIONS,
      msgSeqNumber: this.seqOf('init'),
      serverMaximumRequestSize: 32_768,
      serverMaximumReplySize: 32_768,
      supportedDecisionAlgorithms: [0, 1, 2, 3],
      ...change,
    });
  }

  accepts(): void {
    this.connects();
    this.answersPreinit();
    this.answersInit();
  }

  disconnects(cause: 'connectFailed' | 'arbiterClosed'): void {
    this.feed({ kind: 'disconnected', link: this.link, cause, detail: '', jitter: 0 });
  }

  takeTrace(): string[] {
    const { trace } = this;
    this.trace = [];
    return trace;
  }

  #note(effect: Effect): void {
    switch (effect.kind) {
      case 'report':
        this.reports.push(effect.report);
        break;
      case 'send': {
        const said = decoded(effect.bytes);
        this.said.push(said);
        this.trace.push(said.options.voteWithdrawn === undefined ? said.name : 'farewell');
        break;
      }
      case 'castVote':
        this.trace.push(`cast ${effect.cast ? 'ack' : 'nack'} ${effect.ringId.nodeId}.${effect.ringId.seq}`);
        break;
      case 'connect':
        this.link = effect.link;
        this.trace.push('connect');
        break;
      case 'runHeuristics':
        this.run = effect.run;
        this.trace.push(`heuristics within ${effect.timeoutMs}`);
        break;
      case 'exit':
        this.exited = effect.code;
        this.trace.push(`exit ${effect.code}`);
        break;
      default:
        this.trace.push(effect.kind);
    }
  }
}

function decoded(frame: Uint8Array): Said {
  const reader = new FrameReader(1 << 20);
  reader.push(frame);
  const event = reader.next();
  assert.ok(event?.kind === 'frame', 'one whole frame');
  const body = decodeBody(event.body);
  assert.ok(body.ok, 'a body that decodes');
  return { name: event.name, options: body.options };
}
