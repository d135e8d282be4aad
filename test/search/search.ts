/**
 * The search of every reachable state, `npm run search -- [--minutes 5] [--only TEXT]`: the time is shared out among the
 * worlds of the list; one that was searched whole leaves its rest to the others. Prints the states of each. Exit 1 and a
 * shortest script if two sides are granted or cast the vote, or if the right side does not get it back.
 */
import { parseArgs } from 'node:util';
import { explore } from './explore.ts';
import { scopeOf, startOf } from './worlds.ts';
import { STRICT_WORLDS } from './worlds-list.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, only: { type: 'string', default: '' } },
});

const RECOVERY_EACH = 16;
/** Seven and a half heartbeats: the longest lease, the time to find out, and the way back. */
const RECOVERY_TICKS = 30;
const FRONTIER_MAX = 1_000_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const worlds = STRICT_WORLDS.filter(({ name }) => name.includes(values.only));
const startedMs = performance.now();
const endMs = startedMs + Number(values.minutes) * 60_000;
let [states, moves, recoveries, whole] = [0, 0, 0, 0];
for (const [at, world] of worlds.entries()) {
  const beganMs = performance.now();
  const untilMs = beganMs + (endMs - beganMs) / (worlds.length - at);
  const limits = { recoveryEach: RECOVERY_EACH, recoveryTicks: RECOVERY_TICKS, frontierMax: FRONTIER_MAX };
  const result = explore(startOf(world), scopeOf(world), { ...limits, mayGoOn: () => performance.now() < untilMs });
  states += result.states;
  moves += result.moves;
  recoveries += result.recoveries;
  if (result.complete) whole += 1;
  const extent = result.complete ? 'all of them' : `to depth ${result.depth}`;
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  say(`${world.name}: ${result.states} states, ${extent}, ${seconds} s`);
  if (result.found === undefined) continue;
  const { broken, script } = result.found;
  say(`FAILED (${broken.property}): ${broken.text}\n${script.join('\n')}`);
  process.exitCode = 1;
  break;
}
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
say(`${states} states by ${moves} moves, ${recoveries} of them repaired; ${whole} worlds whole; ${minutes} minutes`);
