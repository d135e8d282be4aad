import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNever } from '../../src/protocol/assert-never.ts';

test('a value that the compiler ruled out is named when it comes all the same', () => {
  const foreign: unknown = { kind: 'new' };
  assert.throws(() => assertNever(foreign as never), /unhandled \{"kind":"new"\}/);
});
