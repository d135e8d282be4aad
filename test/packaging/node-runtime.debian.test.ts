/** Which Node.js an archive may carry along. Programs of Debian stand in for one that is linked as Debian links it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeRuntime } from '../../src/packaging/node-runtime.ts';
import { PROJECT } from './build.ts';

test('one that needs the libraries of a distribution is refused, and they are named', async () => {
  await assert.rejects(nodeRuntime('/usr/bin/openssl'), (error) => {
    assert.ok(error instanceof Error);
    assert.match(
      error.message,
      /^\/usr\/bin\/openssl needs libraries that not every host has: libcrypto\.so\.3, libssl/,
    );
    return true;
  });
});

test('one whose licence is not beside it is refused', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'node-runtime-'));
  t.after(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, 'bin'));
  copyFileSync('/usr/bin/env', join(home, 'bin/node'));
  await assert.rejects(nodeRuntime(join(home, 'bin/node')), /The licence of Node\.js is not below \S+, and has to go/);
  writeFileSync(join(home, 'LICENSE'), 'as it pleases');
  const { entries, needs } = await nodeRuntime(join(home, 'bin/node'));
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['node/bin/node', 'node/LICENSE'],
  );
  assert.match(needs, /^glibc 2\.\d+ /);
});

test('the build says so in a sentence when the packages are built, and exits 1', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'node-runtime-'));
  t.after(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, 'bin'));
  copyFileSync(process.execPath, join(home, 'bin/node'));
  const args = ['--import', 'tsx', 'src/packaging/main.ts', '--out', join(home, 'out')];
  const { status, stdout, stderr } = spawnSync(join(home, 'bin/node'), args, { cwd: PROJECT, encoding: 'latin1' });
  assert.equal(status, 1);
  assert.match(stdout, /^(\S+\.deb\n){3}$/);
  assert.match(stderr, /^(The licence of|\S+ needs libraries) [^\n]+ --without-node\n$/);
});
