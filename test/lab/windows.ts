/**
 * The known ways in which upstream's arbiter gives the vote away while its last holder still counts it (scenarios S13 and S18), and
 * the ordinary first failures that a cure must not slow down. Each is played to a small cluster and timed by quorumtool on the nodes of
 * both sides, and between two readings by the changes that corosync logs.
 */
import type { Arbiter } from './arbiter.ts';
import type { Cluster } from './cluster.ts';
import type { Network } from './faults.ts';
import type { Lab } from './lab.ts';
import { lateInHeartbeatAfterCast, rightAfterCast, rightAfterHeartbeat } from './moments.ts';
import { type Overlap, overlap } from './overlap.ts';
import { quorumChanges, withLoggedChanges } from './quorum-log.ts';
import type { Sample } from './safety.ts';
import { FIRST_HOLDS, HEALTHY, SECOND_HOLDS, settled } from './settled.ts';
import { until } from './wait.ts';

const HEARTBEAT_IN_TIMEOUTS = 0.8;
/** An arbiter that waits until a vote must have lapsed gives up on a silent node 2.6 timeouts after its last message; this leaves room. */
const OBSERVED_IN_TIMEOUTS = 4;
/** How long the outcome must stand until looking ends. */
const STEADY_MS = 2500;
const FAILOVER_DEADLINE_MS = 60_000;
const HALVES_HOLD_MS = 1000;

export interface Pair {
  readonly lab: Lab;
  readonly cluster: Cluster;
}

export interface Seen extends Overlap {
  /** From the fault until the other side was first seen quorate; undefined: not while it was looked at. */
  readonly takenOverMs: number | undefined;
  /** Both were still quorate at the end. */
  readonly unended: boolean;
  readonly observedMs: number;
}

interface Fault {
  /** Comes when the fault would do the most harm. */
  readonly moment: (pair: Pair) => Promise<void>;
  readonly begin: (pair: Pair) => Promise<unknown>;
  /** What an operator would do. */
  readonly end: (pair: Pair) => Promise<unknown>;
}

/** Both nodes are split and node 1 holds the vote when these begin. */
export const WINDOWS = {
  silent: {
    moment: ({ cluster, lab }) => rightAfterHeartbeat(cluster, 1, lab.arbiter.host),
    begin: ({ cluster, lab }) => lab.network.cut(cluster.host(1), lab.arbiter.host),
    end: ({ cluster, lab }) => lab.network.join(cluster.host(1), lab.arbiter.host),
  },
  killed: {
    moment: ({ cluster }) => rightAfterCast(cluster, 1),
    begin: ({ cluster }) => cluster.stopQdevice(1, 'SIGKILL'),
    end: ({ cluster }) => cluster.startQdevice(1),
  },
  frozen: {
    moment: ({ cluster, lab }) => lateInHeartbeatAfterCast(cluster, 1, lab.arbiter.host, heartbeatMs(cluster)),
    begin: async ({ cluster }) => cluster.freezeQdevice(1),
    end: async ({ cluster }) => cluster.thawQdevice(1),
  },
} as const satisfies Record<string, Fault>;

export type WindowName = keyof typeof WINDOWS;

export async function playWindow(pair: Pair, name: WindowName): Promise<Seen> {
  const { cluster, lab } = pair;
  const fault: Fault = WINDOWS[name];
  await lab.network.split(cluster, [[1], [2]]);
  await settled(cluster, FIRST_HOLDS);
  await fault.moment(pair);
  const seen = await observe(cluster, () => fault.begin(pair), OBSERVED_IN_TIMEOUTS * timeoutMs(cluster));
  await fault.end(pair);
  await settled(cluster, FIRST_HOLDS, SECOND_HOLDS);
  await lab.network.heal(cluster);
  await settled(cluster, HEALTHY);
  return seen;
}

/**
 * S18: four nodes under lms, split in halves, so the half of node 1 holds the vote. The device of node 2 stops in order, then nodes 3
 * and 4 lose each other for a moment. Now they are more than the clients of the other half, and ask.
 */
export async function playUntold({ cluster, lab }: Pair, observedMs: number): Promise<Seen> {
  const shows = async (what: string, complaint: (line: (node: number) => string) => boolean): Promise<unknown> => {
    const sinceMs = Date.now();
    const line = (node: number): string => cluster.watch.line(node, sinceMs);
    const wrong = (): string | undefined => (complaint(line) ? undefined : cluster.nodeIds.map(line).join('; '));
    return until(what, wrong, { deadlineMs: FAILOVER_DEADLINE_MS, holdMs: HALVES_HOLD_MS });
  };
  const isQuorate = (line: string): boolean => line.startsWith('quorate');
  await shows('all have the vote', (line) => cluster.nodeIds.every((node) => line(node).startsWith('quorate with 5')));
  await lab.network.split(cluster, [
    [1, 2],
    [3, 4],
  ]);
  await shows('1 and 2 have the vote', (line) =>
    [1, 2, 3, 4].every((node) => isQuorate(line(node)) === node < 3 && !line(node).includes(node < 3 ? '3:' : '1:')),
  );
  await cluster.stopQdevice(2, 'SIGTERM');
  await shows('node 2 has no device', (line) => line(1).includes('2:NR'));
  await lab.network.split(cluster, [[1, 2], [3], [4]]);
  await shows('3 and 4 are alone', (line) => !line(3).includes('4:') && !line(4).includes('3:'));
  const ask = (): Promise<void> =>
    lab.network.split(cluster, [
      [1, 2],
      [3, 4],
    ]);
  return observe(cluster, ask, observedMs, [1, 3]);
}

/** Looks at a node of each side from the fault until the second alone is quorate and stays so, or the time is over. */
async function observe(
  cluster: Cluster,
  begin: () => Promise<unknown>,
  deadlineMs: number,
  [holder, other]: readonly [number, number] = [1, 2],
): Promise<Seen> {
  cluster.watch.take();
  const beganMs = Date.now();
  await begin();
  const samples: Sample[] = [];
  const handedOver = (): string | undefined => {
    samples.push(...cluster.watch.take().filter((sample) => !samples.includes(sample)));
    const [one, two] = [holder, other].map((node) => cluster.watch.newest(node, beganMs)?.reading?.quorate);
    return one === false && two === true ? undefined : `quorate: ${one}, ${two}`;
  };
  const unended = await until(`node ${other} alone is quorate`, handedOver, { deadlineMs, holdMs: STEADY_MS }).then(
    () => false,
    () => [holder, other].every((node) => cluster.watch.newest(node, beganMs)?.reading?.quorate === true),
  );
  const of = (node: number): Sample[] => {
    const log = cluster.host(node).read(cluster.host(node).logPath('corosync-log')).toString('utf8');
    return withLoggedChanges(
      samples.filter((sample) => sample.nodeId === node),
      quorumChanges(log, beganMs),
    );
  };
  const takenOver = of(other).find(({ beganMs: ms, reading }) => ms > beganMs && reading?.quorate === true);
  return {
    ...overlap(of(holder), of(other)),
    takenOverMs: takenOver === undefined ? undefined : takenOver.endedMs - beganMs,
    unended,
    observedMs: Date.now() - beganMs,
  };
}

/** First failures of a healthy cluster: from the fault until a node is quorate in a membership without the other. */
export const FAILURES = {
  /** The nodes lose each other, both reach the arbiter: node 1 goes on. */
  link: {
    survivor: 1,
    moment: async () => undefined,
    begin: ({ cluster, lab }) => lab.network.split(cluster, [[1], [2]]),
    end: ({ cluster, lab }) => lab.network.heal(cluster),
  },
  /** Node 1 ends and its kernel closes what it had open. */
  crash: {
    survivor: 2,
    moment: async () => undefined,
    begin: ({ cluster }) => cluster.host(1).crash(),
    end: ({ cluster }) => cluster.startNode(1),
  },
  /** Node 1 loses power: nobody closes anything, so the arbiter has to run out of patience. */
  power: {
    survivor: 2,
    moment: ({ cluster, lab }) => rightAfterHeartbeat(cluster, 1, lab.arbiter.host),
    begin: ({ cluster, lab }) => unplug(cluster, lab.network, lab.arbiter),
    end: async ({ cluster, lab }) => {
      await cluster.host(1).crash();
      await lab.network.join(cluster.host(1), lab.arbiter.host);
      await lab.network.heal(cluster);
      await cluster.startNode(1);
    },
  },
} as const satisfies Record<string, Fault & { survivor: number }>;

export type FailureName = keyof typeof FAILURES;

/** Milliseconds, as quorumtool on the survivor saw it. */
export async function playFailure(pair: Pair, name: FailureName): Promise<number> {
  const { cluster } = pair;
  const failure: Fault & { survivor: number } = FAILURES[name];
  await failure.moment(pair);
  const beganMs = Date.now();
  await failure.begin(pair);
  let tookMs = 0;
  const goesOn = (): string | undefined => {
    const sample = cluster.watch.newest(failure.survivor, beganMs);
    tookMs = (sample?.endedMs ?? 0) - beganMs;
    const { reading } = sample ?? {};
    return reading?.quorate === true && reading.members.length === 1 ? undefined : 'not quorate alone';
  };
  await until(`node ${failure.survivor} goes on alone`, goesOn, { deadlineMs: FAILOVER_DEADLINE_MS });
  await failure.end(pair);
  await settled(cluster, HEALTHY);
  return tookMs;
}

async function unplug(cluster: Cluster, network: Network, arbiter: Arbiter): Promise<void> {
  await Promise.all([network.cut(cluster.host(1), arbiter.host), network.split(cluster, [[1], [2]])]);
}

function timeoutMs(cluster: Cluster): number {
  const { deviceTimeoutMs } = cluster.settings;
  if (deviceTimeoutMs === undefined) throw new Error('a measurement states its device timeout');
  return deviceTimeoutMs;
}

function heartbeatMs(cluster: Cluster): number {
  return HEARTBEAT_IN_TIMEOUTS * timeoutMs(cluster);
}
