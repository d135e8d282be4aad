/**
 * A configuration that changed under the running daemon. What only concerns this node is taken over in place; what the
 * arbiter was told at INIT, or who the arbiter is, takes a new connection, and the vote is withheld in between.
 */

import type { Member } from './member.ts';
import type { MemberSettings } from './settings.ts';

/** Told at INIT or needed before it: nothing of these can change on a connection that stands. */
const OF_THE_CONNECTION = ['host', 'port', 'forceIpVersion', 'tls', 'clusterName', 'nodeId'] as const;

export function applySettings(member: Member, next: MemberSettings): void {
  const before = member.settings;
  member.settings = next;
  member.setCastInterval(next.castIntervalMs);
  if (differsForConnection(before, next)) {
    if (member.link !== undefined) member.disconnect('settingsChanged', '');
    return;
  }
  onHeuristicsSettings(member, before, next);
  if (member.link === undefined) {
    if (nodesDiffer(before, next)) member.withdrawUnlessReady();
    return;
  }
  onHeartbeat(member, before, next);
  if (!nodesDiffer(before, next)) return;
  if (member.isReady) member.send(member.conversation.configList(next, 'changedConfig'));
  else member.withdrawUnlessReady();
}

function differsForConnection(before: MemberSettings, next: MemberSettings): boolean {
  if (OF_THE_CONNECTION.some((key) => before[key] !== next[key])) return true;
  if (before.algorithm !== next.algorithm) return true;
  const [a, b] = [before.tieBreaker, next.tieBreaker];
  return a.mode !== b.mode || (a.mode === 'nodeId' && b.mode === 'nodeId' && a.nodeId !== b.nodeId);
}

/** Order and names do not matter, and a new version number alone is no news. */
export function nodesDiffer(before: MemberSettings, next: MemberSettings): boolean {
  const key = ({ nodes }: MemberSettings) =>
    nodes
      .map(({ nodeId, dataCenterId }) => `${nodeId}/${dataCenterId}`)
      .sort()
      .join();
  return key(before) !== key(next);
}

/** The arbiter judges silence by the interval it was told; it hears of a new one before the new rhythm starts. */
function onHeartbeat(member: Member, before: MemberSettings, next: MemberSettings): void {
  const { link } = member;
  const newHeartbeat = before.heartbeatMs !== next.heartbeatMs;
  if (link?.state !== 'ready') return;
  if (newHeartbeat || before.keepActivePartition !== next.keepActivePartition) {
    member.send(member.conversation.setOption(next.keepActivePartition, newHeartbeat ? next.heartbeatMs : undefined));
  }
  if (newHeartbeat && link.echo !== undefined) {
    link.echo.nextMs = Math.min(link.echo.nextMs, member.nowMs + next.heartbeatMs);
  }
}

/** Runs that are out ask the old commands: they start again with the new ones. */
function onHeuristicsSettings(member: Member, before: MemberSettings, next: MemberSettings): void {
  const key = ({ heuristics }: MemberSettings) => JSON.stringify(heuristics);
  if (key(before) === key(next)) return;
  for (const purpose of ['membership', 'connect', 'regular'] as const) {
    if (member.heuristics.isOut(purpose)) member.runHeuristics(purpose);
  }
  if (!member.heuristics.isOut('membership')) member.heuristics.scheduleRegular(next.heuristics, member.nowMs);
}
