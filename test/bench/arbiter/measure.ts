/** One arbiter under one crowd, from its start to its end: every figure of a row of the benchmark. */
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

/** Long enough that nobody is taken for dead while the crowd is busy with something else. */
const QUIET_HEARTBEAT_MS = 120_000;
/** Below upstream's backlog of 10. */
const PARALLEL_CONNECTS = 8;
const SETTLE_MS = 1_000;
/** A server that needs longer than nodes wait turns the same nodes away again and again, and may never be through. */
const STORM_MS_MAX = 60_000;

export async function measure(kind: Kind, row: Row, effort: Effort, setting: Setting): Promise<Figures> {
  const port = await freePort();
  const crowd = await Crowd.of(row.clusters, row.clusterSize, setting.identity);
  let program = await Program.start(kind, setting.switches[kind], port, setting.nodeArgs);
  try {
    const { startMs } = program;
    await pause(SETTLE_MS);
    const idleKb = program.residentKb();
    const connect = { kind: 'connect', port, heartbeatMs: QUIET_HEARTBEAT_MS, parallel: PARALLEL_CONNECTS } as const;
    const connectionCpuMs = (await cpuOf(program, () => crowd.took(connect))) / crowd.size;
    let ringSeq = 8;
    await crowd.took({ kind: 'introduce', ringSeq });

    await crowd.tell({ kind: 'beat', everyMs: row.heartbeatMs });
    await pause(SETTLE_MS);
    const before = await crowd.counts();
    const heartbeatCpuMs = await cpuOf(program, () => pause(effort.heartbeatSeconds * 1_000));
    const beats = (await crowd.counts()).echoes - before.echoes;
    await crowd.tell({ kind: 'rest', heartbeatMs: QUIET_HEARTBEAT_MS });
    const clientKb = (program.residentKb() - idleKb) / crowd.size;

    const splitMs: number[] = [];
    for (let split = 0; split < effort.splits; split += 1) {
      await pause(SETTLE_MS / 4);
      splitMs.push(...(await crowd.took({ kind: 'split', ringSeq: ++ringSeq })));
      await crowd.took({ kind: 'heal', ringSeq: ++ringSeq });
    }
    await wellCounts(crowd);

    await crowd.tell({ kind: 'drop' });
    await program.stop('SIGTERM');
    program = await Program.start(kind, setting.switches[kind], port, setting.nodeArgs);
    let stormMs = 0;
    const stormCpuMs = await cpuOf(program, async () => {
      stormMs = await crowd.storm({ ...connect, ringSeq: ++ringSeq }, STORM_MS_MAX);
    });
    const { retries: stormRetries } = Number.isFinite(stormMs) ? await wellCounts(crowd) : await crowd.counts();
    return {
      startMs,
      idleMb: idleKb / 1_024,
      connectionCpuMs,
      clientKb,
      heartbeatCpuUs: (heartbeatCpuMs * 1_000) / beats,
      heartbeatCorePercent: heartbeatCpuMs / effort.heartbeatSeconds / 10,
      splitMs: splitMs.sort((a, b) => a - b),
      stormMs,
      stormCpuMs: stormCpuMs / crowd.size,
      stormRetries,
    };
  } finally {
    crowd.stop();
    await program.stop('SIGTERM');
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
