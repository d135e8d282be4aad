/** How each state was reached: from which one, and by which of its moves. Five bytes a state. */

const START = 1 << 16;

export class Trail {
  #from = new Int32Array(START);
  #move = new Uint8Array(START);
  #length = 0;

  start(): number {
    return this.#put(-1, 0);
  }

  add(from: number, move: number): number {
    return this.#put(from, move);
  }

  /** The last one leads nowhere new. */
  takeBack(): void {
    this.#length -= 1;
  }

  movesTo(state: number): number[] {
    const moves: number[] = [];
    for (let at = state; (this.#from[at] ?? -1) >= 0; at = this.#from[at] ?? -1) moves.unshift(this.#move[at] ?? 0);
    return moves;
  }

  #put(from: number, move: number): number {
    if (move > 0xff) throw new Error(`more than 256 moves from one state`);
    if (this.#length === this.#from.length) this.#grow();
    this.#from[this.#length] = from;
    this.#move[this.#length] = move;
    this.#length += 1;
    return this.#length - 1;
  }

  #grow(): void {
    const [from, move] = [this.#from, this.#move];
    this.#from = new Int32Array(2 * from.length);
    this.#move = new Uint8Array(2 * move.length);
    this.#from.set(from);
    this.#move.set(move);
  }
}
