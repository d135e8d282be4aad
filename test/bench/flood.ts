/**
 * What a flood costs others: `npm run bench:flood`. The nodes of a cluster, one and then 16 (`--nodes N,M`), change their
 * lists of 384 nodes without end; meanwhile a cluster of two splits and heals, and the time from its first report until
 * both have their votes is taken. Quiet times and floods alternate, and a flood goes on for a while before it counts, so
 * that its credit is spent; `--early` counts from its first message on. Exit 1 if a median is more than twice the quiet one.
 *
 * What helped: a credit of work for each cluster and a tenth of the time beyond it (src/arbiter/turns.ts). Before, one list
 * was read in each turn of the event loop, so that each of the four steps of a decision waited for one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Attackers } from '../attack/attackers.ts';
import { Bystander } from '../attack/bystander.ts';
import { startDaemon } from '../qnetd/daemon.ts';
import { authority } from '../qnetd/rig.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    decisions: { type: 'string', default: '400' },
    nodes: { type: 'string', default: '1,16' },
    early: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(values.rounds);
const DECISIONS = Number(values.decisions);
const WARM_UP = 200;
const SPENT_MS = 1_500;
const RATIO_MAX = 2;

const undo: (() => unknown)[] = [];
const scope = { after: (what: () => unknown) => void undo.push(what) };

async function decisions(bystander: Bystander): Promise<number[]> {
  const tookMs: number[] = [];
  while (tookMs.length < DECISIONS) tookMs.push(await bystander.split(), await bystander.heal());
  return tookMs;
}

const at = (share: number, sorted: readonly number[]) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;

async function measure(nodes: number): Promise<boolean> {
  const daemon = await startDaemon(scope, { options: { logLevel: 'info' }, onLine: () => undefined });
  const bystander = await Bystander.join(() => daemon.introduced());
  for (let round = 0; round < WARM_UP; round += 1) await bystander.split().then(() => bystander.heal());
  const pair = authority.issue({ commonName: 'evil' });
  const quiet: number[] = [];
  const flooded: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    quiet.push(...(await decisions(bystander)));
    const flood = { do: 'flood', port: daemon.options.port, nodes, caPem: authority.certPem, ...pair } as const;
    const attackers = await Attackers.start(scope, flood);
    if (!values.early) await pause(SPENT_MS);
    flooded.push(...(await decisions(bystander)));
    if (attackers.isOver) throw new Error('the flood ended before it was measured');
    await attackers.end();
    await pause(SPENT_MS);
  }
  bystander.leave();
  for (const sample of [quiet, flooded]) sample.sort((a, b) => a - b);
  const lines = [`| A decision takes | quiet | beside the flood of ${nodes} | ratio |`, '|---|---|---|---|'];
  for (const [what, share] of [
    ['median', 0.5],
    ['90 %', 0.9],
    ['99 %', 0.99],
    ['worst', 1],
  ] as const) {
    const [without, beside] = [at(share, quiet), at(share, flooded)];
    lines.push(`| ${what} | ${without.toFixed(2)} ms | ${beside.toFixed(2)} ms | ${(beside / without).toFixed(2)}x |`);
  }
  process.stdout.write(`${lines.join('\n')}\n${ROUNDS} x ${DECISIONS} decisions of each\n\n`);
  await daemon.kill();
  return at(0.5, flooded) <= RATIO_MAX * at(0.5, quiet);
}

try {
  for (const nodes of values.nodes.split(',')) if (!(await measure(Number(nodes)))) process.exitCode = 1;
} finally {
  for (const what of undo.reverse()) await what();
}
