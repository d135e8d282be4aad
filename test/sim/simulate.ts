/**
 * Simulated clusters: `npm run simulate -- --seed S --hours H [--safety strict|upstream]`. One seed is one run, cut into
 * episodes with seeds of their own; `--episode E` plays one of them again. Exit 1 and a shrunk script with the decision
 * log if ever two sides cast the vote, or if a repaired cluster does not get it back.
 */
import { parseArgs } from 'node:util';
import { planOf, play } from './episode.ts';
import { describeFailure } from './failure.ts';
import { episodeSeeds, isSafety, simulateFor } from './runs.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    hours: { type: 'string', default: '1000' },
    safety: { type: 'string', default: 'strict' },
    episode: { type: 'string' },
    log: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const { safety } = values;
if (!isSafety(safety)) throw new Error('--safety is strict or upstream');
if (values.episode !== undefined) {
  const plan = planOf(Number(values.episode));
  const verdict = play(plan, safety, values.log);
  for (const line of verdict.log) say(line);
  say(`episode ${plan.seed}: ${verdict.kind} ${verdict.text}`);
  if (verdict.kind !== 'good') say(describeFailure(plan, safety, verdict));
  process.exitCode = verdict.kind === 'good' ? 0 : 1;
} else {
  const before = process.cpuUsage();
  const total = simulateFor(episodeSeeds(Number(values.seed)), safety, Number(values.hours));
  // What else the machine does is not in it.
  const { user, system } = process.cpuUsage(before);
  const spent = (user + system) / 1e6;
  const pace = Math.round((total.hours / spent) * 3600);
  say(`seed ${values.seed}, ${safety}: ${total.hours.toFixed(1)} cluster-hours in ${total.episodes} episodes`);
  say(`${total.faults} faults, ${spent.toFixed(1)} s of CPU: ${pace} cluster-hours in an hour of one core`);
  if (total.failure !== undefined) {
    say(describeFailure(total.failure.plan, safety, total.failure.verdict));
    process.exitCode = 1;
  }
}
