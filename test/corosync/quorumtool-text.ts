/** What `corosync-quorumtool -s` shows, without dates: the part that a device and its votes change. */
import assert from 'node:assert/strict';

export interface Shown {
  readonly quorate: boolean;
  readonly expectedVotes: number;
  readonly totalVotes: number;
  readonly flags: readonly string[];
  /** Rows as `nodeId votes column`, the device's row included. */
  readonly rows: readonly string[];
}

export function shown(text: string): Shown {
  const field = (label: string): string => {
    const found = new RegExp(`^${label}: +(.*?) *$`, 'm').exec(text)?.[1] ?? /^Flags: *$/m.exec(text)?.[1] ?? '';
    return found;
  };
  const [, table] = text.split(/^ +Nodeid .*$/m);
  assert(table !== undefined, text);
  const rows = table.split('\n').filter((row) => row.trim() !== '');
  return {
    quorate: field('Quorate') === 'Yes',
    expectedVotes: Number(field('Expected votes')),
    totalVotes: Number(field('Total votes')),
    flags: field('Flags')
      .split(' ')
      .filter((word) => word !== ''),
    rows: rows.map((row) =>
      row
        .trim()
        .replace(/ +/g, ' ')
        .replace(/ n\d+( \(local\))?$/, ''),
    ),
  };
}
