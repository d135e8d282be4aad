/** Each row was run by Debian's corosync-qdevice 3.0.3 with a command that records its arguments. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandWords } from '../../src/member/command-line.ts';

const TABLE: readonly (readonly [string, readonly string[]])[] = [
  ['/bin/true', ['/bin/true']],
  ['  a  b\tc ', ['a', 'b', 'c']],
  ['a "b c" d', ['a', 'b c', 'd']],
  ['a b"c d"e', ['a', 'bc de']],
  ["a 'b c'", ['a', "'b", "c'"]],
  ['a b\\ c', ['a', 'b c']],
  ['a \\"b\\"', ['a', '"b"']],
  ['a "b\\"c\\\\d\\e"', ['a', 'b"c\\d\\e']],
  ['a "" b', ['a']],
  ['a "open end', ['a', 'open end']],
  ['a b\\', ['a', 'b']],
  ['a $HOME *.c ; b | c > d', ['a', '$HOME', '*.c', ';', 'b', '|', 'c', '>', 'd']],
  ['a\nb\rc', ['a', 'b', 'c']],
  ['', []],
  ['""', []],
];

for (const [line, words] of TABLE) {
  test(`${JSON.stringify(line)} is ${words.length} words`, () => {
    assert.deepEqual(commandWords(line), words);
  });
}
