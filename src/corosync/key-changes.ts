/**
 * Turns corosync's notifications about single keys into changes that are worth acting upon.
 *
 * A reload sets `config.reload_in_progress` to 1, deletes, modifies and adds keys one by one, sets
 * `config.reload_status` (1: good) and then the flag back to 0. Only the end of a good reload shows a configuration
 * that somebody wrote; a refused one may have deleted keys, and those wait for the next good one. The older flag
 * `config.totemconfig_reload_in_progress` is of no use: a file that does not parse leaves it at 1 for ever.
 */

const RELOADING = 'config.reload_in_progress';
const STATUS = 'config.reload_status';
const STATUS_GOOD = 1;
/** Deleted and added again by every reload, and of no meaning outside corosync. */
const NOISE = 'nodelist.local_node_pos';

/** Keys, and (ending in a dot) prefixes of keys, that have to be followed. */
export const FOLLOWED_KEYS = [
  RELOADING,
  STATUS,
  'totem.config_version',
  'nodelist.',
  'logging.',
  'quorum.device.',
] as const;

export interface KeyChange {
  readonly key: string;
  /** The new value where it is an integer. */
  readonly value: number | undefined;
}

export class KeyChanges {
  #reloading: boolean;
  #status: number | undefined;
  readonly #held = new Set<string>();

  /** Notifications come for changes only, so what holds at the start has to be read. */
  constructor(read: (key: typeof RELOADING | typeof STATUS) => unknown) {
    this.#reloading = read(RELOADING) === 1;
    const status = read(STATUS);
    this.#status = typeof status === 'number' ? status : undefined;
  }

  /** The keys to report now, if any; an empty list reports a good reload that changed nothing followed here. */
  push({ key, value }: KeyChange): readonly string[] | undefined {
    if (key === STATUS) {
      this.#status = value;
      return undefined;
    }
    if (key === RELOADING) {
      const ended = this.#reloading && value === 0;
      this.#reloading = value === 1;
      return ended && this.#status === STATUS_GOOD ? this.#release() : undefined;
    }
    if (key === NOISE) return undefined;
    if (!this.#reloading) return [key];
    this.#held.add(key);
    return undefined;
  }

  #release(): readonly string[] {
    const keys = [...this.#held];
    this.#held.clear();
    return keys;
  }
}
