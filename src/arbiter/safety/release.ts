/**
 * An operator's word instead of a node's own. Where no time tells whether a node that is gone still casts its vote, a
 * partition waits until it is back; if it never will be, somebody has to say that nothing there can count a vote any more:
 * the machine is powered off, or its corosync is stopped. The arbiter cannot check that, so it takes such a word only of
 * a node that somebody waits for, and never of one that is connected: that one is asked itself.
 */

import type { Cluster } from '../cluster.ts';
import { blockersOf } from './blockers.ts';
import { cleared, nodeIn, type Safety } from './state.ts';

export function isReleasable(safety: Safety, cluster: Cluster, nodeId: number, nowMs: number): boolean {
  if (nodeIn(cluster, nodeId) !== undefined) return false;
  return safety.pending.some(({ client }) => {
    const member = cluster.members.find((each) => each.client === client);
    if (member === undefined) return false;
    return blockersOf(safety, cluster, member, nowMs).some((blocker) => blocker.nodeId === nodeId);
  });
}

/** It counts as heard of, and the record is to be written without it. */
export function released(safety: Safety, nodeId: number): Safety {
  const without = cleared(safety, nodeId);
  return { ...without, ledger: { ...without.ledger, isOutdated: true } };
}
