/**
 * Looks for inputs that a reader of foreign bytes fails on: `npm run fuzz -- [--minutes M] [--target NAME,...] [--seed N]`. The time is
 * shared among the targets in slices. A find is written to test/fixtures/fuzz, where every test run plays it again; exit 1 then.
 */
import { parseArgs } from 'node:util';
import { SEED_MAX } from '../../src/demo/random.ts';
import { Campaign } from './campaign.ts';
import { Coverage } from './coverage.ts';
import { openCertificates } from './targets/certificates.ts';
import { TARGETS } from './targets.ts';
import { Watchdog } from './watchdog.ts';

const SLICE_MS = 10_000;

const { values: wishes } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    target: { type: 'string', default: '' },
    seed: { type: 'string', default: String(Date.now() % SEED_MAX) },
  },
});

const coverage = new Coverage();
coverage.start();
const certificates = openCertificates();
const all = [...TARGETS, ...certificates.targets];
const names = wishes.target.split(',').filter((name) => name !== '');
const stranger = names.find((name) => !all.some((target) => target.name === name));
if (stranger !== undefined) {
  certificates.close();
  console.error(`There is no target ${stranger}. Choose from: ${all.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}
const targets = all.filter(({ name }) => names.length === 0 || names.includes(name));
const watchdog = new Watchdog(targets);
const seed = Number(wishes.seed);
console.log(`seed ${seed}, ${wishes.minutes} minutes`);
const campaigns = targets.map((target) => new Campaign(target, seed, coverage, watchdog));
const endMs = performance.now() + Number(wishes.minutes) * 60_000;
try {
  for (let turn = 0; performance.now() < endMs; turn += 1) {
    const campaign = campaigns[turn % campaigns.length];
    await campaign?.search(Math.min(SLICE_MS, endMs - performance.now()));
    if (turn % campaigns.length === campaigns.length - 1) console.error(`reached ${coverage.reached}`);
  }
} finally {
  certificates.close();
  await watchdog.stop();
}
report();
process.exit(campaigns.some(({ finds }) => finds.size > 0) ? 1 : 0);

function report(): void {
  console.log('| target | inputs | a second | kept | slowest | finds |\n|---|---|---|---|---|---|');
  for (const { target, calls, spentMs, kept, slowestMs, finds } of campaigns) {
    const rate = Math.round((calls / spentMs) * 1000);
    console.log(`| ${target.name} | ${calls} | ${rate} | ${kept} | ${slowestMs.toFixed(0)} ms | ${finds.size} |`);
  }
  const calls = campaigns.reduce((sum, campaign) => sum + campaign.calls, 0);
  console.log(`${calls} inputs; ${coverage.reached} characters of source reached`);
}
