/** Corosync itself reads the same files: what it refuses is refused, on the same line and for the same reason. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { setDevice } from '../../../src/setup/conf/device.ts';
import { ConfError, parseConf, serialise } from '../../../src/setup/conf/document.ts';
import { runTool, scratchDirectory } from '../../certs/tools.ts';
import { anyConf, PROXMOX, soundConf } from './confs.ts';

const file = join(scratchDirectory('conf'), 'corosync.conf');

/** With which corosync -t is content, so that what comes before it decides. */
const REST = `totem {\nversion: 2\ncluster_name: a\ntransport: knet\n}
nodelist {\nnode {\nring0_addr: 127.0.0.1\nname: x\nnodeid: 1\n}\n}\n`;

/** `LINE: REASON`, empty where there is nothing to complain about. */
function corosyncSays(text: string): string {
  writeFileSync(file, text, 'latin1');
  const done = runTool('/usr/sbin/corosync', ['-t', '-c', file]);
  return /parser error: [^:]*:(\d+: .*)/.exec(`${done.stdout}${done.stderr}`)?.[1] ?? '';
}

function weSay(text: string): string {
  try {
    parseConf(text);
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfError);
    return `${error.line}: ${error.problem}`;
  }
}

/** Its reason for a key with a bad name is an error code of its store. */
function inOurWords(said: string): string {
  return said.replace(/ into icmap, returned error.*/, '');
}

function assertAlike(text: string): void {
  const [our, their] = [weSay(text), inOurWords(corosyncSays(text))];
  const words = our.replace(/: it is too short or holds.*/, '');
  assert.equal(words, their, JSON.stringify(text));
}

test('random files are read and refused alike', () => {
  fc.assert(
    fc.property(fc.oneof(soundConf, anyConf), (text) =>
      assertAlike(`${text}${text.endsWith('\n') ? '' : '\n'}${REST}`),
    ),
    { numRuns: 150 },
  );
  fc.assert(
    fc.property(anyConf, (text) => assertAlike(`${REST}${text}`)),
    { numRuns: 150 },
  );
});

test('a line is as long as corosync takes it, with and without its end', () => {
  for (const bytes of [508, 509, 510, 511, 512, 513]) {
    const line = `abc: ${'x'.repeat(bytes - 5)}`;
    assertAlike(`${REST}${line}`);
    assertAlike(`${REST}${line}\n`);
    assertAlike(`${REST}# ${line}\n`);
  }
});

test('what a device is put into is read by corosync', () => {
  const net = [['host', '192.0.2.9'] as const, ['algorithm', 'ffsplit'] as const];
  assert.equal(corosyncSays(serialise(setDevice(parseConf(PROXMOX), { votes: 1, net }))), '');
});
