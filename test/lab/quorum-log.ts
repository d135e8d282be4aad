/**
 * When a node gained or lost quorum, from corosync's own log: to a few milliseconds, where readings of quorumtool are a tenth of a second
 * apart. The log has the machine's clock, which all hosts of a lab share.
 */
import type { Sample } from './safety.ts';

export interface QuorumChange {
  readonly atMs: number;
  readonly quorate: boolean;
}

/** The clock of the log moves in steps of a kernel tick. */
const CLOCK_STEP_MS = 4;
const GAINED = 'This node is within the primary component and will provide service.';
const LOST = 'This node is within the non-primary component and will NOT provide any services.';

/** The changes since then. `timestamp: hires` has no year. */
export function quorumChanges(log: string, sinceMs: number): QuorumChange[] {
  const year = new Date(sinceMs).getFullYear();
  return log.split('\n').flatMap((line) => {
    const [, day = '', time = ''] = /^(\w+ +\d+) (\d+:\d+:\d+\.\d+) /.exec(line) ?? [];
    const quorate = line.endsWith(GAINED);
    const atMs = Date.parse(`${day} ${year} ${time}`);
    return (quorate || line.endsWith(LOST)) && atMs >= sinceMs ? [{ atMs, quorate }] : [];
  });
}

/** Each change stands as two readings, one before and one behind it; readings that were taken across it tell nothing. */
export function withLoggedChanges(samples: readonly Sample[], changes: readonly QuorumChange[]): Sample[] {
  const [first] = samples;
  if (first === undefined) return [];
  const isAcross = ({ beganMs, endedMs }: Sample): boolean =>
    changes.some(({ atMs }) => beganMs < atMs + CLOCK_STEP_MS && endedMs > atMs - CLOCK_STEP_MS);
  const logged = changes.flatMap(({ atMs, quorate }) => [
    loggedSample(first.nodeId, atMs - CLOCK_STEP_MS, !quorate),
    loggedSample(first.nodeId, atMs, quorate),
  ]);
  return [...samples.filter((sample) => !isAcross(sample)), ...logged].sort((a, b) => a.beganMs - b.beganMs);
}

/** No more is known than whether it was quorate. */
function loggedSample(nodeId: number, beganMs: number, quorate: boolean): Sample {
  const reading = { nodeId, quorate, ringId: '', totalVotes: 0, expectedVotes: 0, flags: [], members: [] };
  return { nodeId, beganMs, endedMs: beganMs + CLOCK_STEP_MS, reading };
}
