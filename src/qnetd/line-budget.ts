/**
 * How many lines may be logged about one thing: a few at once, then one a second. A node decides how often it causes a
 * line, and must not fill the arbiter's disk with them.
 */

/** A split of a large cluster and its healing fit in. */
const BURST_LINES = 20;
const REFILL_MS_PER_LINE = 1_000;
/** Things remembered; beyond, those that are at rest are forgotten, and if none is, all. */
const KEYS_MAX = 10_000;

interface Account {
  /** May be a fraction. */
  lines: number;
  countedAtMs: number;
  leftOut: number;
}

export class LineBudget<Key> {
  readonly #accounts = new Map<Key, Account>();

  /** How many lines were left out before this one, or undefined if this one is to be left out, too. */
  take(key: Key, nowMs: number): number | undefined {
    const account = this.#refilled(key, nowMs);
    if (account.lines < 1) {
      account.leftOut += 1;
      return undefined;
    }
    account.lines -= 1;
    const { leftOut } = account;
    account.leftOut = 0;
    return leftOut;
  }

  /** Forgets it; how many lines were left out that nobody was told of. */
  drop(key: Key): number {
    const leftOut = this.#accounts.get(key)?.leftOut ?? 0;
    this.#accounts.delete(key);
    return leftOut;
  }

  #refilled(key: Key, nowMs: number): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) {
      known.lines = linesAt(known, nowMs);
      known.countedAtMs = nowMs;
      return known;
    }
    if (this.#accounts.size >= KEYS_MAX) this.#makeRoom(nowMs);
    const account = { lines: BURST_LINES, countedAtMs: nowMs, leftOut: 0 };
    this.#accounts.set(key, account);
    return account;
  }

  #makeRoom(nowMs: number): void {
    for (const [key, account] of this.#accounts) {
      if (account.leftOut === 0 && linesAt(account, nowMs) === BURST_LINES) this.#accounts.delete(key);
    }
    if (this.#accounts.size >= KEYS_MAX) this.#accounts.clear();
  }
}

function linesAt({ lines, countedAtMs }: Account, nowMs: number): number {
  return Math.min(BURST_LINES, lines + (nowMs - countedAtMs) / REFILL_MS_PER_LINE);
}
