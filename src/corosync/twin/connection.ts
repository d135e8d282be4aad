/** A program's connection to a node of the twin: what `CorosyncConnection` is to a real one, with the same manners. */
import assert from 'node:assert/strict';
import type { RingId } from '../../protocol/values.ts';
import { CorosyncError, check, errorCode, errorName } from '../errors.ts';
import { FOLLOWED_KEYS, type KeyChange, KeyChanges } from '../key-changes.ts';
import type { CmapValue, Corosync, CorosyncListener, PollResult, VotequorumInfo } from '../port.ts';
import type { VotequorumEvent } from '../votequorum.ts';
import type { TwinNode } from './node.ts';
import type { Scheduler } from './scheduler.ts';
import type { EngineInfo } from './votequorum-engine.ts';

export class TwinConnection implements Corosync {
  readonly #node: TwinNode;
  readonly #scheduler: Scheduler;
  readonly #tracker = { notify: (event: VotequorumEvent) => this.#queue(event), lost: () => this.#lose() };
  #listener: CorosyncListener | undefined;
  #changes: KeyChanges | undefined;
  #stopWatching: (() => void) | undefined;
  #events: VotequorumEvent[] = [];
  #keyEvents: KeyChange[] = [];
  #deliveryPlanned = false;
  #deviceName = '';
  #synchronising = false;
  #registering = false;
  #unregisterAfterwards = false;
  #lost = false;
  #closed = false;

  constructor(node: TwinNode, scheduler: Scheduler) {
    this.#node = node;
    this.#scheduler = scheduler;
    node.connections.add(this.#tracker);
  }

  get(key: string): CmapValue | undefined {
    this.#requireReadable('cmap_get');
    return this.#node.keys.get(key);
  }

  list(prefix: string): ReadonlyMap<string, CmapValue> {
    this.#requireReadable('cmap_iter');
    return this.#node.keys.list(prefix);
  }

  async register(name: string): Promise<void> {
    this.#requireIdle('votequorum_qdevice_register');
    this.#deviceName = name;
    this.#registering = true;
    try {
      const code = await new Promise<number>((resolve) => this.#node.engine.register(name, resolve));
      check('votequorum_qdevice_register', code);
    } finally {
      this.#registering = false;
      if (this.#unregisterAfterwards) this.unregister();
      this.#plan();
    }
  }

  unregister(): void {
    this.#unregisterAfterwards = this.#registering;
    if (this.#registering || this.#lost || this.#deviceName === '') return;
    this.#node.engine.unregister(this.#deviceName); // refused: there is nothing left to undo
  }

  track(listener: CorosyncListener): void {
    assert(this.#listener === undefined, 'one listener per connection');
    this.#requireIdle('votequorum_trackstart');
    this.#listener = listener;
    this.#changes = new KeyChanges((key) => this.#node.keys.get(key));
    this.#stopWatching = this.#node.keys.watch((change) => this.#queueKey(change));
    this.#queue(this.#node.engine.nodeListEvent());
    this.#queue(this.#node.engine.quorumEvent());
    this.#node.trackers.add(this.#tracker);
  }

  castVote(ringId: RingId, cast: boolean): PollResult {
    this.#requireIdle('votequorum_qdevice_poll');
    const code = this.#node.engine.poll(this.#deviceName, cast, ringId);
    if (errorName(code) === 'messageError') return 'outdatedRing';
    check('votequorum_qdevice_poll', code);
    return 'ok';
  }

  setMasterWins(allow: boolean): void {
    this.#requireIdle('votequorum_qdevice_master_wins');
    check('votequorum_qdevice_master_wins', this.#node.engine.setMasterWins(this.#deviceName, allow));
  }

  info(nodeId: number): VotequorumInfo | undefined {
    this.#requireIdle('votequorum_getinfo');
    const found = this.#node.engine.info(nodeId);
    return found === undefined ? undefined : asLibraryTells(found);
  }

  close(): void {
    this.#closed = true;
    this.#leave();
  }

  #queue(event: VotequorumEvent): void {
    this.#events.push(event);
    this.#plan();
  }

  #queueKey(change: KeyChange): void {
    const followed = FOLLOWED_KEYS.some(
      (key) => change.key === key || (key.endsWith('.') && change.key.startsWith(key)),
    );
    if (!followed) return;
    this.#keyEvents.push(change);
    this.#plan();
  }

  /** Listeners are called from the event loop, never from inside a request. */
  #plan(): void {
    if (this.#deliveryPlanned || this.#listener === undefined) return;
    this.#deliveryPlanned = true;
    this.#scheduler.after(0, () => {
      this.#deliveryPlanned = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    while (!this.#registering && this.#listener !== undefined) {
      const event = this.#events.shift();
      if (event === undefined) break;
      this.#tell(this.#listener, event);
    }
    while (!this.#registering && !this.#synchronising && this.#listener !== undefined && this.#events.length === 0) {
      const change = this.#keyEvents.shift();
      if (change === undefined) break;
      const keys = this.#changes?.push(change);
      if (keys !== undefined) this.#listener.onKeysChanged(keys);
    }
  }

  #tell(listener: CorosyncListener, event: VotequorumEvent): void {
    switch (event.kind) {
      case 'nodeList':
        this.#synchronising = true;
        listener.onNodeList(event.ringId, event.nodeIds);
        break;
      case 'quorum':
        this.#synchronising = false;
        listener.onQuorum(event.quorate, event.nodes);
        break;
      case 'expectedVotes':
        listener.onExpectedVotes(event.votes);
        break;
    }
  }

  #lose(): void {
    this.#lost = true;
    const listener = this.#listener;
    this.#leave();
    if (listener === undefined) return;
    this.#scheduler.after(0, () => {
      if (!this.#closed) listener.onLost(new CorosyncError('votequorum_dispatch', errorCode('library')).message);
    });
  }

  #leave(): void {
    this.#listener = undefined;
    this.#stopWatching?.();
    this.#node.trackers.delete(this.#tracker);
    this.#node.connections.delete(this.#tracker);
  }

  #requireReadable(name: string): void {
    assert(!this.#synchronising, `${name} would wait for the end of a synchronisation that waits for our vote`);
    this.#requireIdle(name);
  }

  #requireIdle(name: string): void {
    assert(!this.#closed, `${name} after close`);
    assert(!this.#registering, `${name} while the registration is pending`);
    if (this.#lost) throw new CorosyncError(name, errorCode('library'));
  }
}

/** Without what only quorumtool shows. */
function asLibraryTells(info: EngineInfo): VotequorumInfo {
  return {
    nodeId: info.nodeId,
    nodeVotes: info.nodeVotes,
    expectedVotes: info.expectedVotes,
    totalVotes: info.totalVotes,
    quorum: info.quorum,
    quorate: info.quorate,
    deviceVotes: info.deviceVotes,
    deviceRegistered: info.deviceRegistered,
    deviceAlive: info.deviceAlive,
    deviceCasts: info.deviceCasts,
  };
}
