/**
 * Several nodes and the network between them: membership in totem's manner, with faults. Nodes that reach each other
 * form a ring; its leader is the lowest id, its sequence four above the highest that any of them has seen. Messages on
 * a ring arrive everywhere in one order. A ring that lost a member carries nothing until the next one is formed, and
 * what was sent meanwhile travels on that.
 */
import type { OperatorError } from '../../runtime/errors.ts';
import { CorosyncError, connectFailure, errorCode } from '../errors.ts';
import type { CmapValue, Corosync } from '../port.ts';
import { TwinConnection } from './connection.ts';
import type { Keys } from './key-table.ts';
import { TwinNode } from './node.ts';
import { renderQuorumtool } from './quorumtool.ts';
import type { Scheduler } from './scheduler.ts';
import type { EngineMessage } from './votequorum-engine.ts';

export interface TwinTimings {
  /** From a message's sending to its arrival everywhere. */
  readonly messageMs: number;
  /** From the loss of a node to the ring without it: token timeout and consensus, 1000 and 1200 ms with token 1000. */
  readonly lossMs: number;
  /** From the first contact to the common ring. */
  readonly mergeMs: number;
  /** From a node's orderly leaving to the ring without it. */
  readonly leaveMs: number;
  /** From the poll that a node waited for to its part of the synchronisation being over (a round of an idle token). */
  readonly syncStepMs: number;
}

export const DEFAULT_TIMINGS: TwinTimings = {
  messageMs: 0.3,
  lossMs: 2200,
  mergeMs: 300,
  leaveMs: 60,
  syncStepMs: 177,
};

const SEQ_STEP = 4n;
/** A node that never ran begins here, so that its first ring is 5, as on a fresh installation. */
const SEQ_START = 1n;
const RETRY_PAUSE_MS = 1000;

interface Ring {
  readonly seq: bigint;
  readonly leader: number;
  readonly nodeIds: readonly number[];
  readonly released: Set<number>;
}

interface Place {
  readonly node: TwinNode;
  ring: Ring | undefined;
  /** Sent while the ring carried nothing. */
  readonly outbox: EngineMessage[];
  /** Its part of the synchronisation ended while this ring carried nothing. */
  releasedIn: Ring | undefined;
}

export class TwinCluster {
  readonly #scheduler: Scheduler;
  readonly #timings: TwinTimings;
  readonly #places = new Map<number, Place>();
  /** Survives a node's restart, as corosync keeps it on disk. */
  readonly #lastSeq = new Map<number, bigint>();
  #islands: readonly (readonly number[])[] = [];
  #plans: (() => void)[] = [];

  constructor(scheduler: Scheduler, timings: Partial<TwinTimings> = {}) {
    this.#scheduler = scheduler;
    this.#timings = { ...DEFAULT_TIMINGS, ...timings };
  }

  get runningNodeIds(): readonly number[] {
    return [...this.#places.keys()].sort((a, b) => a - b);
  }

  /** Starts corosync on a node: alone at first, then together with whoever it reaches. */
  start(nodeId: number, keys: Keys): void {
    if (this.#places.has(nodeId)) throw new Error(`node ${nodeId} runs already`);
    const outbox: EngineMessage[] = [];
    let place: Place | undefined;
    const node = new TwinNode(nodeId, keys, {
      broadcast: (message) => {
        if (place === undefined) outbox.push(message);
        else this.#broadcast(place, message);
      },
      after: (delayMs, action) => this.#scheduler.after(delayMs, action),
      released: (waited) => {
        if (place !== undefined) this.#onReleased(place, waited ? this.#timings.syncStepMs : 0);
      },
    });
    place = { node, ring: undefined, outbox, releasedIn: undefined };
    this.#places.set(nodeId, place);
    this.#form([place]);
    this.#replan(this.#timings.lossMs);
  }

  /** Power failure. */
  kill(nodeId: number): void {
    this.#end(nodeId, this.#timings.lossMs);
  }

  /** Orderly end: the others need not find out by themselves. */
  stop(nodeId: number): void {
    this.#end(nodeId, this.#timings.leaveMs);
  }

  /** Only nodes of one island reach each other; whoever is not named is alone. */
  split(islands: readonly (readonly number[])[]): void {
    this.#islands = islands;
    this.#replan(this.#timings.lossMs);
  }

  heal(): void {
    this.#islands = [];
    this.#replan(this.#timings.lossMs);
  }

  /** By hand, as with corosync-cmapctl. undefined deletes. */
  setKey(nodeId: number, key: string, value: CmapValue | undefined): void {
    const { keys } = this.#place(nodeId).node;
    if (value === undefined) keys.delete(key);
    else keys.set(key, value);
  }

  /** What `corosync-cfgtool -R` does: every node of the ring reads its file. */
  reload(askedOn: number, fileOf: (nodeId: number) => Keys | 'unparsable'): void {
    for (const nodeId of this.#place(askedOn).ring?.nodeIds ?? []) {
      this.#places.get(nodeId)?.node.keys.reload(fileOf(nodeId));
    }
  }

  /** As `connectCorosync` on that node. */
  async connect(nodeId: number, { maxTryAgain }: { readonly maxTryAgain: number }): Promise<Corosync> {
    for (let triesLeft = maxTryAgain; ; triesLeft -= 1) {
      const node = this.#places.get(nodeId)?.node;
      if (node?.answers === true) return new TwinConnection(node, this.#scheduler);
      const code = errorCode(node === undefined ? 'library' : 'tryAgain');
      const failure: OperatorError = connectFailure(new CorosyncError('cmap_initialize', code));
      if (node === undefined || triesLeft <= 0) throw failure;
      await new Promise<void>((resolve) => this.#scheduler.after(RETRY_PAUSE_MS, resolve));
    }
  }

  /** For an onlooker that sees everything and takes no part; undefined: it does not run. */
  node(nodeId: number): TwinNode | undefined {
    return this.#places.get(nodeId)?.node;
  }

  /** Whether the token goes round on its ring: if not, nothing that its programs do gets anywhere. */
  hasToken(nodeId: number): boolean {
    const place = this.#places.get(nodeId);
    return place !== undefined && this.#carries(place);
  }

  /** What `corosync-quorumtool -s` prints on that node. */
  quorumtool(nodeId: number, date: string): string {
    const { engine, keys } = this.#place(nodeId).node;
    return renderQuorumtool(nodeId, engine, keys, date);
  }

  #place(nodeId: number): Place {
    const place = this.#places.get(nodeId);
    if (place === undefined) throw new Error(`node ${nodeId} does not run`);
    return place;
  }

  #end(nodeId: number, noticedMs: number): void {
    const { node } = this.#place(nodeId);
    this.#places.delete(nodeId);
    node.stop();
    this.#replan(noticedMs);
  }

  #islandOf(nodeId: number): readonly number[] {
    if (this.#islands.length === 0) return this.runningNodeIds;
    const island = this.#islands.find((ids) => ids.includes(nodeId)) ?? [nodeId];
    return this.runningNodeIds.filter((id) => island.includes(id));
  }

  /** Reached members come together; each change of the network begins the search anew, as in totem. */
  #replan(lossMs: number): void {
    for (const cancel of this.#plans) cancel();
    this.#plans = [];
    const seen = new Set<number>();
    for (const nodeId of this.runningNodeIds) {
      if (seen.has(nodeId)) continue;
      const island = this.#islandOf(nodeId);
      for (const id of island) seen.add(id);
      const places = island.map((id) => this.#place(id));
      this.#resume(places);
      if (places.every(({ ring }) => ring !== undefined && sameIds(ring.nodeIds, island))) continue;
      const lostSomebody = places.some((place) => !this.#carries(place));
      const cancel = this.#scheduler.after(lostSomebody ? lossMs : this.#timings.mergeMs, () => this.#form(places));
      this.#plans.push(cancel);
    }
  }

  /** Where the token came back before it was missed the ring goes on where it was. */
  #resume(places: readonly Place[]): void {
    for (const place of places) {
      if (!this.#carries(place)) continue;
      for (const message of place.outbox.splice(0)) this.#broadcast(place, message);
      if (place.releasedIn === place.ring) this.#onReleased(place, 0);
    }
  }

  #form(places: readonly Place[]): void {
    const nodeIds = places.map(({ node }) => node.nodeId);
    let highestSeq = SEQ_START;
    for (const id of nodeIds) {
      const seq = this.#lastSeq.get(id) ?? SEQ_START;
      if (seq > highestSeq) highestSeq = seq;
    }
    const ring = { seq: highestSeq + SEQ_STEP, leader: Math.min(...nodeIds), nodeIds, released: new Set<number>() };
    for (const place of places) {
      this.#lastSeq.set(place.node.nodeId, ring.seq);
      place.ring = ring;
      place.node.engine.enterRing({ nodeId: ring.leader, seq: ring.seq }, nodeIds);
    }
    for (const place of places) for (const message of place.outbox.splice(0)) this.#broadcast(place, message);
    // The leader speaks last, as was observed; what is heard of expected votes depends on it.
    const [leader, ...others] = places;
    for (const place of [...others, leader]) place?.node.engine.synchronise();
  }

  /** Whether the token still goes round: every member runs, is reached and is on the same ring. */
  #carries({ node, ring }: Place): boolean {
    if (ring === undefined) return false;
    const island = this.#islandOf(node.nodeId);
    return ring.nodeIds.every((id) => island.includes(id) && this.#places.get(id)?.ring === ring);
  }

  /** What is said while the ring carries nothing waits behind what was said before: a node's word keeps its order. */
  #broadcast(place: Place, message: EngineMessage): void {
    if (place.ring !== undefined && !this.#carries(place)) {
      if (place.node.running) place.outbox.push(message);
      return;
    }
    this.#onRing(place, (ring) => {
      if (place.ring !== ring || !this.#carries(place)) {
        if (place.node.running) this.#retry(place, message);
        return;
      }
      for (const id of ring.nodeIds) this.#places.get(id)?.node.engine.receive(message, place.node.nodeId);
    });
  }

  #retry(place: Place, message: EngineMessage): void {
    if (this.#carries(place)) this.#broadcast(place, message);
    else place.outbox.push(message);
  }

  #onRing(place: Place, arrive: (ring: Ring) => void): void {
    const { ring } = place;
    if (ring !== undefined) this.#scheduler.after(this.#timings.messageMs, () => arrive(ring));
  }

  /** The last node to be released ends the synchronisation for all; a newer ring makes the old one's end void. */
  #onReleased(place: Place, delayMs: number): void {
    const { ring } = place;
    if (ring === undefined) return;
    this.#scheduler.after(delayMs, () => {
      if (place.ring !== ring || !place.node.running) return;
      // Only what got nowhere is said again: a ring that is through would notify its programs a second time.
      place.releasedIn = this.#carries(place) ? undefined : ring;
      if (place.releasedIn === ring) return;
      this.#onRing(place, () => {
        if (place.ring !== ring) return;
        if (!this.#carries(place)) {
          place.releasedIn = ring;
          return;
        }
        ring.released.add(place.node.nodeId);
        if (ring.released.size < ring.nodeIds.length) return;
        for (const id of ring.nodeIds) this.#places.get(id)?.node.engine.endSynchronisation();
      });
    });
  }
}

const sameIds = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((id) => b.includes(id));
