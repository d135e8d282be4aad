/**
 * Corosync as one node's daemon sees it, with a test in the place of the cluster: it says what the rings are, and keeps
 * what it is told. The rules of votequorum are not here.
 */
import assert from 'node:assert/strict';
import { CorosyncError, errorCode } from '../../src/corosync/errors.ts';
import type { CmapValue, Corosync, CorosyncListener, PollResult, VotequorumInfo } from '../../src/corosync/port.ts';
import type { RingId } from '../../src/protocol/values.ts';

export class ScriptedCorosync implements Corosync {
  readonly keys: Map<string, CmapValue>;
  /** Everything that was asked for, and whatever else the test writes down, in order. */
  readonly journal: string[] = [];
  registered: string | undefined;
  /** What votequorum counts: the last vote for the newest ring. */
  casts: boolean | undefined;
  ringId: RingId | undefined;
  /** Votes are refused from now on. */
  refusesVotes = false;
  /** No event came between the last look at a key and the registration: nothing can have begun to synchronise. */
  registeredRightAfterReading = false;
  #hasJustRead = false;
  #listener: CorosyncListener | undefined;

  constructor(keys: Readonly<Record<string, CmapValue>>) {
    this.keys = new Map(Object.entries(keys));
  }

  /** A new ring, and when the node has answered the quorum. */
  ring(nodeIds: readonly number[], seq: bigint, known: readonly number[] = nodeIds): void {
    const ringId = { nodeId: Math.min(...nodeIds), seq };
    this.ringId = ringId;
    this.casts = undefined;
    this.#tracked().onNodeList(ringId, nodeIds);
    const state = (nodeId: number) => (nodeIds.includes(nodeId) ? 'member' : 'dead');
    this.#tracked().onQuorum(
      nodeIds.length * 2 > known.length,
      known.map((nodeId) => ({ nodeId, state: state(nodeId) })),
    );
  }

  reload(changes: Readonly<Record<string, CmapValue | undefined>>): void {
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) this.keys.delete(key);
      else this.keys.set(key, value);
    }
    this.#tracked().onKeysChanged(Object.keys(changes));
  }

  lose(reason: string): void {
    this.#tracked().onLost(reason);
  }

  get isTracked(): boolean {
    return this.#listener !== undefined;
  }

  get(key: string): CmapValue | undefined {
    this.#hasJustRead = true;
    setImmediate(() => {
      this.#hasJustRead = false;
    });
    return this.keys.get(key);
  }

  list(prefix: string): ReadonlyMap<string, CmapValue> {
    return new Map([...this.keys].filter(([key]) => key.startsWith(prefix)).sort());
  }

  register(name: string): Promise<void> {
    this.journal.push('register');
    this.registered = name;
    this.registeredRightAfterReading = this.#hasJustRead;
    return Promise.resolve();
  }

  unregister(): void {
    if (this.registered !== undefined) this.journal.push('unregister');
    this.registered = undefined;
  }

  track(listener: CorosyncListener): void {
    this.#listener = listener;
  }

  castVote(ringId: RingId, cast: boolean): PollResult {
    assert.ok(this.registered, 'only a registered device votes');
    this.journal.push(cast ? 'ack' : 'nack');
    if (this.refusesVotes) throw new CorosyncError('votequorum_qdevice_poll', errorCode('access'));
    if (ringId.seq !== this.ringId?.seq || ringId.nodeId !== this.ringId.nodeId) return 'outdatedRing';
    this.casts = cast;
    return 'ok';
  }

  setMasterWins(): void {
    this.journal.push('masterWins');
  }

  info(): VotequorumInfo | undefined {
    return undefined;
  }

  close(): void {
    this.#listener = undefined;
    this.journal.push('close');
  }

  #tracked(): CorosyncListener {
    assert.ok(this.#listener, 'the daemon listens');
    return this.#listener;
  }
}

/** Keys as corosync loads them from a file, for two nodes and an arbiter on loopback. */
export function deviceKeys(nodeId: number, port: number, timeoutMs = 2_000): Record<string, CmapValue> {
  return {
    'nodelist.node.0.nodeid': 1,
    'nodelist.node.0.ring0_addr': '192.0.2.1',
    'nodelist.node.1.nodeid': 2,
    'nodelist.node.1.ring0_addr': '192.0.2.2',
    'quorum.device.model': 'net',
    'quorum.device.timeout': timeoutMs,
    'quorum.device.votes': 1,
    'quorum.device.net.algorithm': 'ffsplit',
    'quorum.device.net.host': '127.0.0.1',
    'quorum.device.net.port': String(port),
    'quorum.device.net.tls': 'required',
    'runtime.votequorum.this_node_id': nodeId,
    'totem.cluster_name': 'tst',
    'totem.config_version': 1n,
  };
}
