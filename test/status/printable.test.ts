import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteStringOf, foreignText, printable, printableName, utf8Text } from '../../src/status/printable.ts';

const anyBytes = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

test('a name can neither end a line nor steer a terminal', () => {
  fc.assert(
    fc.property(anyBytes, (name) => {
      assert.match(printableName(name), /^[^\p{C}\p{Zl}\p{Zp}]*$/u);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.match(printableName(byteStringOf(text)), /^[^\p{C}\p{Zl}\p{Zp}]*$/u);
    }),
  );
});

test('different short names stay different, so that none can pass for another', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (one, other) => {
      fc.pre(one !== other && (utf8Text(one) === undefined) === (utf8Text(other) === undefined));
      assert.notEqual(printableName(one), printableName(other));
    }),
  );
});

test('what can be read is shown as it is', () => {
  assert.equal(printableName(byteStringOf('büro-1 日本')), 'büro-1 日本');
  assert.equal(printableName('lab\n{"level":"fatal"}'), 'lab\\u{a}{"level":"fatal"}');
  assert.equal(printableName('a\\u{a}'), 'a\\\\u{a}');
  assert.equal(printableName('a\xffb'), 'a\\xffb');
  assert.equal(printable('\u202eevil\u2028\u001b[2J'), '\\u{202e}evil\\u{2028}\\u{1b}[2J');
});

test('long names are cut between characters', () => {
  assert.equal(printable('😀'.repeat(50), 3), '😀😀😀…');
  assert.equal(printable('abc', 3), 'abc');
  assert.equal(printableName(`\xff${'a'.repeat(40_000)}`, 4), '\\xffaaa…');
});

test('a document that only looks like one of ours is not understood, and what it says steers no terminal', () => {
  const foreign = JSON.parse('{"name":"a\\u001b[2J\\u202e\\nb","nodes":null}');
  assert.equal(
    foreignText(() => foreign.name),
    'a\\u{1b}[2J\\u{202e}\nb',
  );
  assert.equal(
    foreignText(() => foreign.nodes.length),
    undefined,
  );
  assert.throws(() => foreignText(() => assert.fail('ours')), assert.AssertionError);
});
