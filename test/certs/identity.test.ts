import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspectStateDir, loadOrCreateServerIdentity, loadServerIdentity } from '../../src/certs/identity.ts';
import { asOrdinaryUser, contentOf, rejectsOperator, scratchDirectory } from './tools.ts';

const scratch = scratchDirectory('identity');
const made = join(scratch, 'made');
const isRoot = process.geteuid?.() === 0;
const IDENTITY_FILES = ['ca.key', 'ca.pem', 'pkcs11.txt', 'qnetd-cacert.crt', 'server.key', 'server.pem'];

before(async () => {
  assert.equal((await loadOrCreateServerIdentity(made)).origin, 'created');
});

let copies = 0;

/** A copy of the identity made once, to be damaged. */
function copyOfMade(): string {
  copies += 1;
  const directory = join(scratch, `copy${copies}`);
  mkdirSync(directory);
  for (const name of readdirSync(made)) copyFileSync(join(made, name), join(directory, name));
  return directory;
}

function modeOf(...path: readonly string[]): number {
  return statSync(join(...path)).mode & 0o7777;
}

/** Makes an identity in a process of its own. */
function startMaking(directory: string): ChildProcess {
  const module = new URL('../../src/certs/identity.ts', import.meta.url).href;
  const script = `const { loadOrCreateServerIdentity } = await import(${JSON.stringify(module)});
    const { identity } = await loadOrCreateServerIdentity(${JSON.stringify(directory)});
    process.stdout.write(identity.caPem);`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd });
}

test('into a missing directory an identity is made', () => {
  assert.deepEqual(readdirSync(made).sort(), IDENTITY_FILES);
});

test('it is loaded the next time, and not a byte changes', async () => {
  const before = contentOf(made);
  const { identity, origin, notes } = await loadOrCreateServerIdentity(made);
  assert.equal(origin, 'loaded');
  assert.deepEqual(notes, []);
  assert.equal(identity.caPem, readFileSync(join(made, 'ca.pem'), 'utf8'));
  assert.equal(identity.certPem, readFileSync(join(made, 'server.pem'), 'utf8'));
  assert.equal(identity.keyPem, readFileSync(join(made, 'server.key'), 'utf8'));
  assert.deepEqual(contentOf(made), before);
});

test('an existing directory is used as it is, whatever a setup tool has put there', async () => {
  const directory = join(scratch, 'existing');
  mkdirSync(directory, { mode: 0o711 });
  chmodSync(directory, 0o711);
  writeFileSync(join(directory, 'qnetd-cacert.crt'), 'put here by pcs');
  writeFileSync(join(directory, 'stranger'), '');
  const { identity } = await loadOrCreateServerIdentity(directory);
  assert.equal(modeOf(directory), 0o711);
  assert.equal(readFileSync(join(directory, 'qnetd-cacert.crt'), 'utf8'), identity.caPem);
  assert.ok(readdirSync(directory).includes('stranger'));
});

test('modes follow who is to share the files, and the umask has no say', async () => {
  const umask = process.umask(0o077);
  try {
    for (const [sharing, directoryMode, fileMode] of [
      ['private', 0o700, 0o600],
      ['groupReadable', 0o750, 0o640],
      ['groupWritable', 0o770, 0o660],
    ] as const) {
      const directory = join(scratch, sharing);
      await loadOrCreateServerIdentity(directory, { sharing });
      assert.equal(modeOf(directory), directoryMode);
      for (const name of IDENTITY_FILES) {
        assert.equal(modeOf(directory, name), name === 'qnetd-cacert.crt' ? 0o644 : fileMode, `${sharing} ${name}`);
      }
    }
  } finally {
    process.umask(umask);
  }
});

test('as root, files belong to the owner of the parent directory; another user makes them its own, and private', async () => {
  const parent = join(scratch, 'parent');
  mkdirSync(parent);
  if (isRoot) chownSync(parent, 65534, 65534);
  const directory = join(parent, 'state');
  await loadOrCreateServerIdentity(directory);
  const { uid } = statSync(parent);
  for (const name of ['.', ...IDENTITY_FILES]) assert.equal(statSync(join(directory, name)).uid, uid, name);
  const own = join(parent, 'own');
  await asOrdinaryUser(() => loadOrCreateServerIdentity(own));
  assert.equal(modeOf(own), 0o700);
  assert.equal(modeOf(own, 'ca.key'), 0o600);
});

test('a making that was cut off after any file is completed, and keeps what was there', async () => {
  const order = ['ca.key', 'ca.pem', 'server.key', 'server.pem'];
  for (let files = 0; files <= order.length; files += 1) {
    const directory = join(scratch, `cut${files}`);
    mkdirSync(directory);
    for (const name of order.slice(0, files)) copyFileSync(join(made, name), join(directory, name));
    const kept = contentOf(directory);
    await loadOrCreateServerIdentity(directory);
    assert.deepEqual(readdirSync(directory).sort(), IDENTITY_FILES);
    for (const [name, content] of Object.entries(kept)) assert.equal(contentOf(directory)[name], content, name);
    await loadServerIdentity(directory);
  }
});

test('killed at any moment, the next start has a whole identity', async () => {
  for (let round = 0; round < 8; round += 1) {
    const directory = join(scratch, `killed${round}`);
    const child = startMaking(directory);
    const ended = once(child, 'exit');
    for (let waits = 0; waits < 5000 && child.exitCode === null; waits += 1) {
      const files = await inspectNames(directory);
      if (files > round) break;
      await sleep(1);
    }
    child.kill('SIGKILL');
    await ended;
    const { identity } = await loadOrCreateServerIdentity(directory);
    assert.deepEqual((await loadServerIdentity(directory)).identity, identity);
  }
});

async function inspectNames(directory: string): Promise<number> {
  try {
    return readdirSync(directory).length;
  } catch {
    return -1;
  }
}

test('several that make one at once get the same authority, and nobody fails', async () => {
  for (let round = 0; round < 2; round += 1) {
    const directory = join(scratch, `together${round}`);
    const authorities = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = startMaking(directory);
        let printed = '';
        child.stdout?.setEncoding('utf8').on('data', (text: string) => {
          printed += text;
        });
        const [code] = await once(child, 'close');
        assert.equal(code, 0);
        return printed;
      }),
    );
    assert.equal(new Set(authorities).size, 1);
    assert.deepEqual(readdirSync(directory).sort(), IDENTITY_FILES);
    assert.ok(new X509Certificate(authorities[0] ?? '').ca);
  }
});

test('in one process too', async () => {
  const directory = join(scratch, 'one-process');
  const loaded = await Promise.all(Array.from({ length: 5 }, () => loadOrCreateServerIdentity(directory)));
  assert.equal(new Set(loaded.map(({ identity }) => identity.keyPem)).size, 1);
});

test('a file taken away is missed by name, and no second authority is made', async () => {
  for (const name of ['ca.pem', 'server.key']) {
    const directory = copyOfMade();
    rmSync(join(directory, name));
    const left = contentOf(directory);
    await rejectsOperator(loadOrCreateServerIdentity(directory), new RegExp(`${name.replace('.', '\\.')} is missing`));
    assert.deepEqual(contentOf(directory), left);
  }
});

test('the key of the authority may be kept elsewhere', async () => {
  const directory = copyOfMade();
  rmSync(join(directory, 'ca.key'));
  assert.equal((await loadOrCreateServerIdentity(directory)).origin, 'loaded');
});

test('files that setup tools need come back when they are gone', async () => {
  const directory = copyOfMade();
  rmSync(join(directory, 'qnetd-cacert.crt'));
  rmSync(join(directory, 'pkcs11.txt'));
  await loadOrCreateServerIdentity(directory);
  assert.deepEqual(readdirSync(directory).sort(), IDENTITY_FILES);
});

test('a file for setup tools that cannot be put in place is noted, and the arbiter is served all the same', async () => {
  for (const name of ['qnetd-cacert.crt', 'pkcs11.txt']) {
    const directory = copyOfMade();
    rmSync(join(directory, name));
    mkdirSync(join(directory, name));
    const { origin, notes } = await loadOrCreateServerIdentity(directory);
    assert.equal(origin, 'loaded');
    if (name === 'qnetd-cacert.crt')
      assert.match(notes.join(), /setup tools .*qnetd-cacert\.crt cannot be read: EISDIR/);
  }
});

test('loading alone makes nothing', async () => {
  const directory = join(scratch, 'absent');
  await rejectsOperator(loadServerIdentity(directory), /no certificates in/, /qnetd init/);
  assert.equal(await inspectStateDir(directory), 'nothing');
});

test('a file that may not be read is named, with its owner and the user', async () => {
  const directory = copyOfMade();
  chmodSync(directory, 0o755);
  chmodSync(join(directory, 'server.key'), isRoot ? 0o600 : 0);
  for (const name of ['ca.pem', 'server.pem']) chmodSync(join(directory, name), 0o644);
  const read = () => asOrdinaryUser(() => loadOrCreateServerIdentity(directory));
  await rejectsOperator(
    read(),
    /server\.key cannot be read as user \w+ \(owner \d+, group \d+, mode (600|0)\)/,
    /chgrp/,
  );
});

test('a directory that may not be entered or written is named', async () => {
  const closed = join(scratch, 'closed');
  mkdirSync(closed);
  chmodSync(closed, isRoot ? 0o700 : 0);
  await rejectsOperator(
    asOrdinaryUser(() => loadOrCreateServerIdentity(closed)),
    /closed.* cannot be read as user/,
  );
  const readOnly = join(scratch, 'read-only');
  mkdirSync(readOnly);
  chmodSync(readOnly, 0o555);
  const write = () => asOrdinaryUser(() => loadOrCreateServerIdentity(readOnly));
  await rejectsOperator(write(), /read-only.* cannot be written as user/, /--state/);
  await rejectsOperator(loadOrCreateServerIdentity(join(made, 'ca.pem')), /ca\.pem is not a directory/);
});

test('files that do not fit together are told by name', async () => {
  const other = join(scratch, 'other');
  await loadOrCreateServerIdentity(other);
  const mixtures: readonly (readonly [string, RegExp])[] = [
    ['server.key', /key in .*server\.key does not belong to the certificate in .*server\.pem/],
    ['ca.pem', /server\.pem was not issued by the authority in .*ca\.pem/],
    ['server.pem', /key in .*server\.key does not belong/],
  ];
  for (const [name, expected] of mixtures) {
    const directory = copyOfMade();
    copyFileSync(join(other, name), join(directory, name));
    await rejectsOperator(loadOrCreateServerIdentity(directory), expected);
  }
});

test('files that hold something else are told by name', async () => {
  for (const name of ['ca.pem', 'server.pem', 'server.key']) {
    for (const content of ['', 'garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      const directory = copyOfMade();
      writeFileSync(join(directory, name), content);
      const error = await rejectsOperator(loadOrCreateServerIdentity(directory), /holds no/);
      assert.ok(error.message.includes(name));
    }
  }
});

test('a directory that moves keeps its identity', async () => {
  const from = copyOfMade();
  const to = `${from}-moved`;
  renameSync(from, to);
  assert.equal((await loadOrCreateServerIdentity(to)).origin, 'loaded');
});
