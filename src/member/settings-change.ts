/**
 * A configuration that changed under the running daemon. What only concerns this node is taken over in place; what the
 * arbiter was told at INIT, or who the arbiter is, takes a new connection, and the vote is withheld in between.
 */

import { castBoundMs } from './heartbeat.ts';
import type { Link } from './link.ts';
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
  if (member.isReady) tellOptions(member, member.link, false);
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

/**
 * The arbiter judges silence by the interval it was told, and waits for a vote that is gone as long as it was told; it
 * hears of new times before they are used.
 */
export function tellOptions(member: Member, link: Link, always: boolean): void {
  const { settings } = member;
  const told = link.told ?? settings;
  const boundMs = castBoundMs(settings);
  const times = {
    ...(told.heartbeatMs === settings.heartbeatMs ? {} : { heartbeatMs: settings.heartbeatMs }),
    ...(boundMs === undefined || boundMs === castBoundMs(told) ? {} : { castBoundMs: boundMs }),
  };
  const isNews = Object.keys(times).length > 0 || told.keepActivePartition !== settings.keepActivePartition;
  if (always || isNews) member.send(member.conversation.setOption(settings.keepActivePartition, times));
  link.heartbeat?.adopt(told, settings, member.nowMs);
  link.told = settings;
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
