/**
 * The search of every reachable state, `npm run search -- [--minutes 5] [--only TEXT]`: the time is shared out among the
 * worlds of the list; one that was searched whole leaves its rest to the others. Prints the states of each. Exit 1 and a
 * shortest script if two sides are granted or cast the vote, or if the right side does not get it back.
 */
import { parseArgs } from 'node:util';
import { searchAll, summary } from './share.ts';
import { STRICT_WORLDS } from './worlds-list.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, only: { type: 'string', default: '' } },
});

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const worlds = STRICT_WORLDS.filter(({ name }) => name.includes(values.only));
const searched = searchAll(worlds, Number(values.minutes) * 60_000, say);
if (searched.failure !== undefined) {
  say(searched.failure);
  process.exitCode = 1;
}
say(summary(searched, worlds.length));
