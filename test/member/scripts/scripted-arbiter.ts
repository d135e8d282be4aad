/**
 * An arbiter without a mind: it takes any node in, answers every request the same way, says the votes that it is told to
 * say, and writes down what the node says. Bytes in, bytes out: the same one serves a core in memory and a daemon over TCP.
 * Rings are called r1, r2 in the order in which the node names them, for their numbers are chance.
 */
import assert from 'node:assert/strict';
import { decodeBody } from '../../../src/protocol/decode.ts';
import { encodeMessage } from '../../../src/protocol/encode.ts';
import { DECISION_ALGORITHM, type Vote } from '../../../src/protocol/enums.ts';
import { FrameReader } from '../../../src/protocol/frame-reader.ts';
import { type MessageName, SUPPORTED_MESSAGES } from '../../../src/protocol/messages.ts';
import { type OptionValues, SUPPORTED_OPTIONS } from '../../../src/protocol/options.ts';
import { type RingId, ringText } from '../../../src/protocol/values.ts';

const FRAME_BYTES_MAX = 1 << 20;
const OTHER_RING: RingId = { nodeId: 9, seq: 9n };

/** Of a vote: the one that the node named last, the one before that, or one that it never named. */
export type VoteRing = 'current' | 'before' | 'other';

export class ScriptedArbiter {
  answersHeartbeats = true;
  /** What a membership list is answered with. */
  membershipVote: Vote = 'noChange';
  /** What INIT is answered with; 0: the node is let in. */
  initCode = 0;
  initsHeard = 0;
  /** Connections on which all three lists were heard. */
  listsHeard = 0;
  #reader = new FrameReader(FRAME_BYTES_MAX);
  #heartbeats = 0;
  #votes = 0;
  #rings: string[] = [];
  #ringId: RingId = OTHER_RING;
  #ringBefore: RingId = OTHER_RING;
  #notes: string[] = [];

  onConnected(): void {
    this.#reader = new FrameReader(FRAME_BYTES_MAX);
    this.#heartbeats = 0;
  }

  /** The answers, in order. */
  receive(bytes: Uint8Array): Uint8Array[] {
    this.#reader.push(bytes);
    const answers: Uint8Array[] = [];
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      assert.equal(frame.kind, 'frame');
      if (frame.kind !== 'frame') break;
      const body = decodeBody(frame.body);
      assert.ok(body.ok, `${frame.name} decodes`);
      this.#note(frame.name, body.options);
      const answer = this.#answer(frame.name, body.options);
      if (answer !== undefined) answers.push(answer);
    }
    return answers;
  }

  voteInfo(vote: Vote, ring: VoteRing): Uint8Array {
    const ringId = { current: this.#ringId, before: this.#ringBefore, other: OTHER_RING }[ring];
    // As our arbiter asks whether somebody is there: with the number that no vote has.
    if (vote === 'noChange') return encodeMessage('voteInfo', { msgSeqNumber: 0, vote, ringId });
    this.#votes += 1;
    return encodeMessage('voteInfo', { msgSeqNumber: this.#votes, vote, ringId });
  }

  serverError(replyErrorCode: number): Uint8Array {
    return encodeMessage('serverError', { replyErrorCode });
  }

  /** What the node said since the last time; heartbeats are not told, only counted. */
  take(): string[] {
    return this.#notes.splice(0);
  }

  #note(name: MessageName, options: OptionValues): void {
    const { msgSeqNumber: seq, ringId } = options;
    if (ringId !== undefined && ringText(ringId) !== ringText(this.#ringId)) {
      this.#ringBefore = this.#ringId;
      this.#ringId = ringId;
    }
    if (name === 'init') this.initsHeard += 1;
    if (name === 'echoRequest') {
      this.#heartbeats += 1;
      assert.equal(seq, this.#heartbeats, 'heartbeats count from 1 on each connection');
      if (options.voteWithdrawn !== undefined) this.#notes.push('farewell');
      return;
    }
    if (name === 'nodeList' && options.nodeListType === 'quorum') this.listsHeard += 1;
    const words = name === 'nodeList' ? listWords(options) : optionWords(options);
    const ring = ringId === undefined ? [] : [this.#ringName(ringId)];
    this.#notes.push([name === 'nodeList' ? options.nodeListType : name, `#${seq}`, ...ring, ...words].join(' '));
  }

  #ringName(ringId: RingId): string {
    const ring = ringText(ringId);
    if (!this.#rings.includes(ring)) this.#rings.push(ring);
    return `r${this.#rings.indexOf(ring) + 1}`;
  }

  #answer(name: MessageName, options: OptionValues): Uint8Array | undefined {
    const msgSeqNumber = options.msgSeqNumber ?? 0;
    switch (name) {
      case 'preinit':
        return encodeMessage('preinitReply', { msgSeqNumber, tlsSupported: 'unsupported', tlsClientCertRequired: 0 });
      case 'init':
        return encodeMessage('initReply', {
          replyErrorCode: this.initCode,
          supportedMessages: SUPPORTED_MESSAGES,
          supportedOptions: SUPPORTED_OPTIONS,
          msgSeqNumber,
          serverMaximumRequestSize: 32_768,
          serverMaximumReplySize: 32_768,
          supportedDecisionAlgorithms: Object.values(DECISION_ALGORITHM),
        });
      case 'setOption': {
        const { heartbeatIntervalMs, keepActivePartition = 'disabled' } = options;
        const interval = heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs };
        return encodeMessage('setOptionReply', { msgSeqNumber, ...interval, keepActivePartition });
      }
      case 'nodeList': {
        const nodeListType = options.nodeListType ?? 'quorum';
        const vote = nodeListType === 'membership' ? this.membershipVote : 'noChange';
        return encodeMessage('nodeListReply', { msgSeqNumber, nodeListType, ringId: this.#ringId, vote });
      }
      case 'heuristicsChange': {
        const { heuristics = 'pass' } = options;
        const reply = { msgSeqNumber, vote: 'noChange', ringId: this.#ringId, heuristics } as const;
        return encodeMessage('heuristicsChangeReply', reply);
      }
      case 'echoRequest':
        return this.answersHeartbeats ? encodeMessage('echoReply', { msgSeqNumber }) : undefined;
      default:
        return undefined;
    }
  }
}

function optionWords(options: OptionValues): string[] {
  const { decisionAlgorithm, tieBreaker, heartbeatIntervalMs, keepActivePartition, castBoundMs } = options;
  const named = Object.entries(DECISION_ALGORITHM).find(([, code]) => code === decisionAlgorithm);
  const words: [string, string | number | undefined][] = [
    ['algorithm', named?.[0]],
    ['heartbeat', heartbeatIntervalMs],
    ['tie-breaker', tieBreaker?.mode],
    ['keep-active', keepActivePartition],
    ['heuristics', options.heuristics],
    ['bound', castBoundMs],
  ];
  return words.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

function listWords({ nodeInfo = [], quorate, heuristics, configVersion }: OptionValues): string[] {
  const nodes = nodeInfo
    .map(({ nodeId, state }) => (state === undefined ? String(nodeId) : `${nodeId}:${state}`))
    .sort();
  return [
    ...(configVersion === undefined ? [] : [`version=${configVersion}`]),
    ...(quorate === undefined ? [] : [quorate]),
    `[${nodes.join()}]`,
    ...(heuristics === undefined ? [] : [heuristics]),
  ];
}
