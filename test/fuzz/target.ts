/**
 * A reader of foreign bytes, and what must hold whatever they are. `run` catches the errors that the reader documents; anything else
 * that it throws is a find. It must be deterministic: a find is kept as its input alone.
 */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs, which changed ones are made from. */
  readonly seeds: readonly Uint8Array[];
  readonly bytesMax: number;
  run(input: Uint8Array): void | Promise<void>;
}

/** One character a byte, both ways. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** Reads numbers off an input until it is used up; then all are 0. */
export class Bytes {
  readonly #input: Uint8Array;
  #at = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#input.length;
  }

  byte(): number {
    const byte = this.#input[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  /** Big-endian. */
  word(): number {
    return this.byte() * 256 + this.byte();
  }

  take(bytes: number): Uint8Array {
    const taken = this.#input.slice(this.#at, this.#at + bytes);
    this.#at += bytes;
    return taken;
  }

  rest(): Uint8Array {
    return this.take(this.#input.length);
  }
}
