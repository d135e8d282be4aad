import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test as it } from 'node:test';
import { createFileAtomic, removeDeadTemporaries, writeFileAtomic } from '../../src/runtime/atomic-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'atomic-file-'));
after(() => rmSync(directory, { recursive: true, force: true }));

it('a file is replaced whole, gets its mode whatever the umask says, and leaves nothing beside it', async () => {
  const path = join(directory, 'replaced');
  const umask = process.umask(0o077);
  try {
    await writeFileAtomic(path, 'first', { mode: 0o644 });
    await writeFileAtomic(path, Buffer.from('second'), { mode: 0o640 });
  } finally {
    process.umask(umask);
  }
  assert.equal(readFileSync(path, 'utf8'), 'second');
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(directory), ['replaced']);
});

it('of many that create the same file exactly one wins, and its bytes stay', async () => {
  const path = join(directory, 'created');
  const won = await Promise.all(
    Array.from({ length: 20 }, (_, index) => createFileAtomic(path, `writer ${index}`, { mode: 0o600 })),
  );
  assert.equal(won.filter(Boolean).length, 1);
  assert.equal(readFileSync(path, 'utf8'), `writer ${won.indexOf(true)}`);
});

it('a failure names its reason and leaves no temporary file', async () => {
  await assert.rejects(writeFileAtomic(join(directory, 'absent', 'file'), '', { mode: 0o600 }), { code: 'ENOENT' });
  const asDirectory = join(directory, '.');
  await assert.rejects(writeFileAtomic(asDirectory, '', { mode: 0o600 }));
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('.tmp-')),
    [],
  );
});

it('many files put into one directory at once are all there whole, and the directory can be made anew meanwhile', async () => {
  const folder = join(directory, 'many');
  const put = (index: number) => writeFileAtomic(join(folder, `${index}`), `file ${index}`, { mode: 0o600 });
  mkdirSync(folder);
  await Promise.all(Array.from({ length: 200 }, (_, index) => put(index)));
  const contents = (count: number) =>
    Array.from({ length: count }, (_, at) => readFileSync(join(folder, `${at}`), 'utf8'));
  assert.deepEqual(
    contents(200),
    Array.from({ length: 200 }, (_, index) => `file ${index}`),
  );
  assert.equal(readdirSync(folder).length, 200);

  const late = Promise.allSettled(Array.from({ length: 50 }, (_, index) => put(index)));
  renameSync(folder, `${folder}-away`);
  await late;
  mkdirSync(folder);
  await Promise.all(Array.from({ length: 50 }, (_, index) => put(index)));
  assert.deepEqual(
    contents(50),
    Array.from({ length: 50 }, (_, index) => `file ${index}`),
  );
  assert.deepEqual(
    readdirSync('/proc/self/fd').filter((fd) => isOpenOn(fd, folder)),
    [],
  );
});

it('leftovers of dead writers go, those of the living and the young stay', async () => {
  const dead = '.tmp-4194305-00ff'; // one above the kernel's highest pid
  const living = `.tmp-${process.pid}-00ff`;
  const young = '.tmp-4194305-11ff';
  for (const name of [dead, living, young]) writeFileSync(join(directory, name), '');
  for (const name of [dead, living]) utimesSync(join(directory, name), 1, 1);
  await removeDeadTemporaries(directory);
  const left = readdirSync(directory).filter((name) => name.startsWith('.tmp-'));
  assert.deepEqual(left.sort(), [living, young].sort());
});

function isOpenOn(fd: string, path: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
  } catch {
    // The one that the listing itself used.
    return false;
  }
}
