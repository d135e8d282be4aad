/** Lines of at most 80 columns, and the units that people read. */

const COLUMNS_MAX = 80;
const LABEL_COLUMNS = 15;

/** `Label          text`, the text wrapped below itself. */
export function labelled(label: string, text: string): string[] {
  const lines = wrapped(text, ' '.repeat(LABEL_COLUMNS));
  return lines.map((line, at) => (at === 0 ? label.padEnd(LABEL_COLUMNS) + line.slice(LABEL_COLUMNS) : line));
}

/** Breaks at blanks; a word that is too long alone stays whole. */
export function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}

/** Aligned columns, the first one to the right: it holds numbers. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padStart((widths[0] ?? 0) + 2) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** `node 1`, `nodes 1, 2 and 3`. */
export function nodesText(ids: readonly number[]): string {
  if (ids.length === 0) return 'no node';
  if (ids.length === 1) return `node ${ids[0]}`;
  return `nodes ${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}

/** `1 node`, `2 nodes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The two largest units: `3 d 4 h`, `8 s`, `1.5 s`. */
export function durationText(durationMs: number): string {
  if (durationMs < 10_000 && durationMs % 1_000 !== 0) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'min');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
