/** A node's configuration keys: the table that cmap shows, with the manners of a reload. */
import type { KeyChange } from '../key-changes.ts';
import type { CmapValue } from '../port.ts';

export type Keys = Readonly<Record<string, CmapValue>>;

/** What a reload replaces as a whole; keys elsewhere are only added or changed. */
const RELOADED = ['logging.', 'totem.', 'nodelist.', 'quorum.'];

export class KeyTable {
  readonly #values = new Map<string, CmapValue>();
  readonly #watchers = new Set<(change: KeyChange) => void>();

  constructor(keys: Keys) {
    for (const [key, value] of Object.entries(keys)) this.#values.set(key, value);
  }

  get(key: string): CmapValue | undefined {
    return this.#values.get(key);
  }

  number(key: string): number | undefined {
    const value = this.#values.get(key);
    return typeof value === 'number' ? value : undefined;
  }

  list(prefix: string): Map<string, CmapValue> {
    const found = [...this.#values].filter(([key]) => key.startsWith(prefix));
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Setting a key to the value it has is no change. */
  set(key: string, value: CmapValue): void {
    if (this.#values.get(key) === value) return;
    this.#values.set(key, value);
    this.#tell({ key, value: typeof value === 'number' ? value : undefined });
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#tell({ key, value: undefined });
  }

  watch(watcher: (change: KeyChange) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The order of changes is corosync's own; a file that does not parse leaves the first flag at 1, as there. */
  reload(keys: Keys | 'unparsable'): void {
    this.set('config.totemconfig_reload_in_progress', 1);
    if (keys === 'unparsable') return;
    this.set('config.reload_in_progress', 1);
    for (const prefix of RELOADED) {
      for (const key of this.list(prefix).keys()) if (keys[key] === undefined) this.delete(key);
    }
    for (const key of Object.keys(keys).sort()) {
      const value = keys[key];
      if (value !== undefined) this.set(key, value);
    }
    this.set('config.reload_status', 1);
    this.set('config.totemconfig_reload_in_progress', 0);
    this.set('config.reload_in_progress', 0);
  }

  #tell(change: KeyChange): void {
    for (const watcher of [...this.#watchers]) watcher(change);
  }
}
