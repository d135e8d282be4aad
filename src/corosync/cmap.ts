/**
 * One connection to cmap, corosync's table of configuration keys. Every request waits for corosync's main loop, which
 * does not serve it during a synchronisation; whoever calls has to know that none is running.
 */
import { check, errorName } from './errors.ts';
import { FOLLOWED_KEYS, type KeyChange } from './key-changes.ts';
import type { Libraries } from './library.ts';
import type { CmapValue } from './port.ts';
import { DISPATCH_ALL } from './votequorum.ts';

const EVENTS = { delete: 1, modify: 2, add: 4, prefix: 8 } as const;
const KEY_BYTES = 256;
/** Far above any real value; a longer one is refused by the library with `invalidParam`. */
const VALUE_BYTES = 64 * 1024;
/** A table that never ends would hang the daemon. */
const KEYS_MAX = 100_000;

/** cmap_value_types_t: how many bytes stand for what. */
const READERS: Readonly<Record<number, (bytes: Buffer) => CmapValue>> = {
  1: (bytes) => bytes.readInt8(),
  2: (bytes) => bytes.readUInt8(),
  3: (bytes) => bytes.readInt16LE(),
  4: (bytes) => bytes.readUInt16LE(),
  5: (bytes) => bytes.readInt32LE(),
  6: (bytes) => bytes.readUInt32LE(),
  7: (bytes) => bytes.readBigInt64LE(),
  8: (bytes) => bytes.readBigUInt64LE(),
  9: (bytes) => bytes.readFloatLE(),
  10: (bytes) => bytes.readDoubleLE(),
  11: (bytes) => bytes.subarray(0, bytes.at(-1) === 0 ? -1 : undefined).toString('utf8'), // the NUL counts as length
  12: (bytes) => bytes.toString('latin1'),
};

export class CmapConnection {
  readonly fd: number;
  readonly #libraries: Libraries;
  readonly #handle: bigint;
  readonly #value = Buffer.alloc(VALUE_BYTES);
  #onKey: bigint | undefined;
  #queue: KeyChange[] = [];
  #failure: Error | undefined;

  private constructor(libraries: Libraries, handle: bigint) {
    this.#libraries = libraries;
    this.#handle = handle;
    const fd = [0];
    check('cmap_fd_get', libraries.cmap.fdGet(handle, fd));
    this.fd = Number(fd[0]);
  }

  static open(libraries: Libraries): CmapConnection {
    const handle: (number | bigint)[] = [0n];
    check('cmap_initialize', libraries.cmap.initialize(handle));
    return new CmapConnection(libraries, BigInt(handle[0] ?? 0n));
  }

  get(key: string): CmapValue | undefined {
    const length: (number | bigint)[] = [VALUE_BYTES];
    const type = [0];
    const code = this.#libraries.cmap.get(this.#handle, key, this.#value, length, type);
    if (errorName(code) === 'notExist') return undefined;
    check(`cmap_get ${key}`, code);
    const reader = READERS[Number(type[0])];
    if (reader === undefined) throw new Error(`cmap_get ${key}: a value of the unknown type ${type[0]}`);
    return reader(this.#value.subarray(0, Number(length[0])));
  }

  list(prefix: string): Map<string, CmapValue> {
    const found = new Map<string, CmapValue>();
    for (const key of this.#keys(prefix)) {
      const value = this.get(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  /** Starts following the keys that `KeyChanges` wants to hear about. */
  track(): void {
    const onKey = this.#libraries.callback.key((_handle, _track, _event, key, now) => {
      try {
        this.#queue.push({ key, value: this.#libraries.copy.integer(now) });
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      }
    });
    this.#onKey = onKey;
    const all = EVENTS.delete | EVENTS.modify | EVENTS.add;
    for (const key of FOLLOWED_KEYS) {
      const events = key.endsWith('.') ? all | EVENTS.prefix : all;
      check(`cmap_track_add ${key}`, this.#libraries.cmap.trackAdd(this.#handle, key, events, onKey, null, [0n]));
    }
  }

  /** Everything that waits, in order. Throws when corosync is gone or said something this program cannot read. */
  dispatch(into: (change: KeyChange) => void): void {
    const code = this.#libraries.cmap.dispatch(this.#handle, DISPATCH_ALL);
    const changes = this.#queue;
    const failure = this.#failure;
    this.#queue = [];
    this.#failure = undefined;
    for (const change of changes) into(change);
    if (failure !== undefined) throw failure;
    check('cmap_dispatch', code);
  }

  /** Only closes this end, which corosync takes for the end of everything: no request that could block is sent. */
  close(): void {
    this.#libraries.cmap.finalize(this.#handle);
    if (this.#onKey !== undefined) this.#libraries.callback.forget(this.#onKey);
    this.#onKey = undefined;
  }

  #keys(prefix: string): string[] {
    const { cmap } = this.#libraries;
    const iterator: (number | bigint)[] = [0n];
    check(`cmap_iter_init ${prefix}`, cmap.iterInit(this.#handle, prefix, iterator));
    const keys: string[] = [];
    try {
      while (keys.length < KEYS_MAX) {
        const key = Buffer.alloc(KEY_BYTES);
        const code = cmap.iterNext(this.#handle, BigInt(iterator[0] ?? 0n), key, [0n], [0]);
        if (errorName(code) === 'noSections') break;
        check(`cmap_iter_next ${prefix}`, code);
        keys.push(key.subarray(0, key.indexOf(0)).toString('utf8'));
      }
    } finally {
      cmap.iterFinalize(this.#handle, BigInt(iterator[0] ?? 0n));
    }
    return keys;
  }
}
