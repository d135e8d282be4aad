/**
 * Many scripts, several at a time, each with a cluster of its own. Whatever parts is looked at again with long timers, and
 * once more when everybody else is done: only what parts there too is a difference, and is shortened.
 */
import type { Arbiter, ArbiterKind } from './arbiters.ts';
import { openArbiter } from './arbiters.ts';
import { compare, type Verdict } from './comparison.ts';
import { drawScript } from './drawing.ts';
import { shrink } from './shrink.ts';

export interface Difference {
  readonly seed: number;
  readonly where: string;
  /** A scenario file without outcomes; shortened, but for those beyond the first few. */
  readonly script: readonly string[];
}

export interface Tally {
  scripts: number;
  commands: number;
  frames: number;
  /** Of each algorithm. */
  readonly byAlgorithm: Map<string, { scripts: number; acks: number; nacks: number }>;
  /** Seeds that parted, and did not when the timers were long. */
  readonly secondLooks: number[];
  readonly differences: Difference[];
}

/** Enough that waiting for a timer costs nothing, few enough that no command takes as long as one. */
const AT_ONCE = 12;
/** A timer comes up after this; a command between setting it and that moment must not take as long. */
const TIMER_MS = 600;
/** For a second look on a busy machine. */
const LONG_TIMER_MS = 2_000;
/** More than this is no accident, and nobody reads on. */
const SUSPECTS_MAX = 20;
/** Differences that are shortened; with timers in the script it takes minutes. */
const SHORTENED_MAX = 3;
const SHORTENING_MS_MAX = 60_000;
/** Lines of a script that say what cluster it is. */
const HEAD = 2;

export interface Wishes {
  readonly firstSeed: number;
  readonly scripts: number;
  readonly kinds: readonly ArbiterKind[];
  readonly progress: (done: number) => void;
}

export async function compareMany({ firstSeed, scripts, kinds, progress }: Wishes): Promise<Tally> {
  const tally: Tally = {
    scripts: 0,
    commands: 0,
    frames: 0,
    byAlgorithm: new Map(),
    secondLooks: [],
    differences: [],
  };
  const arbiters = kinds.map(openArbiter);
  const suspects: number[] = [];
  let next = firstSeed;
  const worker = async () => {
    while (next < firstSeed + scripts && suspects.length < SUSPECTS_MAX) {
      const seed = next;
      next += 1;
      const { algorithm, lines } = drawScript(seed, TIMER_MS);
      const verdict = await compare(lines, arbiters, `seed ${seed}`);
      if (verdict.kind === 'same') count(tally, algorithm, verdict);
      else if ((await lookAgain(seed, arbiters, tally)).kind !== 'same') suspects.push(seed);
      progress(next - firstSeed);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    for (const seed of suspects.sort((a, b) => a - b)) await lookAlone(seed, arbiters, tally);
  } finally {
    await Promise.all(arbiters.map((arbiter) => arbiter.stop()));
  }
  return tally;
}

/** On a busy machine a timer may come up before its time in the script. */
async function lookAgain(seed: number, arbiters: readonly Arbiter[], tally: Tally): Promise<Verdict> {
  const { algorithm, lines } = drawScript(seed, LONG_TIMER_MS);
  const verdict = await again(lines, arbiters);
  if (verdict.kind === 'same') {
    tally.secondLooks.push(seed);
    count(tally, algorithm, verdict);
  }
  return verdict;
}

/** When nobody else talks to the daemons any more. */
async function lookAlone(seed: number, arbiters: readonly Arbiter[], tally: Tally): Promise<void> {
  const verdict = await lookAgain(seed, arbiters, tally);
  if (verdict.kind === 'same') return;
  const { lines } = drawScript(seed, LONG_TIMER_MS);
  const untilMs = performance.now() + SHORTENING_MS_MAX;
  if (tally.differences.length >= SHORTENED_MAX) {
    tally.differences.push({ seed, where: verdictText(verdict), script: lines });
    return;
  }
  // What comes after the parting has no part in it.
  const whole = verdict.kind === 'different' ? lines.slice(0, verdict.line + 1) : lines;
  const script = await shrink(whole, HEAD, async (shorter) => {
    return performance.now() < untilMs && (await again(shorter, arbiters)).kind === verdict.kind;
  });
  const shown = await again(script, arbiters);
  tally.differences.push({ seed, where: shown.kind === 'same' ? verdictText(verdict) : verdictText(shown), script });
}

let clusters = 0;

/** A cluster's name is used once. */
function again(lines: readonly string[], arbiters: readonly Arbiter[]): Promise<Verdict> {
  clusters += 1;
  return compare(lines, arbiters, `again ${clusters}`);
}

const verdictText = (verdict: Verdict): string =>
  verdict.kind === 'same' ? 'the same' : `${verdict.kind}: ${verdict.where}`;

function count(tally: Tally, algorithm: string, { records }: Verdict & { readonly kind: 'same' }): void {
  const sums = tally.byAlgorithm.get(algorithm) ?? { scripts: 0, acks: 0, nacks: 0 };
  tally.byAlgorithm.set(algorithm, sums);
  tally.scripts += 1;
  sums.scripts += 1;
  for (const { outcome, frames } of records) {
    tally.commands += 1;
    tally.frames += frames.length;
    sums.acks += outcome.filter((line) => / ack /.test(line)).length;
    sums.nacks += outcome.filter((line) => / nack /.test(line)).length;
  }
}
