/** The figures as a table in Markdown: ours, Debian's, the ratio, and whether it is within what is promised. */
import { type Figures, median, percentile } from './measure.ts';

export interface Result {
  readonly name: string;
  readonly clients: number;
  readonly ours: readonly Figures[];
  /** Empty where our arbiter was measured alone. */
  readonly debian: readonly Figures[];
}

interface Column {
  readonly title: string;
  readonly unit: string;
  readonly of: (figures: Figures) => number;
}

const COLUMNS = {
  connection: { title: 'CPU per connection, TCP to INIT_REPLY', unit: 'ms', of: (seen) => seen.connectionCpuMs },
  heartbeat: { title: 'CPU per heartbeat', unit: 'us', of: (seen) => seen.heartbeatCpuUs },
  core: { title: 'of one core for heartbeats', unit: '%', of: (seen) => seen.heartbeatCorePercent },
  client: { title: 'resident memory per client', unit: 'KB', of: (seen) => seen.clientKb },
  idle: { title: 'resident memory, idle', unit: 'MB', of: (seen) => seen.idleMb },
  splitMiddle: { title: 'all split, last ACK, p50', unit: 'ms', of: (seen) => percentile(seen.splitMs, 0.5) },
  splitHigh: { title: 'all split, last ACK, p99', unit: 'ms', of: (seen) => percentile(seen.splitMs, 0.99) },
  splitWorst: { title: 'all split, last ACK, max', unit: 'ms', of: (seen) => seen.splitMs.at(-1) ?? Number.NaN },
  storm: { title: 'all back after a restart, last vote', unit: 'ms', of: (seen) => seen.stormMs },
  stormCpu: { title: 'CPU per connection in that', unit: 'ms', of: (seen) => seen.stormCpuMs },
  stormRetries: { title: 'attempts that had to be made again', unit: '', of: (seen) => seen.stormRetries },
  start: { title: 'start to first answer', unit: 'ms', of: (seen) => seen.startMs },
} as const satisfies Record<string, Column>;

type ColumnName = keyof typeof COLUMNS;

interface Target {
  readonly row: string;
  readonly column: ColumnName;
  readonly max: number;
  /** Of Debian's figure, or the figure itself. */
  readonly of: 'ratio' | 'figure';
}

const TARGETS: readonly Target[] = [
  { row: '40', column: 'connection', max: 0.6, of: 'ratio' },
  { row: '2000', column: 'connection', max: 0.15, of: 'ratio' },
  { row: '40', column: 'core', max: 0.5, of: 'figure' },
  { row: '500', column: 'heartbeat', max: 0.12, of: 'ratio' },
  { row: '2000', column: 'heartbeat', max: 0.08, of: 'ratio' },
  { row: '2000', column: 'client', max: 0.6, of: 'ratio' },
  { row: '2000', column: 'splitHigh', max: 0.5, of: 'ratio' },
  { row: '10000', column: 'core', max: 25, of: 'figure' },
];

export function table(results: readonly Result[]): string {
  const lines = ['| Clients | What | Ours | Debian | Ratio | Target |', '|---|---|---|---|---|---|'];
  let column: ColumnName;
  for (const result of results) {
    for (column in COLUMNS) {
      const { title, unit } = COLUMNS[column];
      const { ours, debian, ratio } = seenOf(result, column);
      const theirs = debian === undefined ? '' : `${number(debian)} ${unit}`;
      const cells = [result.name, title, `${number(ours)} ${unit}`, theirs, ratio === undefined ? '' : number(ratio)];
      lines.push(`| ${[...cells, targetText(result, column)].join(' | ')} |`);
    }
  }
  return lines.join('\n');
}

export function isEveryTargetMet(results: readonly Result[]): boolean {
  return TARGETS.every((target) => {
    const result = results.find(({ name }) => name === target.row);
    return result === undefined || isMet(target, result);
  });
}

export function seenOf(result: Result, column: ColumnName) {
  const of = (figures: readonly Figures[]) =>
    figures.length === 0 ? undefined : median(figures.map(COLUMNS[column].of));
  const [ours, debian] = [of(result.ours) ?? Number.NaN, of(result.debian)];
  return { ours, debian, ratio: debian === undefined ? undefined : ours / debian };
}

function isMet({ column, max, of }: Target, result: Result): boolean {
  const { ours, ratio } = seenOf(result, column);
  if (of === 'figure') return ours <= max;
  return ratio === undefined || ratio <= max;
}

function targetText(result: Result, column: ColumnName): string {
  const target = TARGETS.find((each) => each.row === result.name && each.column === column);
  if (target === undefined) return '';
  const unit = target.of === 'ratio' ? 'x' : COLUMNS[column].unit;
  return `${target.max}${unit}: ${isMet(target, result) ? 'met' : 'MISSED'}`;
}

function number(value: number): string {
  if (!Number.isFinite(value)) return value === Number.POSITIVE_INFINITY ? 'over a minute or never' : '-';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
