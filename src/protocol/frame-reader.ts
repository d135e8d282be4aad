/**
 * Cuts a stream of bytes into frames. A frame is judged by its header alone: one of unknown type or above the limit is
 * passed over to its last byte without being held, and only then reported, because its answer comes then (msgio.c).
 * The bytes given to `push` belong to the reader from then on: bodies are views of them and stay as they are.
 * Take all frames with `next` after each `push`; then no more than the limit and the last chunk is ever held, and each
 * byte is copied a constant number of times, however small the chunks.
 */
import assert from 'node:assert';
import { HEADER_BYTES } from './encode.ts';
import type { MessageName } from './messages.ts';
import { MESSAGES } from './messages.ts';
import { readU16, readU32, wordsByNumber } from './wire-types.ts';

export type RefusalCode = 'unsupportedMessage' | 'messageTooLong' | 'noError';

export type FrameEvent =
  | { readonly kind: 'frame'; readonly name: MessageName; readonly body: Uint8Array }
  | { readonly kind: 'refused'; readonly code: RefusalCode };

interface Skipping {
  bytesLeft: number;
  readonly code: RefusalCode;
}

const NOTHING = new Uint8Array(0);

const NAME_OF_CODE = wordsByNumber(MESSAGES, (row) => row.code);

export class FrameReader {
  /**
   * Unread bytes are `#window` from `#start` to `#end`. Those before may be in somebody's hands and are not touched; room
   * behind is ours, for a window that is a chunk has none.
   */
  #window: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  #skipping: Skipping | undefined;
  readonly #maxFrameBytes: number;

  /** The limit counts the header. */
  constructor(maxFrameBytes: number) {
    assert(maxFrameBytes >= HEADER_BYTES, 'a limit below a header lets nothing through');
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(bytes: Uint8Array): void {
    if (this.#start === this.#end) {
      this.#hold(bytes);
      return;
    }
    const heldBytes = this.#end - this.#start + bytes.length;
    if (this.#window.length - this.#end < bytes.length) this.#moveInto(heldBytes);
    this.#window.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The next frame or refusal; undefined: more bytes, please. */
  next(): FrameEvent | undefined {
    if (this.#skipping !== undefined) return this.#skip(this.#skipping);
    if (this.#end - this.#start < HEADER_BYTES) return this.#waitForMore();
    const name = NAME_OF_CODE[readU16(this.#window, this.#start)];
    const bodyBytes = readU32(this.#window, this.#start + 2);
    const frameBytes = HEADER_BYTES + bodyBytes;
    if (name === undefined) {
      // Upstream notices that nothing is left to skip before it notes the reason: an empty message gets code 0.
      return this.#startSkipping(bodyBytes, bodyBytes === 0 ? 'noError' : 'unsupportedMessage');
    }
    if (frameBytes > this.#maxFrameBytes) return this.#startSkipping(bodyBytes, 'messageTooLong');
    if (this.#end - this.#start < frameBytes) return this.#waitForMore();
    const bodyStart = this.#start + HEADER_BYTES;
    this.#start += frameBytes;
    return { kind: 'frame', name, body: this.#window.subarray(bodyStart, this.#start) };
  }

  /** Gives up every byte behind the last frame: after STARTTLS they belong to TLS. The reader is as new. */
  takeRest(): Uint8Array {
    assert(this.#skipping === undefined, 'what is left of a skipped frame belongs to nobody');
    const rest = this.#window.subarray(this.#start, this.#end);
    this.#hold(NOTHING);
    return rest;
  }

  #startSkipping(bytesLeft: number, code: RefusalCode): FrameEvent | undefined {
    this.#start += HEADER_BYTES;
    this.#skipping = { bytesLeft, code };
    return this.#skip(this.#skipping);
  }

  #skip(skipping: Skipping): FrameEvent | undefined {
    const skippedBytes = Math.min(skipping.bytesLeft, this.#end - this.#start);
    this.#start += skippedBytes;
    skipping.bytesLeft -= skippedBytes;
    if (skipping.bytesLeft > 0) return this.#waitForMore();
    this.#skipping = undefined;
    return { kind: 'refused', code: skipping.code };
  }

  /** A connection that waits keeps nothing alive that it has read already. */
  #waitForMore(): undefined {
    if (this.#start === this.#end) this.#hold(NOTHING);
    return undefined;
  }

  #hold(chunk: Uint8Array): void {
    this.#window = chunk;
    this.#start = 0;
    this.#end = chunk.length;
  }

  /** A new window that has room for `heldBytes`, and twice that while a frame grows, so that small chunks stay cheap. */
  #moveInto(heldBytes: number): void {
    const window = new Uint8Array(Math.max(heldBytes, Math.min(2 * heldBytes, this.#maxFrameBytes)));
    window.set(this.#window.subarray(this.#start, this.#end));
    this.#window = window;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
