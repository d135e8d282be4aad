/**
 * Whose turn it is. One client may have a bounded share of work each time; what it has said beyond that waits, and so do
 * the others of its cluster behind it, while every other cluster is served at once. Nothing that one cluster does can
 * make another wait for longer than such a share.
 */

import type { ByteString } from '../protocol/values.ts';
import type { Cluster } from './cluster.ts';
import type { ClientId } from './events.ts';

/** In units of one small message: less than one of the longest lists, which is a millisecond of work. */
export const WORK_PER_TURN = 64;
/** Judging a cluster touches every entry of every list: so many cost as much as one small message. */
const ENTRIES_PER_UNIT = 256;

/** Reading a list costs far more than keeping it: so many of its bytes cost as much as one small message. */
const BYTES_PER_UNIT = 256;

/** What one message of so many bytes from a member of this cluster may cost. */
export function workOf(cluster: Cluster | undefined, messageBytes: number): number {
  let entries = 0;
  for (const { config, members } of cluster?.members ?? []) entries += config.nodes.length + members.nodes.length;
  return 1 + Math.trunc(entries / ENTRIES_PER_UNIT) + Math.trunc(messageBytes / BYTES_PER_UNIT);
}

export class Turns {
  /** In the order in which their turn comes; the cluster is the one at the time they had to wait. */
  readonly #waiting = new Map<ClientId, ByteString | undefined>();
  /** How many of each cluster wait. */
  readonly #clusters = new Map<ByteString, number>();

  get someoneWaits(): boolean {
    return this.#waiting.size > 0;
  }

  waits(client: ClientId): boolean {
    return this.#waiting.has(client);
  }

  /** Somebody of this cluster waits already: its other nodes have to queue up behind. */
  isBusy(cluster: ByteString | undefined): boolean {
    return cluster !== undefined && this.#clusters.has(cluster);
  }

  /** At the end of the queue. */
  enqueue(client: ClientId, cluster: ByteString | undefined): void {
    this.remove(client);
    this.#waiting.set(client, cluster);
    if (cluster !== undefined) this.#clusters.set(cluster, (this.#clusters.get(cluster) ?? 0) + 1);
  }

  /** The first in the queue, taken out of it. */
  next(): ClientId | undefined {
    const [first] = this.#waiting.keys();
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(client: ClientId): void {
    if (!this.#waiting.has(client)) return;
    const cluster = this.#waiting.get(client);
    this.#waiting.delete(client);
    if (cluster === undefined) return;
    const others = (this.#clusters.get(cluster) ?? 1) - 1;
    if (others === 0) this.#clusters.delete(cluster);
    else this.#clusters.set(cluster, others);
  }
}
