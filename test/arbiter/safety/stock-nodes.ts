/** Stock nodes that are as bad as they may be, with what corosync makes of their casts, around the strict core. */
import assert from 'node:assert/strict';
import { type Heard, World } from '../world.ts';

const HEARTBEAT_MS = 4_000;
const TIMEOUT_MS = 5_000;
export const FFSPLIT = 1;

interface Node {
  readonly id: number;
  /** Its connection as the arbiter knows it. */
  client: number | undefined;
  linked: boolean;
  daemon: boolean;
  ring: [number, bigint];
  sentRing: bigint;
  members: number[];
  /** What corosync counts: for which ring and partition, and until when without another word. */
  cast: { readonly seq: bigint; readonly members: readonly number[]; untilMs: number } | undefined;
  heardAtMs: number;
  inbox: Heard[];
}

const FOR_EVER = Number.POSITIVE_INFINITY;

export class Script {
  world: World;
  readonly nodes: Node[];
  readonly #algorithm: number;
  #clients = 0;
  #seq = 8n;
  grants = 0;

  constructor(size: number, algorithm: number) {
    this.#algorithm = algorithm;
    const ids = Array.from({ length: size }, (_, index) => index + 1);
    this.world = new World({ voteSafety: 'strict' });
    this.nodes = ids.map((id) => ({
      id,
      client: undefined,
      linked: true,
      daemon: true,
      ring: [1, 8n],
      sentRing: 0n,
      members: ids,
      cast: undefined,
      heardAtMs: 0,
      inbox: [],
    }));
  }

  node(index: number): Node {
    const node = this.nodes[index % this.nodes.length];
    assert.ok(node);
    return node;
  }

  connect(node: Node): void {
    const taken = node.client !== undefined && !this.world.closed.has(node.client);
    if (!node.linked || !node.daemon || taken) return;
    node.client = ++this.#clients;
    node.inbox = [];
    const { world } = this;
    world.join(node.client, node.id, { ring: node.ring, heartbeatMs: HEARTBEAT_MS, algorithm: this.#algorithm });
    world.config(
      node.client,
      this.nodes.map(({ id }) => id),
    );
    this.report(node);
  }

  /** Its lists. What it was told before counts no more, but for what corosync still has of the same ring. */
  report(node: Node, heuristics?: 'pass' | 'fail'): void {
    if (!this.#talks(node)) return;
    node.sentRing = node.ring[1];
    if (node.cast !== undefined) node.cast.untilMs = Math.min(node.cast.untilMs, this.world.nowMs + TIMEOUT_MS);
    this.#say(node, () => this.world.membership(node.client ?? 0, node.ring, node.members, heuristics));
    this.#say(node, () => {
      const nodeInfo = node.members.map((nodeId) => ({ nodeId, dataCenterId: 0 }));
      const list = { msgSeqNumber: 5, nodeListType: 'quorum', quorate: 'quorate', nodeInfo } as const;
      this.world.say(node.client ?? 0, 'nodeList', list);
    });
  }

  split(sides: readonly number[], report: boolean): void {
    this.#seq += 4n;
    for (const [index, node] of this.nodes.entries()) {
      const mates = this.nodes.filter((_, other) => sides[other] === sides[index]).map(({ id }) => id);
      if (mates.join() === node.members.join()) continue;
      node.members = mates;
      node.ring = [mates[0] ?? node.id, this.#seq];
    }
    if (report) for (const node of this.nodes) this.report(node);
  }

  /** The daemon is gone; its last cast stands. The kernel says FIN if the link lets it. */
  kill(node: Node): void {
    if (!node.daemon) return;
    node.daemon = false;
    if (node.cast !== undefined) node.cast.untilMs = Math.min(node.cast.untilMs, this.world.nowMs + TIMEOUT_MS);
    if (node.linked) this.#gone(node, true);
  }

  cut(node: Node): void {
    if (!node.linked) return;
    node.linked = false;
    node.inbox = [];
    if (node.cast === undefined || node.client === undefined) return;
    const noticed = node.heardAtMs + 2 * HEARTBEAT_MS + TIMEOUT_MS;
    node.cast.untilMs = this.#algorithm === FFSPLIT ? Math.min(node.cast.untilMs, noticed) : node.cast.untilMs;
  }

  heal(node: Node): void {
    if (this.#talks(node)) return;
    node.linked = true;
    node.daemon = true;
    if (node.client !== undefined && !this.world.closed.has(node.client)) this.#gone(node, false);
    this.connect(node);
  }

  /** It leaves by itself. ffsplit takes the vote back first, the others need not. */
  leave(node: Node): void {
    if (!this.#talks(node)) return;
    if (this.#algorithm === FFSPLIT) node.cast = undefined;
    this.#gone(node, true);
  }

  read(node: Node, messages: number): void {
    for (let left = messages; left > 0 && this.#talks(node); left -= 1) {
      const next = node.inbox.shift();
      if (next === undefined) return;
      this.#follow(node, next);
      this.check();
      if (next.name !== 'voteInfo') continue;
      this.#say(node, () => this.world.confirm(node.client ?? 0, next.options.msgSeqNumber ?? 0));
    }
  }

  /** Everything works again, in one ring, for so long. */
  mend(ms: number): void {
    this.disk('well');
    for (const node of this.nodes) this.heal(node);
    this.split(
      this.nodes.map(() => 0),
      true,
    );
    this.rest();
    this.pass(ms);
    this.rest();
  }

  /** Everybody reads and answers everything. */
  rest(): void {
    for (let round = 0; round < 20; round += 1) {
      if (this.nodes.every(({ inbox }) => inbox.length === 0)) return;
      for (const node of this.nodes) this.read(node, node.inbox.length);
    }
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      this.world.pass(Math.min(left, 1_000));
      for (const node of this.nodes) {
        if (node.client !== undefined && this.world.closed.has(node.client)) this.#closed(node);
        this.#say(node, () => this.world.say(node.client ?? 0, 'echoRequest', { msgSeqNumber: 1 }));
      }
      this.listen();
    }
  }

  /** What was not on disk yet may be there or not. */
  restart(keepsRecord: boolean, writesReachDisk: boolean): void {
    const { disk, writes, nowMs } = this.world;
    if (writesReachDisk) for (const { cluster, grants } of writes) disk.set(cluster, grants);
    const records = { byCluster: keepsRecord ? new Map(disk) : new Map(), startedAtMs: nowMs };
    this.world = new World({ voteSafety: 'strict' }, undefined, records);
    this.world.nowMs = nowMs;
    for (const [cluster, grants] of records.byCluster) this.world.disk.set(cluster, grants);
    this.#clients = 0;
    for (const node of this.nodes) this.#closed(node);
  }

  disk(how: 'well' | 'slow' | 'fails'): void {
    const { world } = this;
    world.writesEnd = how === 'well';
    if (world.writes.length > 0 && how !== 'slow') world.finishWrite(how === 'fails' ? 'ENOSPC' : undefined);
    this.listen();
  }

  listen(): void {
    for (const node of this.nodes) {
      if (node.client === undefined) continue;
      const heard = this.world.heard(node.client);
      if (this.#talks(node)) node.inbox.push(...heard.filter(({ options }) => options.vote !== undefined));
    }
    this.check();
  }

  check(): void {
    const { nowMs } = this.world;
    const casting = this.nodes.filter(
      ({ cast, ring }) => cast !== undefined && cast.seq === ring[1] && cast.untilMs > nowMs,
    );
    for (const { id, cast } of casting) {
      for (const other of casting) {
        const isShared = cast?.members.some((member) => other.cast?.members.includes(member));
        assert.ok(isShared, `nodes ${id} [${cast?.members}] and ${other.id} [${other.cast?.members}] both cast`);
      }
    }
  }

  #talks({ linked, daemon, client }: Node): boolean {
    return linked && daemon && client !== undefined && !this.world.closed.has(client);
  }

  #say(node: Node, say: () => void): void {
    if (!this.#talks(node)) return;
    node.heardAtMs = this.world.nowMs;
    say();
    this.listen();
  }

  #gone(node: Node, finished: boolean): void {
    const { client } = node;
    node.client = undefined;
    node.inbox = [];
    if (client !== undefined && !this.world.closed.has(client)) this.world.leave(client, finished);
    this.listen();
  }

  /** The arbiter closed: a daemon that hears of it takes the vote back under ffsplit. */
  #closed(node: Node): void {
    node.client = undefined;
    node.inbox = [];
    if (node.linked && node.daemon && this.#algorithm === FFSPLIT) node.cast = undefined;
  }

  #follow(node: Node, { options }: Heard): void {
    const { vote, ringId } = options;
    if (ringId?.seq !== node.sentRing || vote === 'noChange') return;
    const seq = node.sentRing;
    if (vote === 'nack') {
      if (seq === node.ring[1]) node.cast = undefined;
    } else if (vote === 'ack' && seq === node.ring[1]) {
      this.grants += 1;
      node.cast = { seq, members: node.members, untilMs: FOR_EVER };
    } else if (node.cast !== undefined) {
      node.cast.untilMs = Math.min(node.cast.untilMs, this.world.nowMs + TIMEOUT_MS);
    }
  }
}
