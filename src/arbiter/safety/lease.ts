/**
 * How long a node that is gone may still be casting its vote: the only thing that tells, once it cannot be asked.
 *
 * A stock node announces hb = 0.8 T (T: quorum.device.timeout), so T = 1.25 hb, rounded up; corosync forgets a cast T
 * after the last one. An echo that is not answered by the time the next is due ends the connection 2 hb after the last
 * answered one was sent, and that one we have heard. In between the daemon casts every T/2, and may be killed or frozen
 * right after doing so. Hence, with the last message heard at L and, if the peer sent a FIN, its end at E:
 *
 *   silent link, alive         L + 2 hb          corosync-qdevice 3.0.3: measured 16.1 s of 16 (T = 10 s, hb = 8 s)
 *   killed or frozen           L + hb + T        measured 9.1 s after the kill, 9.6 s after the freeze
 *   silent, then killed        L + 2 hb + T      the bound of every end that we do not know better: 26 s
 *   closed by its own kernel   E + T             no process is left to cast: 10 s
 *
 * Only ffsplit withdraws its vote when the connection ends: under 2nodelms and test a stock node goes on casting, under
 * lms it does with wait_for_all, which is not announced. There no time is long enough, and the node has to come back.
 * Our own node says its bound in INIT, for whatever may happen to it under any algorithm.
 */

import type { Member } from '../cluster.ts';

/** How a connection ended. `finished`: the peer's FIN was read; all else may be the network or we ourselves. */
export type Ending = 'finished' | 'broken';

/** A longer heartbeat than this is cut to it by stock nodes, and then no longer tells T. */
const HEARTBEAT_MS_CUT = 120_000;
/** The longest T with which a stock node runs at all. */
const DEVICE_TIMEOUT_MS_MAX = 36_000_000;
const OWN_BOUND_MS_MIN = 1_000;
const MARGIN_MS_MIN = 500;

type Announced = Pick<Member, 'heartbeatMs' | 'castBoundMs' | 'algorithm'>;

/** From the last message heard until the vote counts nowhere, whatever happened; Infinity: no time tells. */
export function leaseMs(member: Announced): number {
  const { heartbeatMs, algorithm } = member;
  const own = ownBoundMs(member);
  if (own !== undefined) return own + marginMs(heartbeatMs);
  if (algorithm !== 'ffsplit') return Number.POSITIVE_INFINITY;
  return 2 * heartbeatMs + deviceTimeoutMs(heartbeatMs) + marginMs(heartbeatMs);
}

/** When a node that has just gone counts its vote no more. */
export function freeAtMs(member: Announced, ending: Ending, heardAtMs: number, nowMs: number): number {
  const { heartbeatMs, algorithm } = member;
  if (ending === 'broken' || algorithm !== 'ffsplit' || ownBoundMs(member) !== undefined) {
    return heardAtMs + leaseMs(member);
  }
  return nowMs + deviceTimeoutMs(heartbeatMs) + marginMs(heartbeatMs);
}

/** Timers that are late, clocks that differ, and a message that was under way. */
function marginMs(heartbeatMs: number): number {
  return Math.max(MARGIN_MS_MIN, Math.ceil(heartbeatMs / 8));
}

function deviceTimeoutMs(heartbeatMs: number): number {
  return heartbeatMs >= HEARTBEAT_MS_CUT ? DEVICE_TIMEOUT_MS_MAX : Math.ceil(1.25 * (heartbeatMs + 1));
}

/** A number that cannot be meant is none: the node is judged as a stock one. */
function ownBoundMs({ castBoundMs }: Announced): number | undefined {
  if (castBoundMs === undefined || castBoundMs < OWN_BOUND_MS_MIN || castBoundMs > DEVICE_TIMEOUT_MS_MAX) {
    return undefined;
  }
  return castBoundMs;
}
