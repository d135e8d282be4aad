/** A state directory on a disk with no room left: a small file system of the test's own, in a namespace of its own. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadOrCreateServerIdentity } from '../../src/certs/identity.ts';
import { output, scratchDirectory, upstreamArbiterScript } from './tools.ts';

const scratch = scratchDirectory('disk-full');
const made = join(scratch, 'made');
const theirs = join(scratch, 'qnetd/nssdb');
const disk = join(scratch, 'disk');

/** Loads what is on the disk and prints the origin with the notes, or what the operator is told. */
const LOAD = `const { loadOrCreateServerIdentity } = await import(process.argv[1]);
  await loadOrCreateServerIdentity(process.argv[2]).then(
    ({ origin, notes }) => console.log([origin, ...notes].join('\\n')),
    (error) => console.log(error.name + '\\n' + error.message),
  );`;

before(async () => {
  await loadOrCreateServerIdentity(made);
  for (const name of ['pkcs11.txt', 'qnetd-cacert.crt']) rmSync(join(made, name));
  output(upstreamArbiterScript(scratch, join(scratch, 'qnetd')), ['-i', '-G']);
  mkdirSync(disk);
});

/** The origin, or the name of the error, and the rest of the lines. */
function loadOnFullDisk(source: string): readonly [string, string] {
  const script =
    'set -e; mount -t tmpfs -o size=2m none "$1"; cp -r "$2" "$1/state"; ' +
    'dd if=/dev/zero of="$1/fill" bs=4096 2>/dev/null || true; ' +
    'exec "$3" --import tsx --input-type=module -e "$4" "$5" "$1/state"';
  const module = new URL('../../src/certs/identity.ts', import.meta.url).href;
  const args = ['-rm', 'sh', '-c', `cd "$6"; ${script}`, 'sh', disk, source, process.execPath, LOAD, module];
  const printed = output('unshare', [...args, fileURLToPath(new URL('../..', import.meta.url))]).trimEnd();
  const [origin = '', ...lines] = printed.split('\n');
  return [origin, lines.join('\n')];
}

test('an identity that is complete is served, and what is missing beside it is noted', () => {
  const [origin, notes] = loadOnFullDisk(made);
  assert.equal(origin, 'loaded', notes);
  assert.match(notes, /setup tools .*qnetd-cacert\.crt cannot be written as user \w+: ENOSPC.* Free room on that disk/);
});

test("upstream's database is served from memory, with the reason", () => {
  const [origin, notes] = loadOnFullDisk(theirs);
  assert.equal(origin, 'imported', notes);
  assert.match(notes, /every start has to read it again\. .*ca\.key cannot be written .* Free room on that disk/);
});

test('a new identity cannot be made there, and no right is blamed for it', () => {
  const empty = join(scratch, 'empty');
  mkdirSync(empty);
  const [name, message] = loadOnFullDisk(empty);
  assert.equal(name, 'OperatorError');
  assert.match(message, /cannot be written .*ENOSPC.* Free room on that disk; `df -h`/);
  assert.doesNotMatch(message, /Let that user/);
});
