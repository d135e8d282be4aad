/** Certificates with which the daemon cannot serve: it does not start, and says which file, whose, and what to do. */
import assert from 'node:assert/strict';
import { chmod, chown, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ownOptions, spawnDaemon } from './daemon.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

test('F43: a server certificate or key that is missing', async (t) => {
  const options = await ownOptions(t, { ownCertificates: true });
  await madeOnce(t, options);
  const key = path.join(options.stateDir, 'server.key');
  await rm(key);
  const daemon = spawnDaemon(t, options);
  assert.equal(await daemon.end(), 1);
  assert.match(daemon.errors, /^[^\n]*server\.key[^\n]*\. [^\n]*(Restore|remove)[^\n]*\n$/);
  await assert.rejects(stat(key), 'nothing is made in its place');
});

test('F44: a key that the user of the service may not read', async (t) => {
  const options = await ownOptions(t, { ownCertificates: true });
  await madeOnce(t, options);
  const key = path.join(options.stateDir, 'server.key');
  if (isRoot) {
    await rm(options.lockFile);
    for (const mine of [path.dirname(options.stateDir), options.stateDir, options.runDir])
      await chown(mine, NOBODY, NOBODY);
  } else await chmod(key, 0);
  const wrapper = isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  const daemon = spawnDaemon(t, options, { wrapper });
  assert.equal(await daemon.end(), 1);
  assert.match(
    daemon.errors,
    /cannot be read as user \w+ \(owner \d+, group \d+, mode \d+\)\. [^\n]*ch(grp|own|mod)[^\n]*\n$/,
  );
});

async function madeOnce(
  t: Parameters<typeof spawnDaemon>[0],
  options: Parameters<typeof spawnDaemon>[1],
): Promise<void> {
  const first = spawnDaemon(t, options);
  await first.line('serving');
  first.child.kill('SIGTERM');
  assert.equal(await first.end(), 0);
}
