import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './wait.ts';

test('a condition is waited for until it holds', async () => {
  const answers = ['too few', 'too few', undefined];
  await until('three looks', () => answers.shift(), { deadlineMs: 10_000 });
  assert.equal(answers.length, 0);
});

test('a condition that only passes by does not count', async () => {
  const answers = [undefined, 'gone again', undefined];
  await until('a lasting state', () => answers.shift(), { deadlineMs: 10_000, holdMs: 30 });
  assert.equal(answers.length, 0);
});

test('a missed deadline tells the goal and the states seen, each once', async () => {
  const answers = ['no answer'];
  const waiting = until('a vote', () => answers.shift() ?? 'NV', { deadlineMs: 200 });
  await assert.rejects(waiting, (error: Error) => {
    assert.match(error.message, /^not within 200 ms: a vote\nlast states:\n\+\S+ s: no answer\n\+\S+ s: NV$/);
    return true;
  });
});
