import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { clusterFileName, isSameName } from '../../src/certs/cluster-name.ts';
import { loadOrCreateServerIdentity } from '../../src/certs/identity.ts';
import { signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import { contentOf, output, rejectsOperator, scratchDirectory } from './tools.ts';

const scratch = scratchDirectory('sign');
const stateDir = join(scratch, 'state');
const requestFile = join(scratch, 'testcl.crq');

before(async () => {
  await loadOrCreateServerIdentity(stateDir);
  makeRequest(requestFile, '/CN=testcl');
});

function makeRequest(file: string, subject: string): void {
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`];
  output('openssl', ['req', '-new', ...key, '-subj', subject, '-outform', 'DER', '-out', file]);
}

function orderFor(clusterName: string, otherName: 'refuse' | 'warn' = 'refuse') {
  return { stateDir, clusterName, requestFile, otherName } as const;
}

test('the certificate is stored in DER where setup tools look for it, and openssl verifies it', async () => {
  const { certificateFile, notes } = await signClusterCertificate(orderFor('testcl'));
  assert.equal(certificateFile, join(stateDir, 'cluster-testcl.crt'));
  assert.deepEqual(notes, []);
  assert.equal(statSync(certificateFile).mode & 0o7777, 0o640);
  output('openssl', [
    'verify',
    '-purpose',
    'sslclient',
    '-CAfile',
    join(stateDir, 'ca.pem'),
    '-no-CApath',
    certificateFile,
  ]);
});

test('another signing of the same name takes the place of the first, with another serial', async () => {
  const serialOf = async () => {
    const { certificateFile } = await signClusterCertificate(orderFor('testcl'));
    return new X509Certificate(readFileSync(certificateFile)).serialNumber;
  };
  assert.notEqual(await serialOf(), await serialOf());
});

test('many signings at once all succeed, with serials of their own', async () => {
  const outFiles = Array.from({ length: 8 }, (_, index) => join(scratch, `out${index}.crt`));
  await Promise.all(outFiles.map((outFile) => signClusterCertificate({ ...orderFor('testcl'), outFile })));
  const serials = outFiles.map((file) => new X509Certificate(readFileSync(file)).serialNumber);
  assert.equal(new Set(serials).size, outFiles.length);
});

test('a request for another name is refused, or signed with a warning', async () => {
  const before = contentOf(stateDir);
  await rejectsOperator(signClusterCertificate(orderFor('other')), /is for "testcl", not for "other"/);
  assert.deepEqual(contentOf(stateDir), before);
  const { certificateFile, notes } = await signClusterCertificate(orderFor('other', 'warn'));
  assert.match(notes.join(), /is for "testcl", not for "other"/);
  assert.match(new X509Certificate(readFileSync(certificateFile)).subject, /^CN=testcl$/);
  assert.deepEqual((await signClusterCertificate(orderFor('TESTCL'))).notes, []); // arbiters do not mind the case
});

test('nobody gets a certificate in the name of the arbiter', async () => {
  for (const name of ['Qnetd Server', 'qnet ca']) {
    const file = join(scratch, 'own.crq');
    makeRequest(file, `/CN=${name}`);
    const order = { ...orderFor(name, 'warn'), requestFile: file };
    await rejectsOperator(signClusterCertificate(order), /belongs to the arbiter itself/);
  }
});

test('a name that would lead to another file is refused before anything is read', async () => {
  const before = contentOf(stateDir);
  for (const name of [
    '',
    '.',
    '..',
    '.hidden',
    '../up',
    'a/b',
    '/abs',
    'nul\0',
    'line\n',
    'x'.repeat(244),
    'ü'.repeat(122),
  ]) {
    const order = { ...orderFor(name, 'warn'), requestFile: '/absent' };
    const error = await rejectsOperator(signClusterCertificate(order), /The cluster name ".*" /);
    assert.equal(error.exitCode, 2);
  }
  assert.deepEqual(contentOf(stateDir), before);
  for (const name of ['a', 'a b', 'x'.repeat(243), 'grün', 'a,b=c+"', '-n']) {
    assert.equal(clusterFileName(name), `cluster-${name}.crt`);
  }
});

test('the longest name can be stored', async () => {
  const { certificateFile } = await signClusterCertificate(orderFor('x'.repeat(243), 'warn'));
  rmSync(certificateFile);
});

test('names are compared without regard to case, but only of ASCII letters', () => {
  const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  assert.ok(isSameName('Grün', bytes('gRüN')));
  assert.ok(!isSameName('GRÜN', bytes('grün')));
  assert.ok(!isSameName('a', 'a\0'));
});

test('a request that cannot be read or is none leaves no certificate and no other trace', async () => {
  const before = contentOf(stateDir);
  const garbage = join(scratch, 'garbage');
  writeFileSync(garbage, 'garbage');
  const large = join(scratch, 'large');
  writeFileSync(large, Buffer.alloc(2_000_000, 0x30));
  for (const [file, expected] of [
    [garbage, /garbage is not a certificate request/],
    [large, /large is not a certificate request/],
    [join(scratch, 'absent'), /absent cannot be read/],
    [scratch, /cannot be read/],
    ['/dev/null', /is not a certificate request/],
  ] as const) {
    await rejectsOperator(signClusterCertificate({ ...orderFor('new'), requestFile: file }), expected);
  }
  assert.deepEqual(contentOf(stateDir), before);
});

test('without the key of the authority, or a place to write, nothing is signed', async () => {
  const directory = join(scratch, 'keyless');
  await loadOrCreateServerIdentity(directory);
  rmSync(join(directory, 'ca.key'));
  const before = contentOf(directory);
  await rejectsOperator(signClusterCertificate({ ...orderFor('testcl'), stateDir: directory }), /ca\.key is missing/);
  assert.deepEqual(contentOf(directory), before);
  const outFile = join(scratch, 'absent', 'out.crt');
  await rejectsOperator(signClusterCertificate({ ...orderFor('testcl'), outFile }), /out\.crt cannot be written/);
  assert.ok(!readdirSync(scratch).includes('absent'));
});
