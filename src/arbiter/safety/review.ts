/**
 * When something may have come about that the guard waits for: time, a record on disk, a node that takes its leave, an
 * operator's word.
 */

import type { ByteString } from '../../protocol/values.ts';
import type { Clusters, Result } from '../clusters.ts';
import type { Effect } from '../effects.ts';
import type { ArbiterEvent, ClientId } from '../events.ts';

/** The part of the arbiter that is needed here. */
export interface Host {
  readonly clusters: Clusters;
  readonly nowMs: number;
  push(effect: Effect): void;
  close(client: ClientId, reason: string): void;
  carryOut(cluster: ByteString, cause: ClientId | undefined, result: Result): void;
}

/** Somebody's time to confirm, or a vote that is being cast somewhere, may have run out. */
export function reviewDue(host: Host): void {
  const { guards } = host.clusters;
  for (const name of guards?.takeDue(host.nowMs) ?? []) {
    const cluster = host.clusters.get(name);
    if (cluster === undefined) {
      if (guards?.forgets(name, host.nowMs) === true) host.push({ kind: 'forgetRecord', cluster: name });
      continue;
    }
    for (const client of guards?.overdue(cluster, host.nowMs) ?? []) {
      const nodeId = host.clusters.memberOf(name, client)?.nodeId;
      if (nodeId === undefined) continue;
      host.push({ kind: 'report', report: { what: 'unconfirmed', client, cluster: name, nodeId } });
      host.close(client, 'it does not confirm that the vote is gone');
    }
    host.carryOut(name, undefined, host.clusters.review(name, host.nowMs));
  }
}

/** The disk says that a record is written, or an operator that a node casts nothing. */
export function onWord(host: Host, event: Extract<ArbiterEvent, { readonly kind: 'recorded' | 'release' }>): void {
  const { cluster } = event;
  const { guards } = host.clusters;
  if (event.kind === 'recorded') {
    const { version, failure } = event;
    if (failure !== undefined) {
      host.push({ kind: 'report', report: { what: 'recordFailed', cluster, reason: failure } });
    }
    guards?.recorded(cluster, version, failure, host.nowMs);
  } else {
    const { nodeId } = event;
    const known = host.clusters.get(cluster);
    if (known === undefined || guards?.release(known, nodeId, host.nowMs) !== true) return;
    host.push({ kind: 'report', report: { what: 'released', cluster, nodeId } });
  }
  host.carryOut(cluster, undefined, host.clusters.review(cluster, host.nowMs));
}

/** A node that leaves in good order says so in its last heartbeat: nobody has to wait for what it had then. */
export function onWithdrawn(host: Host, cluster: ByteString, client: ClientId): void {
  const member = host.clusters.memberOf(cluster, client);
  if (member === undefined) return;
  host.clusters.guards?.withdrew(cluster, member);
  host.carryOut(cluster, client, host.clusters.review(cluster, host.nowMs));
}
