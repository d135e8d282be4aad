/** Every scenario S1 to S29 has a script with a recorded outcome: the arbiter's here, the node's in test/member/scripts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allScripts } from '../member/scripts/files.ts';
import { allCases, strictCases } from './files.ts';

const SCENARIOS = 29;
const WEAK_SPOTS = 19;
/** These are about the node. */
const OF_THE_NODE = [26, 27, 28, 29];

const numberOf = (file: string): number => Number(/^s(\d\d)-/.exec(file)?.[1]);
const numbers = (cases: readonly { readonly file: string }[]): Set<number> =>
  new Set(cases.map(({ file }) => numberOf(file)));

test('every scenario has its file, and every file its scenario', () => {
  const found = new Set([...numbers(allCases()), ...numbers(allScripts())]);
  const all = Array.from({ length: SCENARIOS }, (_, index) => index + 1);
  assert.deepEqual(
    [...found].sort((a, b) => a - b),
    all,
  );
  assert.deepEqual(numbers(strictCases()), numbers(allCases()));
});

test('what is about the node is played by both kinds of vote_safety', () => {
  for (const safety of ['upstream', 'strict']) {
    const played = numbers(allScripts().filter(({ cluster }) => cluster['safety'] === safety));
    assert.deepEqual([...played].sort(), OF_THE_NODE, safety);
  }
});

/** Titles of scripts and names of tests. */
function names(): string[] {
  const tests = ['../arbiter/safety/strict.test.ts', '../arbiter/session.test.ts'];
  const texts = tests.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'));
  const titles = texts.flatMap((text) => [...text.matchAll(/^test\(['"](.*)['"],/gm)].map(([, name = '']) => name));
  return [...titles, ...allCases().map(({ title }) => title)];
}

test('every weak spot of upstream that a node can see, W1 to W19, has a test that names it', () => {
  const all = Array.from({ length: WEAK_SPOTS }, (_, index) => `W${index + 1}`);
  const found = names().flatMap((name) => name.match(/\bW\d+\b/g) ?? []);
  assert.deepEqual(
    all.filter((spot) => !found.includes(spot)),
    [],
  );
});

test('no command is without its outcome', () => {
  for (const { file, title, commands } of allScripts()) {
    for (const { text, outcome } of commands) assert.notEqual(outcome.length, 0, `${file}: ${title}: ${text}`);
  }
});
