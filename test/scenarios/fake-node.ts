/**
 * A node as the arbiter sees it: one connection, requests numbered from 1, and votes that it confirms when told to.
 * `barrier` is how a test knows that it has seen everything: the answer to an echo comes behind all that was queued
 * before it.
 */
import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeMessage, HEADER_BYTES } from '../../src/protocol/encode.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import type { SentRequest } from './outcome.ts';
import { messageNameOf } from './outcome.ts';
import type { Connection } from './wire.ts';

/** Barriers count from here, so that no request of a scenario has the same number. */
const FIRST_BARRIER_SEQ = 0xe000_0000;

export class FakeNode {
  readonly label: string;
  readonly nodeId: number;
  readonly #connection: Connection;
  #lastSeq = 0;
  #lastBarrierSeq = FIRST_BARRIER_SEQ;
  #unread = new Uint8Array();
  #frames: Uint8Array[] = [];
  readonly sent: SentRequest[] = [];
  /** The arbiter took its INIT. */
  joined = false;
  /** Does not confirm votes. */
  holding = false;
  /** Sends nothing at all, but still reads. */
  silent = false;
  /** Does not even read. */
  frozen = false;
  /** Number of the newest vote it was sent; 0 before the first. */
  newestVote = 0;
  /** Members it last reported: what its quorum list says unless told otherwise. */
  members: readonly number[] | undefined;

  constructor(label: string, connection: Connection) {
    this.label = label;
    this.nodeId = Number.parseInt(label, 10);
    this.#connection = connection;
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  /** Can be asked for a barrier. */
  get talking(): boolean {
    return !(this.closed || this.silent || this.frozen);
  }

  request(name: MessageName, options: OptionValues): void {
    this.#lastSeq += 1;
    this.sent.push({ name, seq: this.#lastSeq });
    this.sendRaw(encodeMessage(name, { ...options, msgSeqNumber: this.#lastSeq }));
  }

  confirmVote(seq: number): void {
    this.sendRaw(encodeMessage('voteInfoReply', { msgSeqNumber: seq }));
  }

  /** For whole frames of the caller's own making. */
  sendRaw(bytes: Uint8Array): void {
    this.#connection.send(bytes);
  }

  freeze(): void {
    this.frozen = true;
    this.#connection.freeze();
  }

  close(): void {
    this.#connection.close();
  }

  /** Returns when all that the arbiter has queued for this node until now is here, or the connection is closed. */
  async barrier(): Promise<void> {
    this.#lastBarrierSeq += 1;
    const seq = this.#lastBarrierSeq;
    this.sendRaw(encodeMessage('echoRequest', { msgSeqNumber: seq }));
    for (;;) {
      this.#read(this.#connection.drain());
      if (this.closed || this.#takeAnswerTo(seq)) return;
      await this.#connection.more();
    }
  }

  /** The frames that came since the last call, answers to barriers left out. */
  take(): Uint8Array[] {
    if (!this.frozen) this.#read(this.#connection.drain());
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  #read(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length >= HEADER_BYTES) {
      const bodyBytes = new DataView(this.#unread.buffer, this.#unread.byteOffset, HEADER_BYTES).getUint32(2);
      const frameBytes = HEADER_BYTES + bodyBytes;
      if (this.#unread.length < frameBytes) break;
      this.#frames.push(this.#unread.subarray(0, frameBytes));
      this.#unread = this.#unread.subarray(frameBytes);
    }
  }

  /** Before INIT an echo is refused, which serves as well. */
  #takeAnswerTo(seq: number): boolean {
    const at = this.#frames.findIndex((frame) => {
      const name = messageNameOf(frame);
      if (name !== 'echoReply' && name !== 'serverError') return false;
      const body = decodeBody(frame.subarray(HEADER_BYTES));
      return body.ok && body.options.msgSeqNumber === seq;
    });
    if (at === -1) return false;
    this.#frames.splice(at, 1);
    return true;
  }
}
