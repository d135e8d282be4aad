/**
 * One connection to votequorum. Callbacks run inside `dispatch` on a foreign stack: they copy, put into a queue and
 * return; what they found is handed out when the dispatch is over. An exception there would lose the other messages of
 * that dispatch, so it is kept and thrown afterwards.
 */
import type { RingId } from '../protocol/values.ts';
import { check, errorName } from './errors.ts';
import type { CInfo, CRingId, Libraries, VotequorumCallbacks } from './library.ts';
import type { PollResult, VotequorumInfo, VotequorumNode, VotequorumNodeState } from './port.ts';

export type VotequorumEvent =
  | { readonly kind: 'nodeList'; readonly ringId: RingId; readonly nodeIds: readonly number[] }
  | { readonly kind: 'quorum'; readonly quorate: boolean; readonly nodes: readonly VotequorumNode[] }
  | { readonly kind: 'expectedVotes'; readonly votes: number };

/** corosync itself has room for 384 nodes and the device; more means that the message was misread. */
const NODES_MAX = 386;
/** CS_TRACK_CHANGES: the state of now, and every change. */
const TRACK_CHANGES = 2;
/** CS_DISPATCH_ALL: everything that waits, without blocking. */
export const DISPATCH_ALL = 2;
const STATES: Readonly<Record<number, VotequorumNodeState>> = { 1: 'member', 2: 'dead', 3: 'leaving' };
/** The device's own entry in a list of nodes. */
const DEVICE_NODE_ID = 0;
const FLAGS = { quorate: 2, registered: 64, alive: 128, casts: 256 } as const;

export class VotequorumConnection {
  readonly fd: number;
  readonly #libraries: Libraries;
  readonly #handle: bigint;
  readonly #callbacks: VotequorumCallbacks;
  readonly #queue: Inbox;

  private constructor(libraries: Libraries, handle: bigint, callbacks: VotequorumCallbacks, queue: Inbox) {
    this.#libraries = libraries;
    this.#handle = handle;
    this.#callbacks = callbacks;
    this.#queue = queue;
    const fd = [0];
    check('votequorum_fd_get', libraries.votequorum.fdGet(handle, fd));
    this.fd = Number(fd[0]);
  }

  static open(libraries: Libraries): VotequorumConnection {
    const queue = new Inbox(libraries.copy);
    const callbacks = {
      quorum: libraries.callback.quorum((_handle, _context, quorate, count, nodes) => {
        queue.quorum(quorate, count, nodes);
      }),
      expectedVotes: libraries.callback.expectedVotes((_handle, _context, votes) => queue.expectedVotes(votes)),
      nodeList: libraries.callback.nodeList((_handle, _context, ring, count, nodeIds) => {
        queue.nodeList(ring, count, nodeIds);
      }),
    };
    const handle: (number | bigint)[] = [0n];
    const code = libraries.votequorum.initialize(handle, callbacks);
    if (errorName(code) !== 'ok') forget(libraries, callbacks); // the handle is noise then
    check('votequorum_initialize', code);
    return new VotequorumConnection(libraries, BigInt(handle[0] ?? 0n), callbacks, queue);
  }

  /** Everything that waits, in order. Throws when corosync is gone or said something this program cannot read. */
  dispatch(into: (event: VotequorumEvent) => void): void {
    const code = this.#libraries.votequorum.dispatch(this.#handle, DISPATCH_ALL);
    const { events, failure } = this.#queue.take();
    for (const event of events) into(event);
    if (failure !== undefined) throw failure;
    check('votequorum_dispatch', code);
  }

  /** The call waits for a round through the cluster, so it runs in a thread; no other request may run meanwhile. */
  register(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#libraries.votequorum.register(this.#handle, name, (error, code) => {
        try {
          if (error !== null && error !== undefined) throw error;
          check('votequorum_qdevice_register', code);
          resolve();
        } catch (cause) {
          reject(cause instanceof Error ? cause : new Error(String(cause)));
        }
      });
    });
  }

  unregister(name: string): void {
    check('votequorum_qdevice_unregister', this.#libraries.votequorum.unregister(this.#handle, name));
  }

  track(): void {
    check('votequorum_trackstart', this.#libraries.votequorum.trackstart(this.#handle, 0n, TRACK_CHANGES));
  }

  castVote(name: string, ringId: RingId, cast: boolean): PollResult {
    const code = this.#libraries.votequorum.poll(this.#handle, name, cast ? 1 : 0, ringId);
    switch (errorName(code)) {
      case 'messageError':
        return 'outdatedRing';
      case 'tryAgain':
        return 'tryAgain';
      default:
        check('votequorum_qdevice_poll', code);
        return 'ok';
    }
  }

  setMasterWins(name: string, allow: boolean): void {
    check('votequorum_qdevice_master_wins', this.#libraries.votequorum.masterWins(this.#handle, name, allow ? 1 : 0));
  }

  info(nodeId: number): VotequorumInfo | undefined {
    const out: (CInfo | null)[] = [null];
    const code = this.#libraries.votequorum.getinfo(this.#handle, nodeId, out);
    if (errorName(code) === 'notExist') return undefined; // the structure holds rubbish then
    check('votequorum_getinfo', code);
    const [found] = out;
    return found === null || found === undefined ? undefined : readInfo(found);
  }

  /** Only closes this end, which ends notifications too: a request could block. */
  close(): void {
    this.#libraries.votequorum.finalize(this.#handle);
    forget(this.#libraries, this.#callbacks);
  }
}

/** Copies what callbacks are given. No method throws. */
class Inbox {
  readonly #copy: Libraries['copy'];
  #events: VotequorumEvent[] = [];
  #failure: Error | undefined;

  constructor(copy: Libraries['copy']) {
    this.#copy = copy;
  }

  take(): { events: readonly VotequorumEvent[]; failure: Error | undefined } {
    const taken = { events: this.#events, failure: this.#failure };
    this.#events = [];
    this.#failure = undefined;
    return taken;
  }

  quorum(quorate: number, count: number, address: bigint | null): void {
    this.#keep(() => {
      const all = this.#list(count, address, this.#copy.nodes);
      const nodes = all.filter((node) => node.nodeId !== DEVICE_NODE_ID);
      return { kind: 'quorum', quorate: quorate !== 0, nodes: nodes.map(readNode) };
    });
  }

  expectedVotes(votes: number): void {
    this.#keep(() => ({ kind: 'expectedVotes', votes }));
  }

  nodeList({ nodeId, seq }: CRingId, count: number, address: bigint | null): void {
    this.#keep(() => {
      const all = this.#list(count, address, this.#copy.nodeIds);
      const nodeIds = all.filter((id) => id !== DEVICE_NODE_ID);
      return { kind: 'nodeList', ringId: { nodeId, seq: BigInt(seq) }, nodeIds };
    });
  }

  #list<T>(count: number, address: bigint | null, copy: (address: bigint, count: number) => T[]): T[] {
    if (count > NODES_MAX) throw new Error(`corosync announced a list of ${count} nodes`);
    return count === 0 || address === null ? [] : copy(address, count);
  }

  #keep(read: () => VotequorumEvent): void {
    try {
      this.#events.push(read());
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }
}

function readNode({ nodeId, state }: { nodeId: number; state: number }): VotequorumNode {
  const word = STATES[state];
  if (word === undefined) throw new Error(`corosync announced node ${nodeId} in the unknown state ${state}`);
  return { nodeId, state: word };
}

function readInfo(info: CInfo): VotequorumInfo {
  const has = (flag: number): boolean => (info.flags & flag) !== 0;
  return {
    nodeId: info.nodeId,
    nodeVotes: info.nodeVotes,
    expectedVotes: info.expectedVotes,
    totalVotes: info.totalVotes,
    quorum: info.quorum,
    quorate: has(FLAGS.quorate),
    deviceVotes: info.deviceVotes,
    deviceRegistered: has(FLAGS.registered),
    deviceAlive: has(FLAGS.alive),
    deviceCasts: has(FLAGS.casts),
  };
}

function forget(libraries: Libraries, callbacks: VotequorumCallbacks): void {
  for (const address of [callbacks.quorum, callbacks.expectedVotes, callbacks.nodeList]) {
    libraries.callback.forget(address);
  }
}
