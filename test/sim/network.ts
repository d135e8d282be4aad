/**
 * TCP between nodes and the arbiter. Each direction of each connection keeps its order. What a cut takes is sent again
 * after it, as the kernel does; a host without power says nothing, and one that has come back answers a connection it
 * does not know with a reset.
 */
import type { Chance } from '../../src/demo/random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One end of a connection, as the process that owns it hears of it. */
export interface Endpoint {
  opened(connection: Connection): void;
  bytes(bytes: Uint8Array): void;
  /** finished: the other side closed it; broken: it was reset; refused: it could not be made. */
  ended(how: Ending): void;
}

export type Ending = 'finished' | 'broken' | 'refused';

export type Side = 'node' | 'arbiter';
type Segment = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'end'; readonly how: Ending };

/** The way between one node and the arbiter, whatever connection uses it. */
interface Path {
  readonly cut: Record<Side, boolean>;
  latencyMs: number;
}

const OTHER: Readonly<Record<Side, Side>> = { node: 'arbiter', arbiter: 'node' };
const RESEND_MS = 200;
const RESEND_SPREAD_MS = 1_500;
const SYN_RETRY_MS = 1_000;
const SYN_RETRY_MS_MAX = 16_000;
const LATENCY_SPREAD = 4;

export interface Listener {
  /** off: nothing answers; down: the host refuses; up: there is a process. */
  readonly host: () => 'off' | 'down' | 'up';
  readonly accept: (connection: Connection) => Endpoint;
}

export class Connection {
  readonly nodeId: number;
  readonly ends: Record<Side, Endpoint | undefined> = { node: undefined, arbiter: undefined };
  /** Only this connection is stuck: the state of a firewall in between is gone. */
  stuck = false;
  /** The host of this end went without a word, and the other end has sent something since. */
  readonly orphaned: Record<Side, boolean> = { node: false, arbiter: false };
  readonly #network: Network;
  /** What is on its way, by sender. */
  readonly held: Record<Side, Segment[]> = { node: [], arbiter: [] };
  readonly #lastMs: Record<Side, number> = { node: 0, arbiter: 0 };
  readonly inFlight: Record<Side, number> = { node: 0, arbiter: 0 };

  constructor(network: Network, nodeId: number) {
    this.#network = network;
    this.nodeId = nodeId;
  }

  /** How many messages of this sender have not arrived. */
  waiting(from: Side): number {
    return this.inFlight[from] + this.held[from].length;
  }

  send(from: Side, bytes: Uint8Array): void {
    this.#put(from, { kind: 'bytes', bytes });
  }

  /** This end is closed: the other hears of it behind what was sent before. */
  close(from: Side): void {
    if (this.ends[from] === undefined) return;
    this.ends[from] = undefined;
    this.#put(from, { kind: 'end', how: 'finished' });
  }

  /** Power failure of this end's host. */
  vanish(side: Side): void {
    this.ends[side] = undefined;
  }

  /** Whoever still has it loses it now, as by a reset from in between. */
  reset(): void {
    for (const side of ['node', 'arbiter'] as const) {
      const end = this.ends[side];
      this.ends[side] = undefined;
      end?.ended('broken');
    }
  }

  /** What a cut held back goes out again. */
  flush(from: Side): void {
    if (this.held[from].length === 0 || this.#network.isCut(this, from)) return;
    for (const segment of this.held[from].splice(0)) this.#put(from, segment);
  }

  #put(from: Side, segment: Segment): void {
    const atMs = Math.max(this.#lastMs[from], this.#network.nowMs() + this.#network.latencyMs(this.nodeId));
    this.#lastMs[from] = atMs;
    this.inFlight[from] += 1;
    this.#network.at(atMs, () => {
      this.inFlight[from] -= 1;
      this.#arrive(from, segment);
    });
  }

  #arrive(from: Side, segment: Segment): void {
    if (this.held[from].length > 0 || this.#network.isCut(this, from)) {
      this.held[from].push(segment);
      return;
    }
    const to = OTHER[from];
    const end = this.ends[to];
    if (end !== undefined) {
      if (segment.kind === 'bytes') end.bytes(segment.bytes);
      else {
        this.ends[to] = undefined;
        end.ended(segment.how);
      }
      return;
    }
    if (segment.kind === 'end' || this.ends[from] === undefined) return;
    if (this.#network.isUp(this.nodeId, to)) this.#put(to, { kind: 'end', how: 'broken' });
    else this.orphaned[to] = true;
  }

  /** The host is back and is sent again what it does not know what to do with. */
  answerOrphans(side: Side): void {
    if (!this.orphaned[side]) return;
    this.orphaned[side] = false;
    this.#put(side, { kind: 'end', how: 'broken' });
  }
}

export class Network {
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #listener: Listener;
  readonly #nodeHostUp: (nodeId: number) => boolean;
  readonly #paths = new Map<number, Path>();
  readonly #connections = new Set<Connection>();

  constructor(time: VirtualTime, chance: Chance, listener: Listener, nodeHostUp: (nodeId: number) => boolean) {
    this.#time = time;
    this.#chance = chance;
    this.#listener = listener;
    this.#nodeHostUp = nodeHostUp;
  }

  nowMs(): number {
    return this.#time.nowMs();
  }

  at(atMs: number, action: () => void): void {
    this.#time.after(atMs - this.#time.nowMs(), action);
  }

  latencyMs(nodeId: number): number {
    const { latencyMs } = this.#path(nodeId);
    return latencyMs * (1 + (this.#chance.below(100) * LATENCY_SPREAD) / 100);
  }

  setLatency(nodeId: number, latencyMs: number): void {
    this.#path(nodeId).latencyMs = latencyMs;
  }

  isCut(connection: Connection, from: Side): boolean {
    return connection.stuck || this.#path(connection.nodeId).cut[from];
  }

  isUp(nodeId: number, side: Side): boolean {
    return side === 'arbiter' ? this.#listener.host() !== 'off' : this.#nodeHostUp(nodeId);
  }

  cut(nodeId: number, from: Side): void {
    this.#path(nodeId).cut[from] = true;
  }

  heal(nodeId: number, from: Side): void {
    const path = this.#path(nodeId);
    if (!path.cut[from]) return;
    path.cut[from] = false;
    for (const connection of this.of(nodeId)) {
      this.#time.after(RESEND_MS + this.#chance.below(RESEND_SPREAD_MS), () => connection.flush(from));
    }
  }

  /** The open connections of a node, oldest first. */
  of(nodeId: number): Connection[] {
    return this.all().filter((connection) => connection.nodeId === nodeId);
  }

  all(): Connection[] {
    for (const connection of this.#connections) {
      const { node, arbiter } = connection.ends;
      const isOver = node === undefined && arbiter === undefined;
      if (isOver && connection.waiting('node') + connection.waiting('arbiter') === 0)
        this.#connections.delete(connection);
    }
    return [...this.#connections];
  }

  hostBack(side: Side, nodeId?: number): void {
    for (const connection of nodeId === undefined ? this.all() : this.of(nodeId)) {
      this.#time.after(RESEND_MS + this.#chance.below(RESEND_SPREAD_MS), () => connection.answerOrphans(side));
    }
  }

  /** From a node. It gets nowhere while the way is cut or the host off, until the node gives up. */
  connect(nodeId: number, endpoint: Endpoint): Connection {
    const connection = new Connection(this, nodeId);
    connection.ends.node = endpoint;
    this.#connections.add(connection);
    this.#syn(connection, SYN_RETRY_MS);
    return connection;
  }

  #syn(connection: Connection, retryMs: number): void {
    this.#time.after(2 * this.latencyMs(connection.nodeId), () => {
      const end = connection.ends.node;
      if (end === undefined) return;
      const { cut } = this.#path(connection.nodeId);
      const host = this.#listener.host();
      if (cut.node || cut.arbiter || host === 'off') {
        const next = Math.min(2 * retryMs, SYN_RETRY_MS_MAX);
        this.#time.after(retryMs, () => this.#syn(connection, next));
      } else if (host === 'down') {
        connection.ends.node = undefined;
        end.ended('refused');
      } else {
        connection.ends.arbiter = this.#listener.accept(connection);
        connection.ends.arbiter.opened(connection);
        end.opened(connection);
      }
    });
  }

  #path(nodeId: number): Path {
    const known = this.#paths.get(nodeId);
    if (known !== undefined) return known;
    const path: Path = { cut: { node: false, arbiter: false }, latencyMs: 1 };
    this.#paths.set(nodeId, path);
    return path;
  }
}
