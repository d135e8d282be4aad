/**
 * The worst moments for a fault. How long two sides stay quorate hangs on how long ago the holder of the vote last spoke to the arbiter
 * and last cast into corosync, so a measurement waits for the moment that makes it longest, and takes the next best when it does
 * not come in time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { Host } from './host.ts';
import { until } from './wait.ts';

/** A whole cycle of heartbeats (0.8 of the timeout) against casts (0.5 of it) is four timeouts long; this is more. */
const WAIT_IN_TIMEOUTS = 5;
const FRESH_MS = 150;
/** Casts are told to the second. */
const CAST_FRESH_MS = 1300;
const LATE = 0.85;
const QUIET_POLL_MS = 100;

/** A heartbeat has just been answered: arbiter and node have as long as ever until they miss the next one. */
export async function rightAfterHeartbeat(cluster: Cluster, node: number, arbiter: Host): Promise<void> {
  await attempt(cluster, 'an answered heartbeat', async () => {
    const { receivedAgoMs } = await lastTraffic(cluster.host(node), arbiter);
    return receivedAgoMs < FRESH_MS ? undefined : `heard ${receivedAgoMs} ms ago`;
  });
}

/** A vote has just been cast: corosync believes in it for a whole timeout. */
export async function rightAfterCast(cluster: Cluster, node: number): Promise<void> {
  const before = await lastCast(cluster, node);
  await attempt(cluster, 'a cast vote', async () =>
    (await lastCast(cluster, node)) === before ? `cast at ${before}` : undefined,
  );
}

/** The next heartbeat is nearly due, so the arbiter is soon out of patience, and a vote has been cast a moment ago. */
export async function lateInHeartbeatAfterCast(
  cluster: Cluster,
  node: number,
  arbiter: Host,
  heartbeatMsMax: number,
): Promise<void> {
  const periodMs = await longestQuiet(cluster.host(node), arbiter, heartbeatMsMax);
  let cast = await lastCast(cluster, node);
  let castMs = -Infinity;
  await attempt(cluster, 'the end of a heartbeat right after a cast vote', async () => {
    const [traffic, newest] = await Promise.all([lastTraffic(cluster.host(node), arbiter), lastCast(cluster, node)]);
    if (newest !== cast) castMs = performance.now();
    cast = newest;
    const isLate = traffic.sentAgoMs > LATE * periodMs;
    const isFresh = performance.now() - castMs < CAST_FRESH_MS;
    return isLate && isFresh ? undefined : `spoke ${traffic.sentAgoMs} ms ago, cast ${cast}`;
  });
}

/** Programs differ in how often they speak: the longest silence within what none exceeds. */
async function longestQuiet(node: Host, arbiter: Host, heartbeatMsMax: number): Promise<number> {
  let longestMs = 0;
  const untilMs = performance.now() + heartbeatMsMax;
  while (performance.now() < untilMs) {
    longestMs = Math.max(longestMs, (await lastTraffic(node, arbiter)).sentAgoMs);
    await pause(QUIET_POLL_MS);
  }
  return longestMs;
}

async function attempt(cluster: Cluster, goal: string, complaint: () => Promise<string | undefined>): Promise<void> {
  const deadlineMs = WAIT_IN_TIMEOUTS * (cluster.settings.deviceTimeoutMs ?? 0);
  await until(goal, complaint, { deadlineMs }).catch((error: unknown) => {
    console.error(`${cluster.name}: the worst moment did not come: ${String(error).split('\n')[0]}`);
  });
}

/** Milliseconds since the node's connection to the arbiter carried something in either direction, from the kernel's books. */
async function lastTraffic(node: Host, arbiter: Host): Promise<{ sentAgoMs: number; receivedAgoMs: number }> {
  const text = await node.exec('ss', '-tinH', 'dst', arbiter.address);
  const field = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(text)?.[1] ?? Number.NaN);
  return { sentAgoMs: field('lastsnd'), receivedAgoMs: field('lastrcv') };
}

async function lastCast(cluster: Cluster, node: number): Promise<string> {
  const { stdout } = await cluster.qdeviceTool(node, '-s', '-v');
  return /^Last poll call:\s+(.*)$/m.exec(stdout)?.[1] ?? 'never';
}
