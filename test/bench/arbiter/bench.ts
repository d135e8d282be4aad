/**
 * The benchmark: rows of growing crowds, each put before Debian's arbiter and ours in turns within one run, so that
 * whatever else this machine does meets both. Absolute figures are this machine's; the ratios are what is promised.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeAuthority } from '../../interop/tls-nodes.ts';
import { type Effort, type Figures, measure, type Row, type Setting } from './measure.ts';
import { costPlot } from './plot.ts';
import type { Kind } from './program.ts';
import { isEveryTargetMet, type Result, table } from './table.ts';

export interface Wishes {
  readonly isQuick: boolean;
  /** Names of rows. */
  readonly only: readonly string[] | undefined;
  readonly plotFile: string | undefined;
  readonly oursAlone: boolean;
  /** Also what Node.js's TLS takes with nothing behind it. */
  readonly withFloor: boolean;
  /** Of our arbiter. */
  readonly voteSafety: string;
  /** Where Node.js puts a CPU profile of each of our processes. */
  readonly profileDir: string | undefined;
}

interface BenchRow extends Row {
  readonly name: string;
  readonly oursAlone?: true;
  readonly isSlow?: true;
}

/** A second is the shortest heartbeat an arbiter allows by default; 8 s is what nodes announce by default. */
const ROWS: readonly BenchRow[] = [
  { name: '40', clusters: 20, clusterSize: 2, heartbeatMs: 1_000 },
  { name: '500', clusters: 250, clusterSize: 2, heartbeatMs: 1_000 },
  { name: '2000', clusters: 1_000, clusterSize: 2, heartbeatMs: 1_000, isSlow: true },
  { name: '100x16', clusters: 100, clusterSize: 16, heartbeatMs: 1_000, isSlow: true },
  { name: '10000', clusters: 5_000, clusterSize: 2, heartbeatMs: 8_000, oursAlone: true, isSlow: true },
];
const FULL = { rounds: 2, effort: { warmUpSeconds: 15, heartbeatSeconds: 10, splits: 3 } };
const QUICK = { rounds: 1, effort: { warmUpSeconds: 8, heartbeatSeconds: 6, splits: 2 } };

export async function bench(wishes: Wishes): Promise<boolean> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'qnetd-bench-'));
  try {
    const authority = await makeAuthority(scratch);
    const setting: Setting = {
      switches: {
        debian: authority.switches('upstream'),
        ours: [...authority.switches('ours'), '-S', `vote_safety=${wishes.voteSafety}`],
        floor: authority.switches('ours'),
      },
      identity: await authority.certify('*.bench.example'),
      nodeArgs: wishes.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${wishes.profileDir}`],
    };
    const results = await measureRows(wishes, setting);
    const machine = `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}, Node.js ${process.versions.node}`;
    say(`${machine}, ${new Date().toISOString().slice(0, 10)}\n\n${table(results)}`);
    if (wishes.plotFile !== undefined) writeFileSync(wishes.plotFile, costPlot(results));
    return isEveryTargetMet(results) && results.length === rowsOf(wishes).length;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function rowsOf({ only, isQuick }: Wishes): readonly BenchRow[] {
  return ROWS.filter(({ name, isSlow }) => (only === undefined ? !(isQuick && isSlow === true) : only.includes(name)));
}

async function measureRows(wishes: Wishes, setting: Setting): Promise<Result[]> {
  const { rounds, effort } = wishes.isQuick ? QUICK : FULL;
  const results: Result[] = [];
  for (const row of rowsOf(wishes)) {
    const kinds: Kind[] = wishes.oursAlone || row.oursAlone === true ? ['ours'] : ['ours', 'debian'];
    if (wishes.withFloor) kinds.push('floor');
    const figures: Record<Kind, Figures[]> = { ours: [], debian: [], floor: [] };
    try {
      for (let round = 0; round < (row.isSlow === true ? 1 : rounds); round += 1) {
        for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
          figures[kind].push(await told(row, kind, round, effort, setting));
        }
      }
      results.push({ name: row.name, clients: row.clusters * row.clusterSize, ...figures });
    } catch (error) {
      // The other rows are not to be lost with this one.
      process.stderr.write(`${row.name} left out: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  return results;
}

async function told(row: BenchRow, kind: Kind, round: number, effort: Effort, setting: Setting): Promise<Figures> {
  const startedMs = performance.now();
  const figures = await measure(kind, row, effort, setting);
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  process.stderr.write(`${row.name}, round ${round + 1}, ${kind}: ${seconds} s\n`);
  return figures;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
