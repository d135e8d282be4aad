/** Lines that wait for a quiet moment: none is lost, none overtakes another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Level, logAside } from '../../src/runtime/log-aside.ts';

function recorder() {
  const lines: string[] = [];
  const write = (level: Level) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  const logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
  };
  return { lines, ...logAside(logger) };
}

test('a line is not written while the one who says it goes on, and soon afterwards by itself', async () => {
  const { lines, sink } = recorder();
  sink.info({ a: 1 }, 'first');
  sink.warn({}, 'second');
  assert.deepEqual(lines, []);
  for (let waits = 0; waits < 500 && lines.length === 0; waits += 1) await sleep(10);
  assert.deepEqual(lines, ['info first {"a":1}', 'warn second {}']);
});

test('what is fatal is written at once, after all that was said before it', () => {
  const { lines, sink } = recorder();
  sink.debug({}, 'before');
  sink.fatal({}, 'the end');
  assert.deepEqual(lines, ['debug before {}', 'fatal the end {}']);
});

test('a flood does not pile up', () => {
  const { lines, sink, drain } = recorder();
  for (let line = 0; line < 2_500; line += 1) sink.error({}, String(line));
  assert.equal(lines.length, 2_000);
  drain();
  assert.deepEqual(
    lines.map((line) => Number(line.split(' ')[1])),
    Array.from({ length: 2_500 }, (_, line) => line),
  );
});
