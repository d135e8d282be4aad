/**
 * Waits until the membership has stood still for a moment. A device that is registered while a node that has just
 * started merges into its cluster can reach the other nodes before they know that node, and corosync 3.1.7 ends itself
 * on all of them over it (assertion `sender_node != NULL` in votequorum.c, seen with four nodes and a fifth that
 * joined). An onlooker on a connection of its own watches; it casts nothing and registers nothing.
 */
import type { Corosync } from '../corosync/port.ts';

export interface SettleTimes {
  /** How long no ring may have changed. */
  readonly quietMs: number;
  /** A ring that never stands still is no reason to leave the node without a device for ever. */
  readonly patienceMs: number;
}

/** A merge follows the start of corosync within a fraction of a second. */
export const SETTLE_TIMES: SettleTimes = { quietMs: 1_000, patienceMs: 15_000 };

/** Resolves when it is quiet, when corosync is gone (the next request tells why), or after the patience. */
export async function untilSettled(connect: () => Promise<Corosync>, times: SettleTimes): Promise<void> {
  const onlooker = await connect();
  let quiet: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve) => {
      patience = setTimeout(resolve, times.patienceMs);
      onlooker.track({
        // A synchronisation has begun; how long it takes is not known.
        onNodeList: () => clearTimeout(quiet),
        onQuorum: () => {
          clearTimeout(quiet);
          quiet = setTimeout(resolve, times.quietMs);
        },
        onExpectedVotes: () => undefined,
        onKeysChanged: () => undefined,
        onLost: () => resolve(),
      });
    });
  } finally {
    clearTimeout(quiet);
    clearTimeout(patience);
    onlooker.close();
  }
}
