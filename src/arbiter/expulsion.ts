/** Whom the arbiter sends away by itself: who is silent for too long, and who shows a certificate that was revoked. */

import type { Connection } from './connection.ts';
import type { Door } from './joining.ts';
import { deadPeerMs } from './session.ts';

/** Silent for as long as its heartbeat allows? Otherwise it is looked at again when it would be. */
export function closeIfDead(door: Door, { session, heardAtMs }: Connection): void {
  const { client, heartbeatMs, clusterName } = session;
  const silenceMs = deadPeerMs(heartbeatMs, door.settings);
  if (silenceMs === undefined) return;
  // Whoever waits for a turn has spoken: it is us who have not listened.
  const sinceMs = door.waits(client) ? door.nowMs : heardAtMs;
  if (sinceMs + silenceMs > door.nowMs) {
    door.watch(session, sinceMs);
    return;
  }
  const silentMs = door.nowMs - heardAtMs;
  door.report({ what: 'silent', client, cluster: clusterName, nodeId: nodeIdOf(door, session), silentMs });
  door.close(client, 'silent for too long');
}

/** What it was granted is a lease to the guard, as after any connection that we close. */
export function closeIfRevoked(door: Door, { session }: Connection, revoked: ReadonlySet<string>): void {
  const { client, clusterName, certificate } = session;
  if (certificate === undefined || !revoked.has(certificate.fingerprint)) return;
  const { fingerprint } = certificate;
  const nodeId = nodeIdOf(door, session);
  door.report({ what: 'certificateRevoked', client, cluster: clusterName, nodeId, fingerprint });
  door.close(client, 'its certificate is revoked');
}

function nodeIdOf({ clusters }: Door, { cluster, client }: Connection['session']): number | undefined {
  return cluster === undefined ? undefined : clusters.memberOf(cluster, client)?.nodeId;
}
