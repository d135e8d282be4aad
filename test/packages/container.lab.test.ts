/** The arbiter in a container: what its Containerfile says is carried out, and the outcome serves a cluster. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plainTree } from '../lab/debian-trees.ts';
import { packageFiles } from './deb.ts';
import { Image, Running } from './image.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CONTAINERFILE = join(PROJECT, 'src/packaging/container/Containerfile');
const PORT = 5403;
const scratch = mkdtempSync(join(tmpdir(), 'container-test-'));
const context = join(scratch, 'context');
mkdirSync(context);
const { main } = await packageFiles();
copyFileSync(main, join(context, main.split('/').at(-1) ?? ''));
const image = await Image.build(CONTAINERFILE, context, await plainTree());
const health: unknown = JSON.parse(/CMD (\[.*\])$/.exec(image.get('HEALTHCHECK'))?.[1] ?? '');
assert.ok(Array.isArray(health));
const HEALTH = health.map(String);

after(() => {
  image.remove();
  rmSync(scratch, { recursive: true });
});

/** As an engine makes an empty volume: like the directory that it lies over. */
function emptyVolume(name: string): string {
  const volume = join(scratch, name);
  mkdirSync(volume);
  chmodSync(volume, 0o1777);
  return volume;
}

/** Key and certificate of cluster `tst`, signed in the container as setup tools do it. */
async function certificates(container: Running): Promise<Record<'ca' | 'cert' | 'key', string>> {
  const [key, request] = [join(scratch, 'key.pem'), join(scratch, 'request.pem')];
  const wanted = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=tst', '-keyout', key, '-out', request];
  assert.equal(spawnSync('openssl', wanted).status, 0);
  const run = `/proc/${container.pid}/root/run`;
  writeFileSync(join(run, 'request.pem'), readFileSync(request), { mode: 0o644 });
  const signed = await container.exec(['corosync-qnetd-certutil', '-s', '-c', '/run/request.pem', '-n', 'tst']);
  assert.equal(signed.exitCode, 0, signed.stderr);
  const stored = /^Certificate stored in (.*)$/m.exec(signed.stdout)?.[1] ?? '';
  const der = readFileSync(`/proc/${container.pid}/root${stored}`);
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const ca = readFileSync(`/proc/${container.pid}/root${dirname(stored)}/qnetd-cacert.crt`, 'utf8');
  return { ca, cert, key: readFileSync(key, 'utf8') };
}

/** Nodes 1 and 2 of a healthy cluster; resolves when both have been told that they have the vote. */
async function served(container: Running): Promise<void> {
  const { ca, cert, key } = await certificates(container);
  const program = join(PROJECT, 'test/qnetd/run-node.ts');
  const nodes = [1, 2].map((id) => {
    const enter = ['-t', String(container.pid), '-n', process.execPath, '--import', 'tsx', program];
    return spawn('nsenter', [...enter, String(PORT), String(id), ca, cert, key], { cwd: PROJECT });
  });
  try {
    await Promise.all(
      nodes.map(async (node) => {
        let heard = '';
        while (!heard.includes('voteInfo ack')) {
          const [bytes] = await Promise.race([once(node.stdout, 'data'), once(node, 'exit').then(() => [undefined])]);
          if (bytes === undefined) throw new Error(`a node is not served: ${heard}${container.log}`);
          heard += String(bytes);
        }
      }),
    );
    const { exitCode, stdout, stderr } = await container.exec(HEALTH);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, `listening on *:${PORT} and deciding; clusters: 1, nodes: 2\n`);
  } finally {
    for (const node of nodes) node.kill();
  }
}

test('the image holds no key, and says how it is to be run', () => {
  assert.deepEqual(
    image.files.filter((path) => /\/nssdb\/|\.key$|\.pem$|\.deb$/.test(path)),
    [],
  );
  assert.match(image.get('FROM'), /\/debian:trixie-slim$/);
  assert.equal(image.get('VOLUME'), '/etc/corosync');
  assert.equal(image.get('EXPOSE'), `${PORT}/tcp`);
  assert.match(image.get('USER'), /^[1-9]\d*:[1-9]\d*$/);
  assert.equal(image.get('STOPSIGNAL'), 'SIGTERM');
});

for (const user of [31_337, 5_403]) {
  test(`as user ${user}, on a read-only root, from an empty volume: a cluster is served`, async () => {
    const container = await Running.start(image, { user, volume: emptyVolume(`volume-${user}`) });
    try {
      assert.notEqual((await container.exec(['touch', '/usr/file'])).exitCode, 0, 'the root is read-only');
      await served(container);
      container.signal('SIGTERM');
      assert.equal(await container.end(), 0, 'stopped in order');
    } finally {
      await container.kill();
    }
  });
}

test('the health check fails for one that is frozen, and for one whose port cannot be reached; a restart keeps its keys', async () => {
  const volume = emptyVolume('volume-health');
  const first = await Running.start(image, { user: 31_337, volume });
  const authority = readFileSync(join(volume, 'qnetd/nssdb/ca.pem'), 'utf8');
  try {
    assert.equal((await first.exec(HEALTH)).exitCode, 0);
    const elsewhere = await first.execElsewhere(HEALTH);
    assert.equal(elsewhere.exitCode, 1, elsewhere.stdout);
    assert.match(elsewhere.stderr, /port 5403 cannot be reached/);
    first.signal('SIGSTOP');
    assert.equal((await first.exec([...HEALTH, '--timeout', '1000'])).exitCode, 1);
  } finally {
    await first.kill();
  }
  const second = await Running.start(image, { user: 31_337, volume });
  try {
    assert.equal((await second.exec(HEALTH)).exitCode, 0);
    assert.equal(readFileSync(join(volume, 'qnetd/nssdb/ca.pem'), 'utf8'), authority);
  } finally {
    await second.kill();
  }
});
