/** Millions of keys of up to 53 bits, in the memory that they need: open addressing over two tables of 32 bits. */

const START = 1 << 16;
const FULL = 0.6;

export class HashSet {
  #high = new Uint32Array(START);
  #low = new Uint32Array(START);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether it was not there. */
  add(key: number): boolean {
    // Zero means an empty place; no state misses it.
    const high = Math.floor(key / 2 ** 32) + 1;
    if (!this.#put(high, key >>> 0)) return false;
    this.#size += 1;
    if (this.#size > FULL * this.#high.length) this.#grow();
    return true;
  }

  #put(high: number, low: number): boolean {
    const mask = this.#high.length - 1;
    let at = (low ^ Math.imul(high, 0x9e37_79b1)) & mask;
    for (; this.#high[at] !== 0; at = (at + 1) & mask) {
      if (this.#high[at] === high && this.#low[at] === low) return false;
    }
    this.#high[at] = high;
    this.#low[at] = low;
    return true;
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low];
    this.#high = new Uint32Array(2 * high.length);
    this.#low = new Uint32Array(2 * low.length);
    for (const [at, each] of high.entries()) if (each !== 0) this.#put(each, low[at] ?? 0);
  }
}
