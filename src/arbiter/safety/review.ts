/** When something may have come about that the guard waits for: time, a record on disk, a node that takes its leave. */

import type { ByteString } from '../../protocol/values.ts';
import type { Clusters, Result } from '../clusters.ts';
import type { Effect } from '../effects.ts';
import type { ClientId } from '../events.ts';

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

export function onRecorded(host: Host, cluster: ByteString, version: number, failure: string | undefined): void {
  if (failure !== undefined) {
    host.push({ kind: 'report', report: { what: 'recordFailed', cluster, reason: failure } });
  }
  host.clusters.guards?.recorded(cluster, version, failure, host.nowMs);
  host.carryOut(cluster, undefined, host.clusters.review(cluster, host.nowMs));
}

/** A node that leaves in good order says so in its last heartbeat: nobody has to wait for what it had then. */
export function onWithdrawn(host: Host, cluster: ByteString, client: ClientId): void {
  const member = host.clusters.memberOf(cluster, client);
  if (member === undefined) return;
  host.clusters.guards?.withdrew(cluster, member);
  host.carryOut(cluster, client, host.clusters.review(cluster, host.nowMs));
}
