/** What stands in the way of a quorum device, or should be known about it: one sentence what, one what to do. */
export interface Finding {
  /** The row of the specification's table of failures, such as `F4`. */
  readonly id: string;
  /** `refuse`: nothing is done. `force`: nothing is done without --force. `note`: said, and gone on. */
  readonly level: 'refuse' | 'force' | 'note';
  readonly problem: string;
  readonly remedy: string;
}

export function refuse(id: string, problem: string, remedy: string): Finding {
  return { id, level: 'refuse', problem, remedy };
}

export function unlessForced(id: string, problem: string, remedy: string): Finding {
  return { id, level: 'force', problem, remedy };
}

export function note(id: string, problem: string, remedy: string): Finding {
  return { id, level: 'note', problem, remedy };
}

/** Those that keep setup from going on. */
export function obstacles(findings: readonly Finding[], force: boolean): Finding[] {
  return findings.filter(({ level }) => level === 'refuse' || (level === 'force' && !force));
}

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** `1 node`, `3 nodes`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
