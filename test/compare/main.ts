/**
 * Random scripts said to Debian's corosync-qnetd and to ours, every frame that comes back compared:
 *
 *   npm run compare -- [--scripts 500] [--seed 1] [--against core]
 *
 * The seeds are `--seed` and those after it. `--against core` leaves our daemon out and holds our core alone against
 * Debian's daemon, which is faster. `--show` prints the script of the one seed.
 */
import { parseArgs } from 'node:util';
import type { ArbiterKind } from './arbiters.ts';
import { drawScript } from './drawing.ts';
import { compareMany, type Tally } from './many.ts';

const { values } = parseArgs({
  options: {
    scripts: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    against: { type: 'string', default: 'daemon' },
    show: { type: 'boolean', default: false },
  },
});

const firstSeed = Number(values.seed);
const scripts = Number(values.scripts);
if (!(Number.isSafeInteger(firstSeed) && Number.isSafeInteger(scripts) && scripts > 0)) {
  throw new Error('--seed and --scripts are whole numbers');
}

if (values.show) {
  console.log(drawScript(firstSeed, 100).lines.join('\n'));
} else {
  const kinds: readonly ArbiterKind[] = values.against === 'core' ? ['upstream', 'core'] : ['upstream', 'core', 'ours'];
  const startedMs = Date.now();
  const tally = await compareMany({ firstSeed, scripts, kinds, progress: showProgress });
  print(tally, kinds, Math.round((Date.now() - startedMs) / 1000));
  process.exitCode = tally.differences.length === 0 ? 0 : 1;
}

function showProgress(done: number): void {
  if (process.stderr.isTTY && done % 100 === 0) process.stderr.write(`\r${done} of ${scripts}`);
}

function print(
  { byAlgorithm, secondLooks, differences, ...sums }: Tally,
  kinds: readonly string[],
  seconds: number,
): void {
  console.log(`${sums.scripts} scripts from seed ${firstSeed}, on ${kinds.join(', ')}, in ${seconds} s`);
  console.log(`${sums.commands} commands, ${sums.frames} frames received from each and found the same`);
  for (const [algorithm, of] of [...byAlgorithm].sort()) {
    console.log(`  ${algorithm}: ${of.scripts} scripts, ${of.acks} ACK, ${of.nacks} NACK`);
  }
  console.log(`parted, and not with long timers: ${secondLooks.length === 0 ? 'none' : secondLooks.join(' ')}`);
  console.log(`differences: ${differences.length}`);
  for (const { seed, where, script } of differences) {
    console.log(`\nseed ${seed}, ${where}\n\nthe script:\n${script.join('\n')}`);
  }
}
