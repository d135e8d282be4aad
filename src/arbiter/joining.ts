/** From INIT to a member of a cluster, or to a refusal; and the wait in between, for a node that is there already. */

import assert from 'node:assert';
import type { OptionValues } from '../protocol/options.ts';
import type { Cluster } from './cluster.ts';
import type { Clusters } from './clusters.ts';
import type { Connection } from './connection.ts';
import type { ClientId } from './events.ts';
import { judgeInit } from './init.ts';
import { initReply } from './replies.ts';
import type { Report } from './reports.ts';
import type { SecondConnections, Settled } from './second-connections.ts';
import type { Session } from './session.ts';
import type { ArbiterSettings } from './settings.ts';

/** The part of the arbiter that is needed here. */
export interface Door {
  readonly clusters: Clusters;
  readonly settings: ArbiterSettings;
  readonly nowMs: number;
  /** Undefined: a node that is there is never asked. */
  readonly seconds: SecondConnections | undefined;
  connectionOf(of: { readonly client: ClientId }): Connection;
  /** It has said something that nobody has looked at yet. */
  waits(client: ClientId): boolean;
  report(report: Report): void;
  send(to: ClientId, bytes: Uint8Array, blame: ClientId): void;
  /** The session's heartbeat counts from `heardAtMs`. */
  watch(session: Session, heardAtMs: number): void;
  close(client: ClientId, reason: string): void;
}

/** `mayAsk`: it has not waited yet. */
export function onInit(door: Door, connection: Connection, options: OptionValues, mayAsk = true): void {
  const { clusters, settings, nowMs } = door;
  const { session } = connection;
  const { client } = session;
  const name = session.cluster ?? session.clusterName;
  const cluster = name === undefined ? undefined : clusters.get(name);
  const { code, heartbeatMs, member } = judgeInit(session, options, cluster, settings);
  if (heartbeatMs !== undefined && session.cluster === undefined) {
    connection.session = { ...session, heartbeatMs };
    door.watch(connection.session, nowMs);
  }
  if (member !== undefined && name !== undefined) {
    clusters.join(name, member, nowMs);
    connection.session = { ...connection.session, cluster: name };
    const { nodeId, algorithm } = member;
    door.report({ what: 'joined', client, cluster: name, nodeId, algorithm, heartbeatMs: member.heartbeatMs });
  } else {
    if (code === 'duplicateNodeId' && mayAsk && askFirst(door, session, cluster, options)) return;
    door.report({ what: 'refused', client, cluster: name, code, message: 'init' });
  }
  door.send(client, initReply(code, options, settings), client);
}

/** True: the first connection of that node is asked, and the answer to the second has to wait. */
function askFirst(door: Door, second: Session, cluster: Cluster | undefined, init: OptionValues): boolean {
  const member = cluster?.members.find(({ nodeId }) => nodeId === init.nodeId);
  if (cluster === undefined || member === undefined || member.client === second.client) return false;
  const first = door.connectionOf(member).session;
  const question = door.seconds?.ask(first, member, second, init, door.nowMs);
  if (question === undefined) return false;
  const { nodeId } = member;
  door.report({ what: 'firstAsked', client: second.client, cluster: cluster.name, nodeId, firstPeer: first.address });
  door.send(member.client, question, member.client);
  return true;
}

/** The first connection has answered, or is gone. */
export function onSettled(door: Door, second: Connection, { init, isAnswered }: Settled): void {
  const { client, clusterName } = second.session;
  if (isAnswered) door.report({ what: 'firstAnswered', client, cluster: clusterName, nodeId: init.nodeId });
  onInit(door, second, init, false);
}

/** First connections that were asked and have not answered in time. */
export function closeSilent(door: Door): void {
  for (const client of door.seconds?.takeSilent(door.nowMs, (client) => door.waits(client)) ?? []) {
    const { session, heardAtMs } = door.connectionOf({ client });
    const { cluster } = session;
    const member = cluster === undefined ? undefined : door.clusters.memberOf(cluster, client);
    assert(member !== undefined, 'members are asked');
    const silentMs = door.nowMs - heardAtMs;
    door.report({ what: 'firstSilent', client, cluster, nodeId: member.nodeId, silentMs });
    door.close(client, 'its node has come back on another connection');
  }
}
