/** How long a vote takes until the quorum it changes is heard of, and how long the request itself takes. */
import type { Corosync, CorosyncListener } from '../../src/corosync/port.ts';
import type { RingId } from '../../src/protocol/values.ts';

export interface Latency {
  readonly pollMs: readonly number[];
  readonly untilQuorumMs: readonly number[];
}

/** For a node alone, whose device decides between quorate and not. */
export async function measureLatency(corosync: Corosync, rounds: number): Promise<Latency> {
  const pollMs: number[] = [];
  const untilQuorumMs: number[] = [];
  let ringId: RingId | undefined;
  let onQuorum: ((quorate: boolean) => void) | undefined;
  const listener: CorosyncListener = {
    onNodeList: (id) => {
      ringId = id;
    },
    onQuorum: (quorate) => onQuorum?.(quorate),
    onExpectedVotes: () => undefined,
    onKeysChanged: () => undefined,
    onLost: () => undefined,
  };
  const first = new Promise<void>((resolve) => {
    onQuorum = () => resolve();
  });
  corosync.track(listener);
  await first;
  for (let round = 0; round < rounds; round += 1) {
    const cast = round % 2 === 0;
    if (ringId === undefined) throw new Error('no ring');
    const heard = new Promise<void>((resolve) => {
      onQuorum = (quorate) => quorate === cast && resolve();
    });
    const beganMs = performance.now();
    corosync.castVote(ringId, cast);
    pollMs.push(performance.now() - beganMs);
    await heard;
    untilQuorumMs.push(performance.now() - beganMs);
  }
  return { pollMs, untilQuorumMs };
}
