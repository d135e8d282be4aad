/**
 * The real corosync behind the port: two connections, two descriptors on the event loop, one listener.
 *
 * The listener is called after a dispatch has returned, so it may send requests. What it throws is a mistake of ours
 * and must end the process, but koffi swallows what its callbacks throw: it is thrown again from the event loop.
 */
import assert from 'node:assert/strict';
import type { RingId } from '../protocol/values.ts';
import type { CmapConnection } from './cmap.ts';
import { CorosyncError, errorCode } from './errors.ts';
import { type KeyChange, KeyChanges } from './key-changes.ts';
import type { DescriptorWatch, Libraries } from './library.ts';
import type { CmapValue, Corosync, CorosyncListener, PollResult, VotequorumInfo } from './port.ts';
import type { VotequorumConnection, VotequorumEvent } from './votequorum.ts';

interface Tracking {
  readonly listener: CorosyncListener;
  readonly changes: KeyChanges;
  readonly votequorum: DescriptorWatch;
  readonly cmap: DescriptorWatch;
}

export class CorosyncConnection implements Corosync {
  readonly #libraries: Libraries;
  readonly #votequorum: VotequorumConnection;
  readonly #cmap: CmapConnection;
  /** Long-lived on purpose: a watch that is garbage-collected falls silent. */
  #tracking: Tracking | undefined;
  #deviceName = '';
  #synchronising = false;
  #registering = false;
  #unregisterAfterwards = false;
  #lost = false;
  #closed = false;

  constructor(libraries: Libraries, votequorum: VotequorumConnection, cmap: CmapConnection) {
    this.#libraries = libraries;
    this.#votequorum = votequorum;
    this.#cmap = cmap;
  }

  get(key: string): CmapValue | undefined {
    return this.#read('cmap_get', () => this.#cmap.get(key));
  }

  list(prefix: string): ReadonlyMap<string, CmapValue> {
    return this.#read('cmap_iter', () => this.#cmap.list(prefix));
  }

  async register(name: string): Promise<void> {
    this.#requireIdle('votequorum_qdevice_register');
    this.#deviceName = name;
    this.#registering = true;
    this.#tracking?.votequorum.stop(); // nothing else on this connection meanwhile; what comes waits
    try {
      await this.#votequorum.register(name);
    } finally {
      this.#registering = false;
      if (this.#unregisterAfterwards) this.unregister();
      if (this.#closed) this.#finalize();
      else this.#tracking?.votequorum.start();
    }
  }

  unregister(): void {
    this.#unregisterAfterwards = this.#registering;
    if (this.#registering || this.#lost || this.#deviceName === '') return;
    try {
      this.#votequorum.unregister(this.#deviceName);
    } catch {
      // gone, or not registered any more: there is nothing left to undo
    }
  }

  track(listener: CorosyncListener): void {
    assert(this.#tracking === undefined, 'one listener per connection');
    this.#request('votequorum_trackstart', () => {
      this.#cmap.track();
      const changes = new KeyChanges((key) => this.#cmap.get(key));
      this.#votequorum.track();
      this.#tracking = {
        listener,
        changes,
        votequorum: this.#libraries.watch(this.#votequorum.fd, () => this.#onVotequorumReadable()),
        cmap: this.#libraries.watch(this.#cmap.fd, () => this.#onCmapReadable()),
      };
    });
  }

  castVote(ringId: RingId, cast: boolean): PollResult {
    return this.#request('votequorum_qdevice_poll', () => this.#votequorum.castVote(this.#deviceName, ringId, cast));
  }

  setMasterWins(allow: boolean): void {
    this.#request('votequorum_qdevice_master_wins', () => this.#votequorum.setMasterWins(this.#deviceName, allow));
  }

  info(nodeId: number): VotequorumInfo | undefined {
    return this.#request('votequorum_getinfo', () => this.#votequorum.info(nodeId));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWatching();
    if (!this.#registering) this.#finalize(); // else when the thread that registers has come back
  }

  #onVotequorumReadable(): void {
    this.#dispatch(() => this.#votequorum.dispatch((event) => this.#onVotequorumEvent(event)));
  }

  /** A node list that waits goes first: from then on no key may be read, and whoever hears of a change reads keys. */
  #onCmapReadable(): void {
    this.#onVotequorumReadable();
    if (this.#synchronising) return;
    this.#dispatch(() => this.#cmap.dispatch((change) => this.#onKeyChange(change)));
  }

  #onVotequorumEvent(event: VotequorumEvent): void {
    const tracking = this.#tracking;
    if (tracking === undefined) return; // closed by a listener that was called just before
    const { listener } = tracking;
    switch (event.kind) {
      case 'nodeList':
        this.#synchronising = true;
        tracking.cmap.stop();
        tell(() => listener.onNodeList(event.ringId, event.nodeIds));
        break;
      case 'quorum':
        if (this.#synchronising) tracking.cmap.start();
        this.#synchronising = false;
        tell(() => listener.onQuorum(event.quorate, event.nodes));
        break;
      case 'expectedVotes':
        tell(() => listener.onExpectedVotes(event.votes));
        break;
    }
  }

  #onKeyChange(change: KeyChange): void {
    const keys = this.#tracking?.changes.push(change);
    if (keys !== undefined) tell(() => this.#tracking?.listener.onKeysChanged(keys));
  }

  /** Whatever goes wrong here means that corosync is gone: a readable descriptor that cannot be read keeps the loop busy. */
  #dispatch(work: () => void): void {
    if (this.#tracking === undefined || this.#registering) return;
    try {
      work();
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error));
    }
  }

  #lose(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    const listener = this.#tracking?.listener;
    this.#stopWatching();
    if (listener !== undefined && !this.#closed) tell(() => listener.onLost(reason));
  }

  #stopWatching(): void {
    this.#tracking?.votequorum.close();
    this.#tracking?.cmap.close();
    this.#tracking = undefined;
  }

  #finalize(): void {
    this.#votequorum.close();
    this.#cmap.close();
  }

  #read<T>(name: string, work: () => T): T {
    assert(!this.#synchronising, `${name} would wait for the end of a synchronisation that waits for our vote`);
    return this.#request(name, work);
  }

  #request<T>(name: string, work: () => T): T {
    this.#requireIdle(name);
    try {
      return work();
    } catch (error) {
      const gone = error instanceof CorosyncError && (error.reason === 'library' || error.reason === 'badHandle');
      if (gone) setImmediate(() => this.#lose(error.message)); // never from inside a request
      throw error;
    }
  }

  #requireIdle(name: string): void {
    assert(!this.#closed, `${name} after close`);
    assert(!this.#registering, `${name} while the registration is pending`);
    if (this.#lost) throw new CorosyncError(name, errorCode('library'));
  }
}

function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}
