import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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
