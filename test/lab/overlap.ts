/**
 * For how long two nodes of different partitions were quorate at once, from samples. A reading was true at some instant while it was
 * taken and says nothing of the time between two readings, so the answer is a pair of bounds: no overlap shorter than the first
 * explains the samples, none longer than the second fits them.
 */
import type { Sample } from './safety.ts';

export interface Overlap {
  readonly leastMs: number;
  readonly mostMs: number;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Samples of each node in order of time. */
export function overlap(one: readonly Sample[], other: readonly Sample[]): Overlap {
  return {
    leastMs: commonMs(surelyQuorate(one), surelyQuorate(other)),
    mostMs: commonMs(possiblyQuorate(one), possiblyQuorate(other)),
  };
}

/** From the end of the first reading of a row that all said so to the beginning of its last. */
function surelyQuorate(samples: readonly Sample[]): Span[] {
  return rows(samples, ({ reading }) => reading?.quorate === true).map(({ first, last }) => ({
    fromMs: samples[first]?.endedMs ?? 0,
    toMs: samples[last]?.beganMs ?? 0,
  }));
}

/** From the beginning of a reading that denied it to the end of the next that did; no answer denies nothing. */
function possiblyQuorate(samples: readonly Sample[]): Span[] {
  return rows(samples, ({ reading }) => reading?.quorate !== false).map(({ first, last }) => ({
    fromMs: (samples[first - 1] ?? samples[first])?.beganMs ?? 0,
    toMs: (samples[last + 1] ?? samples[last])?.endedMs ?? 0,
  }));
}

/** Rows of neighbours that all fit, by the places of their first and last. */
function rows(samples: readonly Sample[], fits: (sample: Sample) => boolean): { first: number; last: number }[] {
  const found: { first: number; last: number }[] = [];
  for (const [at, sample] of samples.entries()) {
    if (!fits(sample)) continue;
    const row = found.at(-1);
    if (row?.last === at - 1) row.last = at;
    else found.push({ first: at, last: at });
  }
  return found;
}

function commonMs(spans: readonly Span[], others: readonly Span[]): number {
  let ms = 0;
  for (const span of spans) {
    for (const other of others) {
      ms += Math.max(0, Math.min(span.toMs, other.toMs) - Math.max(span.fromMs, other.fromMs));
    }
  }
  return ms;
}
