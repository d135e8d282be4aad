/** What a simulated cluster is: its size, its settings, and which program runs where. */
import type { ArbiterSettings } from '../../src/arbiter/settings.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { clusterKeys } from '../../src/corosync/twin/cluster-keys.ts';
import type { Keys } from '../../src/corosync/twin/key-table.ts';
import type { Chance } from '../../src/demo/random.ts';
import type { MemberAlgorithm } from '../../src/member/algorithms/algorithm.ts';
import { memberAlgorithm } from '../../src/member/algorithms/rules.ts';
import { DEFAULT_LIMITS, derivedTimes, type MemberSettings } from '../../src/member/settings.ts';
import type { DecisionAlgorithm } from '../../src/protocol/enums.ts';
import type { TieBreaker } from '../../src/protocol/values.ts';
import type { Safety } from './runs.ts';

export interface Shape {
  readonly nodeIds: readonly number[];
  /** Nodes that run upstream's daemon, as far as its timing goes. */
  readonly stock: readonly number[];
  readonly algorithm: DecisionAlgorithm;
  readonly timeoutMs: number;
  readonly syncTimeoutMs: number;
  readonly tieBreaker: TieBreaker;
  readonly keepActive: boolean;
  readonly heuristics: boolean;
  readonly tokenLossMs: number;
  /** How far a clock may be from the true rate. */
  readonly driftPerMille: number;
}

const FFSPLIT_MOSTLY: readonly DecisionAlgorithm[] = Array.from({ length: 8 }, () => 'ffsplit' as const);

export function drawShape(chance: Chance): Shape {
  const size = chance.oneOf([2, 2, 2, 3, 4, 4, 5, 6]);
  const nodeIds = Array.from({ length: size }, (_, index) => index + 1);
  const stock = chance.oneOf([[], nodeIds, nodeIds.filter(() => chance.below(2) === 0)]);
  const algorithm = chance.oneOf<DecisionAlgorithm>([
    ...FFSPLIT_MOSTLY,
    'lms',
    'lms',
    size === 2 ? 'twoNodeLms' : 'lms',
    'test',
  ]);
  return {
    nodeIds,
    stock,
    algorithm,
    timeoutMs: chance.oneOf([10_000, 10_000, 5_000, 3_000, 20_000]),
    syncTimeoutMs: 30_000,
    tieBreaker: chance.oneOf<TieBreaker>([{ mode: 'lowest' }, { mode: 'highest' }, { mode: 'nodeId', nodeId: 2 }]),
    keepActive: chance.below(2) === 0,
    heuristics: chance.below(3) === 0,
    tokenLossMs: chance.oneOf([2_200, 6_600]),
    driftPerMille: chance.oneOf([0, 0.1, 1]),
  };
}

export function arbiterSettings(voteSafety: Safety): ArbiterSettings {
  return { ...DEFAULT_ARBITER_SETTINGS, tls: 'unsupported', voteSafety };
}

export function memberSettings(shape: Shape, nodeId: number, configured: readonly number[]): MemberSettings {
  const { timeoutMs, syncTimeoutMs } = shape;
  const times = derivedTimes(timeoutMs);
  return {
    nodeId,
    clusterName: 'sim',
    host: '192.0.2.9',
    port: 5403,
    forceIpVersion: 0,
    tls: 'off',
    algorithm: shape.algorithm,
    tieBreaker: shape.tieBreaker,
    voteSafety: shape.stock.includes(nodeId) ? 'upstream' : 'strict',
    keepActivePartition: shape.keepActive,
    timeoutMs,
    syncTimeoutMs,
    ...times,
    connectTimeoutMs: times.heartbeatMs,
    heuristics: {
      mode: shape.heuristics ? 'on' : 'off',
      intervalMs: 3 * timeoutMs,
      timeoutMs: timeoutMs / 2,
      syncTimeoutMs: syncTimeoutMs / 2,
      commands: shape.heuristics ? [{ name: 'ping', line: '/bin/true' }] : [],
    },
    nodes: configured.map((each) => ({ nodeId: each, dataCenterId: 0 })),
    configVersion: 1n,
    limits: DEFAULT_LIMITS,
  };
}

export function keysOf(shape: Shape, nodeId: number, configured: readonly number[]): Keys {
  const quorum = {
    'device.model': 'net',
    // The others want as many as all nodes but one, which is what corosync computes without the key.
    ...(shape.algorithm === 'ffsplit' ? { 'device.votes': 1 } : {}),
    'device.timeout': shape.timeoutMs,
    'device.sync_timeout': shape.syncTimeoutMs,
  };
  return clusterKeys({ clusterName: 'sim', nodeIds: configured, quorum }, nodeId);
}

/** Upstream's daemon says nothing where ours withholds aloud. */
export function algorithmOf({ stock, algorithm }: Shape, nodeId: number): MemberAlgorithm {
  if (!stock.includes(nodeId)) return memberAlgorithm(algorithm, 'strict', false);
  return { ...memberAlgorithm(algorithm, 'upstream', false), onNoAnswer: () => undefined };
}

/** Longer than any wait that the rules allow, once nothing is broken: see `liveness` in the README. */
export const settledMs = ({ timeoutMs, syncTimeoutMs, tokenLossMs }: Shape): number =>
  tokenLossMs + syncTimeoutMs + 8 * timeoutMs;
