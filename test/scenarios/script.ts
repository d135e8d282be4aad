/**
 * The scenario files. A file holds cases; a case is a cluster and commands, a line each; the outcome stands indented
 * below its command. `;;` separates what is sent before the nodes confirmed their votes from what is sent after.
 *
 *   == title                                      starts a case
 *   cluster nodes=1,2 tie-breaker=highest         its cluster: tie-breaker=lowest|highest|node:ID, keep-active=all|IDS,
 *                                                 algorithm=ffsplit|lms|..., heartbeat=8000
 *   up                                            every node comes in, one after the other, in ring 1.8
 *   1 membership 1.12 [1] pass                    node 1 reports ring 1.12 (node 1, sequence 12) with node 1 alone
 *       1 <- membership: wait-for-reply 1.12      what node 1 receives
 *
 * Everything else is a comment: lines that start with `#`, and `# ` to the end of a command's line.
 * A name such as `1b` is a second connection that calls itself node 1.
 */
import assert from 'node:assert/strict';

export interface Command {
  /** Index of the command's line in the file. */
  readonly line: number;
  /** As written, without its comment. */
  readonly text: string;
  /** Connections the command is about; empty for a command about no node. */
  readonly labels: readonly string[];
  readonly verb: string;
  readonly words: readonly string[];
  /** The recorded outcome, without indentation. */
  readonly outcome: readonly string[];
}

export interface Case {
  readonly file: string;
  readonly title: string;
  /** `key=value` words of the cluster line. */
  readonly cluster: Readonly<Record<string, string>>;
  readonly commands: readonly Command[];
}

const LABELS = /^\d+[a-z]?(,\d+[a-z]?)*$/;
const INDENT = '    ';

export function parseScript(file: string, text: string): Case[] {
  const cases: Case[] = [];
  const lines = text.split('\n');
  let current: { file: string; title: string; cluster: Record<string, string>; commands: Command[] } | undefined;
  lines.forEach((raw, line) => {
    if (isOutcome(raw) || raw.trim() === '' || raw.startsWith('#')) return;
    const stripped = raw.replace(/\s+# .*$/, '').trim();
    if (stripped.startsWith('== ')) {
      current = { file, title: stripped.slice(3), cluster: {}, commands: [] };
      cases.push(current);
      return;
    }
    assert(current !== undefined, `${file}:${line + 1}: a command outside a case`);
    if (stripped.startsWith('cluster ')) current.cluster = keyValues(stripped.split(/\s+/).slice(1));
    else current.commands.push({ ...parseCommand(stripped), line, outcome: outcomeBelow(lines, line) });
  });
  return cases;
}

/** The file with the outcomes of `outcomes` (by command line) in place of the recorded ones. */
export function withOutcomes(text: string, outcomes: ReadonlyMap<number, readonly string[]>): string {
  const kept: string[] = [];
  let replaced = false;
  text.split('\n').forEach((raw, line) => {
    if (isOutcome(raw) && replaced) return;
    kept.push(raw);
    if (isOutcome(raw)) return;
    const outcome = outcomes.get(line);
    replaced = outcome !== undefined;
    for (const entry of outcome ?? []) kept.push(INDENT + entry);
  });
  return kept.join('\n');
}

/** `a=1 b=2` as a record. */
export function keyValues(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      assert(at > 0, `expected key=value, not "${word}"`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function parseCommand(text: string): Pick<Command, 'text' | 'labels' | 'verb' | 'words'> {
  const [first = '', ...rest] = text.split(/\s+/);
  if (!LABELS.test(first)) return { text, labels: [], verb: first, words: rest };
  const [verb = '', ...words] = rest;
  return { text, labels: first.split(','), verb, words };
}

function outcomeBelow(lines: readonly string[], line: number): string[] {
  const outcome: string[] = [];
  for (let at = line + 1; at < lines.length; at += 1) {
    const raw = lines[at] ?? '';
    if (!isOutcome(raw)) break;
    outcome.push(raw.trim());
  }
  return outcome;
}

function isOutcome(raw: string): boolean {
  return raw.startsWith(INDENT) && raw.trim() !== '';
}
