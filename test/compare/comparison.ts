/** One script said to several arbiters: the same frames to the same nodes, or where they part. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandRecord } from '../scenarios/run-case.ts';
import { runCase } from '../scenarios/run-case.ts';
import { parseScript } from '../scenarios/script.ts';
import type { Arbiter } from './arbiters.ts';

/** A script takes a second or so; one that takes this long hangs. */
const SCRIPT_MS_MAX = 60_000;

export type Verdict =
  | { readonly kind: 'same'; readonly records: readonly CommandRecord[] }
  /** `where`: the command, and what each arbiter made of it; `line`: where it stands in the script. */
  | { readonly kind: 'different'; readonly where: string; readonly line: number }
  /** It cannot be played: a command about a node that is not there. */
  | { readonly kind: 'unplayable'; readonly where: string }
  | { readonly kind: 'died'; readonly where: string };

/** The first arbiter is the one that the others are held against. `name`: of the cluster, and never used before. */
export async function compare(lines: readonly string[], arbiters: readonly Arbiter[], name: string): Promise<Verdict> {
  const plays = await Promise.all(arbiters.map((arbiter) => play(lines, arbiter, name)));
  for (const { arbiter, failure } of plays) {
    if (failure === undefined) continue;
    const ended = await arbiter.death();
    if (ended !== undefined) return { kind: 'died', where: `${arbiter.kind} ended with ${ended}` };
    return { kind: 'unplayable', where: `${arbiter.kind}: ${failure}` };
  }
  const [reference, ...others] = plays;
  if (reference === undefined) throw new Error('nothing to compare');
  for (const other of others) {
    const parting = partingOf(reference, other);
    if (parting === undefined) continue;
    // A daemon that ended closes every connection, which looks like an answer.
    for (const { arbiter } of plays) {
      const ended = await arbiter.death();
      if (ended !== undefined) return { kind: 'died', where: `${arbiter.kind} ended with ${ended}` };
    }
    return { kind: 'different', ...parting };
  }
  return { kind: 'same', records: reference.records };
}

interface Play {
  readonly arbiter: Arbiter;
  readonly records: readonly CommandRecord[];
  readonly failure?: string;
}

async function play(lines: readonly string[], arbiter: Arbiter, name: string): Promise<Play> {
  try {
    const [scenario] = parseScript(name, withFarewell(lines).join('\n'));
    if (scenario === undefined) throw new Error('a script has a case');
    const run = runCase(scenario, await arbiter.wire(), name);
    const late = new AbortController();
    const stuck = sleep(SCRIPT_MS_MAX, undefined, { signal: late.signal }).then(() => {
      throw new Error(`not done after ${SCRIPT_MS_MAX} ms`);
    });
    stuck.catch(() => undefined);
    run.catch(() => undefined);
    const records = await Promise.race([run, stuck]).finally(() => late.abort());
    return { arbiter, records };
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
    return { arbiter, records: [], failure: cause instanceof Error ? `${message}: ${cause.message}` : message };
  }
}

/**
 * When a script is over its nodes leave, one after the other. Those that never told their configuration do so first: left
 * alone they would end Debian's daemon.
 */
function withFarewell(lines: readonly string[]): string[] {
  const present = new Set<string>();
  for (const line of lines) {
    const [label = '', verb] = line.split(' ');
    if (verb === 'init') present.add(label);
    if (verb === 'close') present.delete(label);
  }
  return [...lines, ...[...present].map((label) => `${label} config`)];
}

function partingOf(reference: Play, other: Play): { readonly where: string; readonly line: number } | undefined {
  for (const [at, record] of reference.records.entries()) {
    const against = other.records[at];
    if (against !== undefined && textOf(record) === textOf(against)) continue;
    const said = ({ arbiter }: Play, lines: readonly string[]) => [
      `${arbiter.kind}:`,
      ...lines.map((line) => `    ${line}`),
    ];
    const where = [record.command, ...said(reference, linesOf(record)), ...said(other, linesOf(against))].join('\n');
    return { where, line: record.line };
  }
  return undefined;
}

/** What was said in words, and byte for byte. */
const textOf = ({ outcome, frames }: CommandRecord): string => [...outcome, ...frames].join('\n');

function linesOf(record: CommandRecord | undefined): readonly string[] {
  if (record === undefined) return [];
  return record.command === 'up' ? [...record.outcome, ...record.frames] : record.outcome;
}
