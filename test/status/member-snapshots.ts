/** Snapshots of a node for tests: node 1 of two, accepted by its arbiter and holding its vote; to be varied. */
import { ffsplit } from '../../src/member/algorithms/ffsplit.ts';
import { Member } from '../../src/member/member.ts';
import { DEFAULT_LIMITS, derivedTimes, type MemberSettings } from '../../src/member/settings.ts';
import type { MemberSnapshot } from '../../src/member/snapshot.ts';
import type { QdeviceFacts } from '../../src/status/qdevice-facts.ts';

export const FACTS: QdeviceFacts = { registered: true, masterWins: false, configurationProblem: undefined };

export function memberSettings(changes: Partial<MemberSettings> = {}): MemberSettings {
  return {
    nodeId: 1,
    clusterName: 'lab',
    host: '127.0.0.1',
    port: 5_999,
    forceIpVersion: 0,
    tls: 'off',
    algorithm: 'ffsplit',
    tieBreaker: { mode: 'lowest' },
    voteSafety: 'strict',
    keepActivePartition: true,
    timeoutMs: 10_000,
    syncTimeoutMs: 30_000,
    ...derivedTimes(10_000),
    connectTimeoutMs: 8_000,
    heuristics: { mode: 'off', intervalMs: 30_000, timeoutMs: 5_000, syncTimeoutMs: 15_000, commands: [] },
    nodes: [
      { nodeId: 1, dataCenterId: 0 },
      { nodeId: 2, dataCenterId: 0 },
    ],
    configVersion: 7n,
    limits: DEFAULT_LIMITS,
    ...changes,
  };
}

export function memberSnapshot(
  changes: Partial<MemberSnapshot> = {},
  settings: Partial<MemberSettings> = {},
): MemberSnapshot {
  return {
    settings: memberSettings(settings),
    ringId: { nodeId: 1, seq: 15n },
    memberIds: [1],
    quorate: true,
    quorumNodes: [{ nodeId: 1, state: 'member' }],
    expectedVotes: 2,
    vote: 'ack',
    voteCause: 'arbiter',
    voteTimerRunning: true,
    paused: false,
    link: 'ready',
    lastEnd: undefined,
    lastCast: { cast: true, agoMs: 4_000 },
    heuristics: { latest: 'undefined', membership: 'undefined', connect: 'undefined', regular: 'undefined' },
    tlsActive: false,
    certificateSent: false,
    readyForMs: 4_000,
    lastEchoAgoMs: undefined,
    arbiterSupportsKeepActivePartition: true,
    ...changes,
  };
}

/** What the core itself says before anything has happened. */
export function firstSnapshot(): MemberSnapshot {
  return new Member(memberSettings(), ffsplit).snapshot(0);
}
