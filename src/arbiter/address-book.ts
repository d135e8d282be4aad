/**
 * What is remembered of addresses: how many connections they have, whether a node of theirs has joined, and how often
 * they failed of late. The book is limited; what is least worth keeping goes first.
 */

export interface AddressRules {
  readonly failuresMax: number;
  readonly penaltyMs: number;
}

interface Entry {
  connections: number;
  members: number;
  hasJoined: boolean;
  failures: number;
  failedAtMs: number;
  penaltyUntilMs: number;
}

const ENTRIES_MAX = 65_536;
const FORGIVEN_MS = 2_000;

export class AddressBook {
  readonly #rules: AddressRules;
  readonly #entries = new Map<string, Entry>();

  constructor(rules: AddressRules) {
    this.#rules = rules;
  }

  connectionsOf(key: string): number {
    return this.#entries.get(key)?.connections ?? 0;
  }

  /** A node has joined from there since the arbiter started, as far as it is remembered. */
  isKnown(key: string): boolean {
    return this.#entries.get(key)?.hasJoined ?? false;
  }

  isPenalised(key: string, nowMs: number): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.members === 0 && entry.penaltyUntilMs > nowMs;
  }

  penalised(nowMs: number): number {
    let count = 0;
    for (const key of this.#entries.keys()) if (this.isPenalised(key, nowMs)) count += 1;
    return count;
  }

  connected(key: string): void {
    this.#entryOf(key).connections += 1;
  }

  joined(key: string): void {
    const entry = this.#entryOf(key);
    entry.members += 1;
    entry.hasJoined = true;
    entry.failures = 0;
  }

  left(key: string, wasMember: boolean): void {
    const entry = this.#entryOf(key);
    entry.connections -= 1;
    if (wasMember) entry.members -= 1;
    const isBlank = !entry.hasJoined && entry.failures === 0 && entry.penaltyUntilMs === 0;
    if (entry.connections === 0 && isBlank) this.#entries.delete(key);
  }

  failed(key: string, nowMs: number): void {
    const { failuresMax, penaltyMs } = this.#rules;
    if (failuresMax === 0) return;
    const entry = this.#entryOf(key);
    const forgiven = Math.floor((nowMs - entry.failedAtMs) / FORGIVEN_MS);
    entry.failures = Math.max(0, entry.failures - forgiven) + 1;
    entry.failedAtMs = nowMs;
    if (entry.failures <= failuresMax) return;
    entry.penaltyUntilMs = nowMs + penaltyMs;
    entry.failures = Math.floor(failuresMax / 2);
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= ENTRIES_MAX) this.#makeRoom();
    const entry = { connections: 0, members: 0, hasJoined: false, failures: 0, failedAtMs: 0, penaltyUntilMs: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  /** A look at the oldest few is enough: those that are connected are as limited as connections are. */
  #makeRoom(): void {
    let looked = 0;
    let oldest: string | undefined;
    for (const [key, entry] of this.#entries) {
      if (entry.connections > 0) continue;
      oldest ??= key;
      if (!entry.hasJoined) {
        oldest = key;
        break;
      }
      looked += 1;
      if (looked >= 64) break;
    }
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
