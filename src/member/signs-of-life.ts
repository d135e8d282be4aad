/** When the arbiter is asked whether it is there, when it counts as gone, and which votes may be cast on its word. */

import type { Heartbeat } from './heartbeat.ts';
import type { Member } from './member.ts';

export function watchHeartbeat(member: Member, heartbeat: Heartbeat): void {
  const { nowMs, settings, algorithm } = member;
  if (heartbeat.isSilent(nowMs)) {
    leaveSilence(member);
    return;
  }
  if (!heartbeat.isDue(nowMs)) return;
  if (heartbeat.answered) {
    askForSign(member, heartbeat);
    return;
  }
  heartbeat.onSkipped(nowMs);
  if (settings.voteSafety === 'strict') return;
  if (algorithm.onEchoMissing(member.standing) === 'disconnect') leaveSilence(member);
}

export function askForSign(member: Member, heartbeat: Heartbeat): void {
  heartbeat.onSent(member.nowMs);
  member.send(member.conversation.echo());
}

export function mayGrant({ settings, isReady, link }: Member, nowMs: number): boolean {
  if (settings.voteSafety === 'upstream') return true;
  return isReady && link?.heartbeat?.isFresh(nowMs) === true;
}

function leaveSilence(member: Member): void {
  member.disconnect('echoMissing', `within ${member.settings.heartbeatMs} ms`);
}
