import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BEFORE, REACHING } from '../../src/setup/rules/sentences.ts';
import { AFTERWARDS, CERTIFICATES } from '../../src/setup/rules/sentences-later.ts';
import { OBSTACLES } from './lab/obstacles.ts';
import { ROWS } from './rows.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => `F${from + at}`);

test('no row of the table of failures is without a test that makes it true', () => {
  assert.deepEqual(Object.keys(ROWS), [...range(1, 13), ...range(20, 28), ...range(40, 52), ...range(60, 73)]);
  for (const [row, proofs] of Object.entries(ROWS)) assert.ok(proofs.length > 0, row);
});

test('each of these tests is there, by its title', () => {
  for (const [row, proofs] of Object.entries(ROWS)) {
    for (const { file, title } of proofs) {
      const lines = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split('\n');
      assert.ok(
        lines.some((line) => isTitle(line) && line.includes(title)),
        `${row}: ${file} has no "${title}"`,
      );
    }
  }
});

/** `test('...`, its title on a line of its own, `name: '...` of a table of tests, a row of one, or a constant. */
function isTitle(line: string): boolean {
  return /^\s*(?:test\(|name: |\[|const \w+ = )?["'`]/.test(line) || /^test\($/.test(line);
}

test('every obstacle and every sentence belongs to a row, and each obstacle is one of its proofs', () => {
  for (const { name } of OBSTACLES) {
    const row = /^F\d+/.exec(name)?.[0] ?? '';
    assert.ok(Object.hasOwn(ROWS, row), name);
  }
  for (const key of [BEFORE, REACHING, CERTIFICATES, AFTERWARDS].flatMap((table) => Object.keys(table))) {
    assert.ok(Object.hasOwn(ROWS, /^F\d+/.exec(key)?.[0] ?? ''), key);
  }
});
