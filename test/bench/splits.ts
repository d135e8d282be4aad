/**
 * Memory of two node daemons and the arbiter, in one process on the embedded cluster engine, while the cluster is split
 * and healed again and again: `node --expose-gc --import tsx test/bench/splits.ts [--minutes 60]`. Prints what is held
 * after a collection, and at the end how the last quarter compares with the second: 1.0 is flat.
 */

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Stage } from '../../src/demo/stage.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const minutes = Number(values.minutes);
assert.ok(minutes > 0, 'minutes is a number above 0');

const NODES = [1, 2];
/** Usually long enough for a change to be decided and cast on both sides. */
const CHANGE_MS = 1_500;
/** On a machine that is busy with other work. */
const CHANGE_MS_MAX = 30_000;
const SAMPLES = 40;

interface Sample {
  readonly splits: number;
  readonly heapMb: number;
  readonly rssMb: number;
}

const collect = globalThis.gc;
assert.ok(collect, 'run it with --expose-gc');

function sample(splits: number): Sample {
  collect?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { splits, heapMb: heapUsed / 2 ** 20, rssMb: rss / 2 ** 20 };
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

const quorate = (): number[] => stage.nodesSeen().flatMap((node) => (node.quorate ? [node.nodeId] : []));
const casting = (): number[] => stage.nodesSeen().flatMap((node) => (node.casts ? [node.nodeId] : []));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < CHANGE_MS_MAX; waitedMs += CHANGE_MS) {
    await pause(CHANGE_MS);
    if (holds()) return;
  }
  assert.fail(`${what}, but quorate ${quorate().join()}, casting ${casting().join()}`);
}

const failures: string[] = [];
const stage = await Stage.open({ changed: () => undefined, failed: (reason) => failures.push(reason) });
const samples: Sample[] = [];
try {
  await stage.apply({ kind: 'start' }, NODES);
  await pause(2 * CHANGE_MS);
  const startMs = performance.now();
  const eachMs = (minutes * 60_000) / SAMPLES;
  for (let splits = 0; samples.length < SAMPLES; splits += 1) {
    await stage.apply({ kind: 'split', islands: [[1], [2]] }, NODES);
    await until('the tie-breaker names node 1', () => quorate().join() === '1');
    await stage.apply({ kind: 'heal' }, NODES);
    await until('healed, both cast', () => casting().length === NODES.length);
    assert.deepEqual(failures, []);
    if (performance.now() - startMs < (samples.length + 1) * eachMs) continue;
    const taken = sample(splits + 1);
    samples.push(taken);
    const { heapMb, rssMb } = taken;
    console.log(
      `${String(taken.splits).padStart(5)} splits  heap ${heapMb.toFixed(1)} MB  resident ${rssMb.toFixed(1)} MB`,
    );
  }
} finally {
  await stage.close();
}

const quarter = (index: number) => samples.slice((index * SAMPLES) / 4, ((index + 1) * SAMPLES) / 4);
const ratio = (of: (each: Sample) => number): string =>
  (median(quarter(3).map(of)) / median(quarter(1).map(of))).toFixed(3);
console.log(
  `last quarter / second quarter: heap ${ratio((each) => each.heapMb)}, resident ${ratio((each) => each.rssMb)}`,
);
