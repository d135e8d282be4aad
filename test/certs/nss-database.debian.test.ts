/** Databases made by upstream's own script and NSS's own tools, taken over without new keys. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspectStateDir, loadOrCreateServerIdentity, loadServerIdentity } from '../../src/certs/identity.ts';
import { exportNssIdentity, SERVER_NICKNAME } from '../../src/certs/nss-database.ts';
import { readPrivateKeys } from '../../src/certs/pkcs12.ts';
import { signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import {
  asOrdinaryUser,
  contentOf,
  output,
  rejectsOperator,
  scratchDirectory,
  upstreamArbiterScript,
  upstreamNodeScript,
} from './tools.ts';

const scratch = scratchDirectory('nss');
const theirs = join(scratch, 'qnetd/nssdb');
const request = join(scratch, 'net/nssdb/qdevice-net-node.crq');
const isRoot = process.geteuid?.() === 0;

before(() => {
  output(upstreamArbiterScript(scratch, join(scratch, 'qnetd')), ['-i', '-G']);
  const node = upstreamNodeScript(scratch, join(scratch, 'net'));
  output(node, ['-i', '-c', join(theirs, 'qnetd-cacert.crt')]);
  output(node, ['-r', '-n', 'testcl']);
});

function copyOfTheirs(name: string): string {
  const directory = join(scratch, name);
  cpSync(theirs, directory, { recursive: true });
  return directory;
}

function fingerprintOf(database: string, nickname: string): string {
  return new X509Certificate(output('certutil', ['-L', '-d', database, '-n', nickname, '-a'])).fingerprint256;
}

test('a database is imported with its keys, and none of its bytes change', async () => {
  const directory = copyOfTheirs('imported');
  const before = contentOf(directory);
  assert.equal(await inspectStateDir(directory), 'database');
  const { identity, origin, notes } = await loadOrCreateServerIdentity(directory);
  assert.equal(origin, 'imported');
  assert.deepEqual(notes, []);
  assert.equal(new X509Certificate(identity.caPem).fingerprint256, fingerprintOf(`sql:${theirs}`, 'QNet CA'));
  assert.equal(new X509Certificate(identity.certPem).fingerprint256, fingerprintOf(`sql:${theirs}`, 'QNetd Cert'));
  const after = contentOf(directory);
  for (const [name, content] of Object.entries(before)) assert.equal(after[name], content, name);
  const added = Object.keys(after).filter((name) => before[name] === undefined);
  assert.deepEqual(added, ['ca.key', 'ca.pem', 'server.key', 'server.pem']);
  for (const name of added) assert.equal(statSync(join(directory, name)).mode & 0o7777, 0o640, name);
  assert.equal((await loadOrCreateServerIdentity(directory)).origin, 'loaded');
});

test('the imported authority signs what an untouched upstream database accepts', async () => {
  const directory = copyOfTheirs('signing');
  const order = { stateDir: directory, clusterName: 'testcl', requestFile: request, otherName: 'refuse' } as const;
  const { certificateFile, notes } = await signClusterCertificate(order);
  assert.match(notes.join(), /was imported/);
  const node = join(scratch, 'net/nssdb');
  output('certutil', ['-V', '-d', node, '-n', 'QNet CA', '-u', 'L']);
  for (const database of [theirs, node]) {
    output('certutil', ['-A', '-d', database, '-n', 'Cluster Cert', '-t', 'u,u,u', '-i', certificateFile]);
    assert.match(output('certutil', ['-V', '-d', database, '-n', 'Cluster Cert', '-u', 'C']), /certificate is valid/);
  }
});

test('files belong to whoever the keys of the database belong to', async () => {
  const directory = copyOfTheirs('owned');
  if (isRoot) chownSync(join(directory, 'key4.db'), 0, 65534);
  const { uid, gid } = statSync(join(directory, 'key4.db'));
  await loadOrCreateServerIdentity(directory);
  const key = statSync(join(directory, 'ca.key'));
  assert.deepEqual([key.uid, key.gid, key.mode & 0o7777], [uid, gid, 0o640]);
});

test('an import that was cut off is taken up again', async () => {
  const whole = copyOfTheirs('whole');
  await loadOrCreateServerIdentity(whole);
  for (const files of [['ca.key'], ['ca.key', 'ca.pem'], ['ca.key', 'ca.pem', 'server.key']]) {
    const directory = copyOfTheirs(`resumed${files.length}`);
    for (const name of files) cpSync(join(whole, name), join(directory, name));
    assert.equal((await loadOrCreateServerIdentity(directory)).origin, 'imported');
    assert.deepEqual(contentOf(directory), contentOf(whole));
  }
});

test('several importers at once do not disturb each other', async () => {
  const directory = copyOfTheirs('together');
  const loaded = await Promise.all(Array.from({ length: 3 }, () => loadOrCreateServerIdentity(directory)));
  assert.equal(new Set(loaded.map(({ identity }) => identity.keyPem)).size, 1);
});

test('who may read the database but not write beside it serves from memory, and is told so', async () => {
  const directory = copyOfTheirs('read-only');
  chmodSync(directory, 0o555);
  for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o444);
  const { identity, origin, notes } = await asOrdinaryUser(() => loadOrCreateServerIdentity(directory));
  assert.equal(origin, 'imported');
  assert.match(notes.join(), /cannot be written.*qnetd init/);
  assert.equal(new X509Certificate(identity.caPem).fingerprint256, fingerprintOf(`sql:${theirs}`, 'QNet CA'));
  assert.deepEqual(readdirSync(directory).sort(), readdirSync(theirs).sort());
  chmodSync(directory, 0o755); // so that it can be removed
});

test('the old database format is imported too', async () => {
  const directory = join(scratch, 'dbm');
  mkdirSync(directory);
  const [noise, password] = [join(scratch, 'noise'), join(scratch, 'password')];
  writeFileSync(noise, 'any forty bytes will do for a test of this');
  writeFileSync(password, '\n');
  const database = `dbm:${directory}`;
  output('certutil', ['-N', '-d', database, '-f', password]);
  const common = ['-v', '1200', '-d', database, '-z', noise, '-f', password];
  output(
    'certutil',
    ['-S', '-n', 'QNet CA', '-s', 'CN=QNet CA', '-x', '-t', 'CT,,', '-m', '101', '-2', ...common],
    'y\n0\ny\n',
  );
  output('certutil', [
    '-S',
    '-n',
    'QNetd Cert',
    '-s',
    'CN=Qnetd Server',
    '-c',
    'QNet CA',
    '-t',
    'u,u,u',
    '-m',
    '102',
    ...common,
  ]);
  const before = contentOf(directory);
  const { identity, origin } = await loadOrCreateServerIdentity(directory);
  assert.equal(origin, 'imported');
  assert.equal(new X509Certificate(identity.caPem).fingerprint256, fingerprintOf(database, 'QNet CA'));
  const after = contentOf(directory);
  for (const [name, content] of Object.entries(before)) assert.equal(after[name], content, name);
  assert.ok(Object.keys(after).includes('qnetd-cacert.crt'));
});

test('a database without one of the certificates is told by the name that is missing', async () => {
  const directory = copyOfTheirs('incomplete');
  output('certutil', ['-F', '-d', directory, '-n', 'QNetd Cert']);
  await rejectsOperator(
    loadOrCreateServerIdentity(directory),
    /"QNetd Cert" is missing from the database in .*incomplete/,
  );
  assert.equal(await inspectStateDir(directory), 'database');
  await rejectsOperator(loadOrCreateServerIdentity(theirs, { serverNickname: 'Other' }), /"Other" is missing/);
});

test("a short or broken database is an operator's matter", async () => {
  const directory = join(scratch, 'broken');
  mkdirSync(directory);
  writeFileSync(join(directory, 'cert9.db'), 'not a database');
  await rejectsOperator(loadOrCreateServerIdentity(directory), /broken/);
});

test('without the tools the package to install is named, and nothing is made', async () => {
  const directory = copyOfTheirs('tool-less');
  const before = contentOf(directory);
  const path = process.env['PATH'];
  process.env['PATH'] = scratch;
  try {
    await rejectsOperator(loadServerIdentity(directory), /NSS database/, /libnss3-tools/);
  } finally {
    process.env['PATH'] = path;
  }
  assert.deepEqual(contentOf(directory), before);
});

test('keys that may not be read are told by their file', async () => {
  const directory = copyOfTheirs('locked');
  chmodSync(directory, 0o755);
  chmodSync(join(directory, 'cert9.db'), 0o644);
  chmodSync(join(directory, 'key4.db'), isRoot ? 0o600 : 0);
  await rejectsOperator(
    asOrdinaryUser(() => loadServerIdentity(directory)),
    /key4\.db cannot be read as user/,
  );
});

test('key files of other protections are read', () => {
  const key = readFileSync(join(scratch, 'imported/ca.key'), 'utf8');
  for (const cipher of ['AES-256-CBC', 'AES-128-CBC', 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC']) {
    const file = join(scratch, 'exported.p12');
    rmSync(file, { force: true });
    output('pk12util', ['-o', file, '-d', theirs, '-n', 'QNet CA', '-W', '', '-c', cipher]);
    const [found] = readPrivateKeys(readFileSync(file));
    assert.equal(found?.export({ type: 'pkcs8', format: 'pem' }), key, cipher);
  }
});

test('exported keys are gone afterwards: after success, after failure, and after a signal', async () => {
  const temporary = join(scratch, 'tmp');
  mkdirSync(temporary);
  const usual = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
  try {
    await exportNssIdentity(theirs, SERVER_NICKNAME);
    await rejectsOperator(exportNssIdentity(theirs, 'absent'));
    assert.deepEqual(readdirSync(temporary), []);
    const module = new URL('../../src/certs/private-directory.ts', import.meta.url).href;
    const script = `const { withPrivateDirectory } = await import(${JSON.stringify(module)});
      await withPrivateDirectory(async (directory) => {
        process.stdout.write(directory);
        await new Promise((resolve) => setTimeout(resolve, 30_000));
      });`;
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd });
    const [printed] = await once(child.stdout, 'data');
    const directory = String(printed);
    assert.equal(statSync(directory).mode & 0o7777, 0o700);
    child.kill('SIGTERM');
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGTERM');
    assert.ok(!readdirSync(temporary).includes(basename(directory)));
  } finally {
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
  }
});
