/** For people: which partition has to wait for the vote, since when, and what for. Decides nothing. */

import type { Cluster } from '../cluster.ts';
import type { HeldSnapshot } from '../snapshot.ts';
import { blockersOf } from './blockers.ts';
import { claimOf, type Safety, sortedIds } from './state.ts';

/** Of the partition that waits longest; undefined: nobody waits. */
export function heldOf(safety: Safety | undefined, cluster: Cluster, nowMs: number): HeldSnapshot | undefined {
  const [first] = [...(safety?.pending ?? [])].sort((a, b) => a.sinceMs - b.sinceMs);
  const member = cluster.members.find(({ client }) => client === first?.client);
  if (safety === undefined || first === undefined || member === undefined) return undefined;
  return {
    partition: sortedIds(claimOf(member)),
    sinceMs: nowMs - first.sinceMs,
    waitsFor: blockersOf(safety, cluster, member, nowMs).map((blocker) => ({
      nodeId: blocker.nodeId,
      reason: blocker.kind,
      remainingMs:
        blocker.kind === 'confirmation' || !Number.isFinite(blocker.untilMs) ? undefined : blocker.untilMs - nowMs,
    })),
    recordFailure: safety.ledger.failure?.reason,
  };
}
