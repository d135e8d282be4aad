/** Pictures of a cluster of two that a measurement begins and ends with. */
import type { Cluster } from './cluster.ts';
import { until } from './wait.ts';

const DEADLINE_MS = 40_000;
const HOLD_MS = 1200;

const TOGETHER = 'quorate with 3 1:A,V,NMW 2:A,V,NMW [Quorate Qdevice]';
export const HEALTHY = [TOGETHER, TOGETHER];
export const FIRST_HOLDS = ['quorate with 2 1:A,V,NMW [Quorate Qdevice]', 'blocked with 1 2:A,NV,NMW [Qdevice]'];
export const SECOND_HOLDS = ['blocked with 1 1:A,NV,NMW [Qdevice]', 'quorate with 2 2:A,V,NMW [Quorate Qdevice]'];

const MERGED = 'quorate with 2 1:- 2:- [Quorate]';

/**
 * Both corosyncs first, then the daemons: corosync 3.1.7 can end itself when a device registers while it still merges, and
 * Debian's daemon registers at once.
 */
export async function startInTurn(cluster: Cluster): Promise<void> {
  await Promise.all(cluster.nodeIds.map((node) => cluster.startCorosync(node)));
  await settled(cluster, [MERGED, MERGED]);
  await Promise.all(cluster.nodeIds.map((node) => cluster.startQdevice(node)));
  await settled(cluster, HEALTHY);
}

/** Waits until the nodes show one of the pictures, a line a node, and go on showing it. */
export async function settled(cluster: Cluster, ...pictures: readonly (readonly string[])[]): Promise<void> {
  const sinceMs = Date.now();
  const complaint = (): string | undefined => {
    const seen = cluster.nodeIds.map((node) => cluster.watch.line(node, sinceMs));
    const fits = pictures.some((lines) => seen.every((line, index) => line === lines[index]));
    return fits ? undefined : seen.join('; ');
  };
  await until(`${cluster.name} shows ${pictures[0]?.join('; ')}`, complaint, {
    deadlineMs: DEADLINE_MS,
    holdMs: HOLD_MS,
  });
}
