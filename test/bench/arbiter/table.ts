/** The figures as a table in Markdown: ours, Debian's, the ratio, and whether it is within what is promised. */
import { type Figures, median, percentile } from './measure.ts';

export interface Result {
  readonly name: string;
  readonly clients: number;
  readonly ours: readonly Figures[];
  /** Empty where our arbiter was measured alone. */
  readonly debian: readonly Figures[];
  /** Empty where it was not asked for. */
  readonly floor: readonly Figures[];
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

/** A line for each figure, a column for each crowd: ours, Debian's, the ratio; in brackets what TLS takes by itself. */
export function table(results: readonly Result[]): string {
  const head = ['What', 'Unit', ...results.map(({ name }) => name)];
  const lines = [row(head), row(head.map(() => '---'))];
  let column: ColumnName;
  for (column in COLUMNS) {
    const { title, unit } = COLUMNS[column];
    lines.push(row([title, unit, ...results.map((result) => cell(result, column))]));
  }
  const judged = TARGETS.flatMap((target) => {
    const result = results.find(({ name }) => name === target.row);
    return result === undefined || !isKnown(target, result) ? [] : [judgement(target, result)];
  });
  return [...lines, '', row(['Clients', 'Promised', 'Seen', '']), row(['---', '---', '---', '---']), ...judged].join(
    '\n',
  );
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function cell(result: Result, column: ColumnName): string {
  const { ours, debian, floor, ratio } = seenOf(result, column);
  const against = debian === undefined ? '' : ` : ${number(debian)} = **${number(ratio ?? Number.NaN)}**`;
  const least = floor === undefined || Number.isNaN(floor) ? '' : ` [${number(floor)}]`;
  return `${number(ours)}${against}${least}`;
}

function judgement(target: Target, result: Result): string {
  const { title, unit } = COLUMNS[target.column];
  const { ours, ratio } = seenOf(result, target.column);
  const isRatio = target.of === 'ratio';
  const seen = isRatio ? `${number(ratio ?? Number.NaN)} of Debian's` : `${number(ours)} ${unit}`;
  const promised = `${title}: at most ${target.max}${isRatio ? " of Debian's" : ` ${unit}`}`;
  return row([target.row, promised, seen, isMet(target, result) ? 'met' : 'MISSED']);
}

/** Ours alone says nothing about a ratio. */
const isKnown = ({ column, of }: Target, result: Result) =>
  of === 'figure' || seenOf(result, column).ratio !== undefined;

export function isEveryTargetMet(results: readonly Result[]): boolean {
  return TARGETS.every((target) => {
    const result = results.find(({ name }) => name === target.row);
    return result === undefined || isMet(target, result);
  });
}

export function seenOf(result: Result, column: ColumnName) {
  const of = (figures: readonly Figures[]) =>
    figures.length === 0 ? undefined : median(figures.map(COLUMNS[column].of));
  const [ours, debian, floor] = [of(result.ours) ?? Number.NaN, of(result.debian), of(result.floor)];
  return { ours, debian, floor, ratio: debian === undefined ? undefined : ours / debian };
}

function isMet({ column, max, of }: Target, result: Result): boolean {
  const { ours, ratio } = seenOf(result, column);
  if (of === 'figure') return ours <= max;
  return ratio === undefined || ratio <= max;
}

function number(value: number): string {
  if (!Number.isFinite(value)) return value === Number.POSITIVE_INFINITY ? 'over a minute' : '-';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
