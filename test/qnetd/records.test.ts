/** Who may be casting a vote, on a real disk: what is written is read again, and what is damaged is no record. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { RecordedGrant } from '../../src/arbiter/safety/ledger.ts';
import { loadRecords, recordFileName, recordsIn } from '../../src/qnetd/records.ts';

const GRANTS: readonly RecordedGrant[] = [
  { nodeId: 1, members: [1, 2], leaseMs: 13_000 },
  { nodeId: 2, members: [1, 2], leaseMs: Number.POSITIVE_INFINITY },
];

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'qnetd-records-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return path.join(directory, 'votes');
}

function log() {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const warn = (_fields: object, message: string): void => void warnings.push(message);
  return { warnings, sink: { debug: ignore, info: ignore, warn, error: ignore, fatal: ignore } };
}

const written = (directory: string, cluster: string, grants = GRANTS) =>
  new Promise<string | undefined>((resolve) => recordsIn(directory).write(cluster, grants, resolve));

test('a record is read again as it was written, the directory made for it, and only its owner and group may see it', async (t) => {
  const directory = await scratch(t);
  assert.equal(await written(directory, 'lab'), undefined);
  assert.equal(await written(directory, 'ring/../\u00e9 x', GRANTS.slice(1)), undefined);
  const { warnings, sink } = log();
  const expected = new Map([
    ['lab', GRANTS],
    ['ring/../\u00e9 x', GRANTS.slice(1)],
  ]);
  assert.deepEqual(await loadRecords(directory, sink), expected);
  assert.deepEqual(warnings, []);
  assert.equal((await stat(directory)).mode & 0o7777, 0o750);
  for (const file of await readdir(directory))
    assert.equal((await stat(path.join(directory, file))).mode & 0o7777, 0o640);
});

test('a newer record takes the place of the older one, and nothing else is left', async (t) => {
  const directory = await scratch(t);
  await written(directory, 'lab');
  await written(directory, 'lab', GRANTS.slice(0, 1));
  assert.deepEqual(await readdir(directory), ['lab.json']);
  assert.deepEqual((await loadRecords(directory, log().sink)).get('lab'), GRANTS.slice(0, 1));
});

test('what cannot be written is said to be so', async (t) => {
  const directory = await scratch(t);
  await writeFile(directory, 'a file where the directory should be');
  assert.match(String(await written(directory, 'lab')), /EEXIST|ENOTDIR/);
});

test('a damaged, foreign or renamed record is none, and the log says so', async (t) => {
  const directory = await scratch(t);
  await written(directory, 'lab');
  await written(directory, 'other');
  const whole = await readFile(path.join(directory, 'lab.json'), 'utf8');
  const { warnings, sink } = log();
  await writeFile(path.join(directory, 'lab.json'), whole.slice(0, -5));
  await writeFile(path.join(directory, 'stranger.json'), whole);
  await mkdir(path.join(directory, 'folder.json'));
  await writeFile(path.join(directory, 'notes.txt'), 'not ours');
  assert.deepEqual([...(await loadRecords(directory, sink)).keys()], ['other']);
  assert.equal(warnings.length, 3);
});

test('a missing directory has no records', async (t) => {
  const { warnings, sink } = log();
  assert.equal((await loadRecords(await scratch(t), sink)).size, 0);
  assert.deepEqual(warnings, []);
});

test('a record that is removed is gone', async (t) => {
  const directory = await scratch(t);
  await written(directory, 'lab');
  recordsIn(directory).remove('lab');
  for (let waits = 0; waits < 500 && (await readdir(directory)).length > 0; waits += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(await readdir(directory), []);
});

test('a record that follows a removal stays, and a removal that follows a record leaves none', async (t) => {
  const directory = await scratch(t);
  const store = recordsIn(directory);
  const clusters = Array.from({ length: 50 }, (_, at) => `c${at}`);
  const write = (cluster: string) => new Promise<string | undefined>((done) => store.write(cluster, GRANTS, done));
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(clusters.map(write));
    for (const cluster of clusters) store.remove(cluster);
    await Promise.all(clusters.map(write));
    assert.equal((await readdir(directory)).length, clusters.length);
  }
  const last = Promise.all(clusters.map(write));
  for (const cluster of clusters) store.remove(cluster);
  await last;
  for (let waits = 0; waits < 500 && (await readdir(directory)).length > 0; waits += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(await readdir(directory), []);
});

test('no name of a cluster leaves the directory, and no two share a file', () => {
  const name = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });
  fc.assert(
    fc.property(name, name, (one, other) => {
      const file = recordFileName(one);
      assert.match(file, /^[A-Za-z0-9_%-]+\.json$/);
      assert.ok(file.length <= 255);
      assert.equal(file === recordFileName(other), one === other);
    }),
  );
});
