/** Nodes 1 to n of one cluster around the strict core; each is the client of its own number until it comes back. */

import assert from 'node:assert/strict';
import type { Records } from '../../../src/arbiter/safety/guards.ts';
import { type Heard, type InitOptions, votesIn, World } from '../world.ts';

export const TEST = 0;
export const TWO_NODE_LMS = 2;
export const LMS = 3;

export interface ClusterWishes extends InitOptions {
  readonly nodes?: readonly number[];
  readonly castBoundMs?: number;
  readonly records?: Records;
}

export class ClusterOf {
  readonly world: World;
  readonly ids: readonly number[];
  readonly #wishes: ClusterWishes;
  readonly #clients = new Map<number, number>();
  #connections = 0;
  /** Nodes that do not answer a vote. */
  readonly holding = new Set<number>();
  readonly #newestVote = new Map<number, number>();

  constructor(wishes: ClusterWishes = {}) {
    this.#wishes = wishes;
    this.ids = wishes.nodes ?? [1, 2];
    this.world = new World({ voteSafety: 'strict' }, undefined, wishes.records);
  }

  client(id: number): number {
    const client = this.#clients.get(id);
    assert.ok(client !== undefined, `node ${id} is connected`);
    return client;
  }

  /** INIT and configuration; the membership is still to come. */
  join(id: number): void {
    this.#connections += 1;
    this.#clients.set(id, this.#connections);
    const { castBoundMs } = this.#wishes;
    this.world.join(this.#connections, id, this.#wishes);
    if (castBoundMs !== undefined) this.world.say(this.#connections, 'setOption', { msgSeqNumber: 9, castBoundMs });
    this.world.config(this.#connections, this.ids);
  }

  /** Each of these nodes says that they are a ring. What each of the cluster's nodes hears is handed back. */
  report(ids: readonly number[], seq: number, by: readonly number[] = ids): Record<number, string[]> {
    for (const id of by) this.world.membership(this.client(id), [Math.min(...ids), BigInt(seq)], ids);
    return this.heard();
  }

  quorum(id: number): Record<number, string[]> {
    const nodeInfo = this.ids.map((nodeId) => ({ nodeId, dataCenterId: 0, state: 'member' as const }));
    const options = { msgSeqNumber: 5, nodeListType: 'quorum', quorate: 'quorate', nodeInfo } as const;
    this.world.say(this.client(id), 'nodeList', options);
    return this.heard();
  }

  /** Everybody in one ring, with the vote. */
  up(): void {
    for (const id of this.ids) this.join(id);
    this.report(this.ids, 8);
    for (const id of this.ids) this.quorum(id);
    this.pass(4_000);
    for (const { nodeId, granted } of this.nodes()) assert.ok(granted, `node ${nodeId} has the vote`);
  }

  vanish(id: number, finished = true): Record<number, string[]> {
    const client = this.client(id);
    this.#clients.delete(id);
    this.world.leave(client, finished);
    return this.heard();
  }

  /** Everybody who is connected sends echoes, so that nobody is found dead. */
  pass(ms: number, silent: readonly number[] = []): Record<number, string[]> {
    const heard = new Map<number, string[]>();
    for (let left = ms; left > 0; left -= 500) {
      this.world.pass(Math.min(left, 500));
      for (const [id, client] of this.#clients) {
        if (!silent.includes(id) && !this.world.closed.has(client))
          this.world.say(client, 'echoRequest', { msgSeqNumber: 1 });
      }
      for (const [id, votes] of Object.entries(this.heard())) {
        heard.set(Number(id), [...(heard.get(Number(id)) ?? []), ...votes]);
      }
    }
    return Object.fromEntries(heard);
  }

  /** Votes since the last call, `ack` `nack` for those of their own, `(ack)` in replies; each is confirmed. */
  heard(): Record<number, string[]> {
    const heard = new Map<number, string[]>();
    for (let round = 0, more = true; more; round += 1) {
      assert.ok(round < 50, 'it comes to rest');
      more = false;
      for (const [id, client] of this.#clients) {
        const messages = this.world.heard(client).filter(({ name }) => name !== 'echoReply');
        if (messages.length === 0) continue;
        more = true;
        heard.set(id, [...(heard.get(id) ?? []), ...messages.flatMap(wordOf)]);
        for (const message of messages) this.#answer(id, client, message);
      }
    }
    return Object.fromEntries([...heard].filter(([, votes]) => votes.length > 0));
  }

  /** The node that held back answers the newest vote. */
  confirm(id: number): Record<number, string[]> {
    this.holding.delete(id);
    this.world.confirm(this.client(id), this.#newestVote.get(id) ?? 0);
    return this.heard();
  }

  nodes() {
    return this.world.arbiter.snapshot(this.world.nowMs).clusters[0]?.nodes ?? [];
  }

  #answer(id: number, client: number, { name, options }: Heard): void {
    if (name === 'voteInfo') this.#newestVote.set(id, options.msgSeqNumber ?? 0);
    if (name !== 'voteInfo' || this.holding.has(id) || this.world.closed.has(client)) return;
    this.world.confirm(client, options.msgSeqNumber ?? 0);
  }
}

function wordOf(heard: Heard): string[] {
  const { vote } = heard.options;
  if (vote === undefined || vote === 'noChange' || vote === 'askLater') return [];
  const [word = ''] = votesIn([heard]);
  return heard.name === 'voteInfo' ? [word.replace(/#.*/, '')] : [`(${word})`];
}
