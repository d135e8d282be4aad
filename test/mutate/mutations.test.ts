/** The list of seeded defects has to fit the code: a text that is no longer there would be a defect nobody tries. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { MUTATIONS } from './mutations.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('every seeded defect finds its place exactly once, and changes something', () => {
  assert.ok(MUTATIONS.length >= 20);
  for (const { name, file, search, replacement } of MUTATIONS) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    assert.equal(text.split(search).length - 1, 1, `${name}: ${search} in ${file}`);
    assert.notEqual(search, replacement, name);
  }
});
