/** Cost against clients as SVG: CPU per connection and per heartbeat, both arbiters, both axes logarithmic. */
import type { Kind } from './program.ts';
import { type Result, seenOf } from './table.ts';

const TITLE = 'What a client costs the arbiter, against the number of clients';
const WIDTH = 380;
const HEIGHT = 260;
const MARGIN = 48;
const COLOURS: Readonly<Record<Kind, string>> = { ours: '#0a6', debian: '#c33', floor: '#888' };

const NAMES: Readonly<Record<Kind, string>> = { ours: 'ours', debian: 'corosync-qnetd', floor: 'TLS of Node.js alone' };

interface Curve {
  readonly kind: Kind;
  readonly points: readonly (readonly [clients: number, cost: number])[];
}

export function costPlot(results: readonly Result[]): string {
  const rows = results.filter(({ name }) => /^\d+$/.test(name)).sort((a, b) => a.clients - b.clients);
  const panels = [
    panel('CPU per connection, ms', curvesOf(rows, 'connection'), 0),
    panel('CPU per heartbeat, us', curvesOf(rows, 'heartbeat'), WIDTH),
  ];
  const size = `width="${2 * WIDTH}" height="${HEIGHT}" viewBox="0 0 ${2 * WIDTH} ${HEIGHT}"`;
  const style = 'font-family="sans-serif" font-size="11"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>\n<title>${TITLE}</title>\n${panels.join('\n')}\n</svg>\n`;
}

function curvesOf(rows: readonly Result[], column: 'connection' | 'heartbeat'): Curve[] {
  const costs = rows.map((row) => ({ clients: row.clients, ...seenOf(row, column) }));
  return [
    { kind: 'ours', points: costs.map(({ clients, ours }) => [clients, ours]) },
    { kind: 'debian', points: costs.flatMap((row) => (row.debian === undefined ? [] : [[row.clients, row.debian]])) },
    { kind: 'floor', points: costs.flatMap((row) => (row.floor === undefined ? [] : [[row.clients, row.floor]])) },
  ];
}

function panel(title: string, curves: readonly Curve[], left: number): string {
  const all = curves.flatMap(({ points }) => points);
  const x = scale(
    all.map(([clients]) => clients),
    MARGIN,
    WIDTH - MARGIN / 2,
  );
  const y = scale(
    all.map(([, cost]) => cost),
    HEIGHT - MARGIN,
    MARGIN / 2,
  );
  const ticks = [...new Set(all.map(([clients]) => clients))].map(
    (clients) => `<text x="${x(clients)}" y="${HEIGHT - MARGIN + 16}" text-anchor="middle">${clients}</text>`,
  );
  const drawn = curves.filter(({ points }) => points.length > 0).map((curve) => curveText(curve, x, y));
  const axes = `<path d="M${MARGIN} ${MARGIN / 2}V${HEIGHT - MARGIN}H${WIDTH - MARGIN / 2}" fill="none" stroke="#888"/>`;
  const heading = `<text x="${WIDTH / 2}" y="14" text-anchor="middle" font-weight="bold">${title}</text>`;
  const below = `<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle">clients</text>`;
  return `<g transform="translate(${left} 0)">${heading}${axes}${ticks.join('')}${below}${drawn.join('')}</g>`;
}

type Scale = (value: number) => number;

function curveText({ kind, points }: Curve, x: Scale, y: Scale): string {
  const path = points.map(([clients, cost], at) => `${at === 0 ? 'M' : 'L'}${x(clients)} ${y(cost)}`).join('');
  const marks = points.map(([clients, cost]) => {
    const label = `<text x="${x(clients)}" y="${y(cost) - 7}" text-anchor="middle">${cost.toPrecision(3)}</text>`;
    return `<circle cx="${x(clients)}" cy="${y(cost)}" r="3" fill="${COLOURS[kind]}"/>${label}`;
  });
  const last = points.at(-1);
  const name = last && `<text x="${x(last[0])}" y="${y(last[1]) + 16}" text-anchor="end">${NAMES[kind]}</text>`;
  return `<g fill="${COLOURS[kind]}"><path d="${path}" fill="none" stroke="${COLOURS[kind]}"/>${marks.join('')}${name}</g>`;
}

/** Logarithmic, from the smallest value at `from` to the greatest at `to`. */
function scale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const span = high - low || 1;
  return (value) => Math.round(from + ((Math.log(value) - low) / span) * (to - from));
}
