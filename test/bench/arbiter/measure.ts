/** One arbiter under one crowd, from its start to its end: every figure of a row of the benchmark. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Counts, Crowd } from './crowd.ts';
import { freePort, type Kind, Program } from './program.ts';

export interface Row {
  readonly clusters: number;
  readonly clusterSize: number;
  /** Between two heartbeats of a node. */
  readonly heartbeatMs: number;
}

export interface Effort {
  readonly warmUpSeconds: number;
  readonly heartbeatSeconds: number;
  readonly splits: number;
}

export interface Figures {
  readonly startMs: number;
  readonly idleMb: number;
  readonly connectionCpuMs: number;
  readonly clientKb: number;
  readonly heartbeatCpuUs: number;
  readonly heartbeatCorePercent: number;
  readonly splitMs: readonly number[];
  /** Infinite if not everybody was back after a minute. */
  readonly stormMs: number;
  readonly stormCpuMs: number;
  readonly stormRetries: number;
}

export interface Setting {
  readonly switches: Readonly<Record<Kind, readonly string[]>>;
  readonly identity: { readonly cert: string; readonly key: string };
  /** For Node.js, before the program: a profiler's. */
  readonly nodeArgs: readonly string[];
}

const NO_VOTES = { splitMs: [], stormMs: Number.NaN, stormCpuMs: Number.NaN, stormRetries: Number.NaN };

/** Long enough that nobody is taken for dead while the crowd is busy with something else. */
const QUIET_HEARTBEAT_MS = 120_000;
/** Below upstream's backlog of 10. */
const PARALLEL_CONNECTS = 8;
const SETTLE_MS = 1_000;
/** An arbiter runs for months: what Node.js takes to compile what is called often belongs to its first minute. */
const WARM_UP_BEATS_PER_SECOND = 1_500;
/** A server that needs longer than nodes wait turns the same nodes away again and again, and may never be through. */
const STORM_MS_MAX = 60_000;

export async function measure(kind: Kind, row: Row, effort: Effort, setting: Setting): Promise<Figures> {
  const port = await freePort();
  // No row is to find who held the vote in the one before.
  const recordDir = await mkdtemp(path.join(os.tmpdir(), 'qnetd-bench-votes-'));
  const mine = { ours: ['-S', `vote_record_dir=${recordDir}`], debian: [], floor: [] }[kind];
  const start = () => Program.start(kind, [...setting.switches[kind], ...mine], port, setting.nodeArgs);
  const crowd = await Crowd.of(row.clusters, row.clusterSize, setting.identity);
  let program = await start();
  try {
    const { startMs } = program;
    await pause(SETTLE_MS);
    const idleKb = program.residentKb();
    const connect = { kind: 'connect', port, heartbeatMs: QUIET_HEARTBEAT_MS, parallel: PARALLEL_CONNECTS } as const;
    const connectionCpuMs = (await cpuOf(program, () => crowd.took(connect))) / crowd.size;
    let ringSeq = 8;
    const isArbiter = kind !== 'floor';
    if (isArbiter) await crowd.took({ kind: 'introduce', ringSeq });

    const warmUpMs = Math.min(row.heartbeatMs, (crowd.size / WARM_UP_BEATS_PER_SECOND) * 1_000);
    await crowd.tell({ kind: 'beat', everyMs: warmUpMs, isAnnounced: false });
    await pause(effort.warmUpSeconds * 1_000);
    await crowd.tell({ kind: 'beat', everyMs: row.heartbeatMs, isAnnounced: isArbiter });
    await pause(SETTLE_MS);
    const before = await crowd.counts();
    const heartbeatCpuMs = await cpuOf(program, () => pause(effort.heartbeatSeconds * 1_000));
    const beats = (await crowd.counts()).echoes - before.echoes;
    const figures = {
      startMs,
      idleMb: idleKb / 1_024,
      connectionCpuMs,
      heartbeatCpuUs: (heartbeatCpuMs * 1_000) / beats,
      heartbeatCorePercent: heartbeatCpuMs / effort.heartbeatSeconds / 10,
      clientKb: (program.residentKb() - idleKb) / crowd.size,
    };
    if (!isArbiter) return { ...figures, ...NO_VOTES };
    await crowd.tell({ kind: 'rest', heartbeatMs: QUIET_HEARTBEAT_MS });

    const splitMs: number[] = [];
    for (let split = 0; split < effort.splits; split += 1) {
      await pause(SETTLE_MS / 4);
      splitMs.push(...(await crowd.took({ kind: 'split', ringSeq: ++ringSeq })));
      await crowd.took({ kind: 'heal', ringSeq: ++ringSeq });
    }
    await wellCounts(crowd);

    await crowd.tell({ kind: 'drop' });
    await program.stop('SIGTERM');
    program = await start();
    let stormMs = 0;
    const stormCpuMs = await cpuOf(program, async () => {
      stormMs = await crowd.storm({ ...connect, ringSeq: ++ringSeq }, STORM_MS_MAX);
    });
    const { retries: stormRetries } = Number.isFinite(stormMs) ? await wellCounts(crowd) : await crowd.counts();
    return {
      ...figures,
      splitMs: splitMs.sort((a, b) => a - b),
      stormMs,
      stormCpuMs: stormCpuMs / crowd.size,
      stormRetries,
    };
  } finally {
    crowd.stop();
    await program.stop('SIGTERM');
    await rm(recordDir, { recursive: true, force: true });
  }
}

async function cpuOf(program: Program, work: () => Promise<unknown>): Promise<number> {
  const beforeMs = program.cpuMs();
  await work();
  return program.cpuMs() - beforeMs;
}

async function wellCounts(crowd: Crowd): Promise<Counts> {
  const counts = await crowd.counts();
  const { failures, lastProblem } = counts;
  if (failures > 0) throw new Error(`${failures} connections failed, the last one because ${lastProblem}`);
  return counts;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
