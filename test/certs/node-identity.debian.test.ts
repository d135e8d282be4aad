/** What a node has been given by upstream's own tools, and by openssl, has to be good enough for our daemon. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { loadNodeIdentity } from '../../src/certs/node-identity.ts';
import {
  asOrdinaryUser,
  output,
  rejectsOperator,
  scratchDirectory,
  upstreamArbiterScript,
  upstreamNodeScript,
} from './tools.ts';

const NICKNAME = 'Cluster Cert';
const scratch = scratchDirectory('node-identity');
const arbiterStore = join(scratch, 'qnetd/nssdb');
const nodeStore = join(scratch, 'net/nssdb');
let arbiterScript: string;
let nodeScript: string;

/** A copy of the node's directory, without some of its files. */
function storeWithout(...names: readonly string[]): string {
  const copy = join(mkdtempSync(join(scratch, 'store-')), 'nssdb');
  cpSync(nodeStore, copy, { recursive: true });
  for (const name of names) rmSync(join(copy, name));
  return copy;
}

function requestAndImport(): void {
  output('bash', [nodeScript, '-r', '-n', 'tst']);
  output('bash', [arbiterScript, '-s', '-c', join(nodeStore, 'qdevice-net-node.crq'), '-n', 'tst']);
  output('bash', [nodeScript, '-M', '-c', join(arbiterStore, 'cluster-tst.crt')]);
}

const serialOf = (pem: string | undefined) => new X509Certificate(pem ?? '').serialNumber;

before(() => {
  arbiterScript = upstreamArbiterScript(scratch, join(scratch, 'qnetd'));
  nodeScript = upstreamNodeScript(scratch, join(scratch, 'net'));
  output('bash', [arbiterScript, '-i']);
  output('bash', [nodeScript, '-i', '-c', join(arbiterStore, 'qnetd-cacert.crt')]);
});

test('a directory without certificates holds nothing, and one that is missing neither', async () => {
  assert.equal(await loadNodeIdentity(mkdtempSync(join(scratch, 'empty-')), NICKNAME), undefined);
  assert.equal(await loadNodeIdentity(join(scratch, 'missing'), NICKNAME), undefined);
});

test('a database that knows the authority alone gives an identity without a key, and nothing is written', async () => {
  const store = storeWithout();
  const loaded = await loadNodeIdentity(store, NICKNAME);
  assert.equal(loaded?.identity.pair, undefined);
  assert.match(new X509Certificate(loaded?.identity.caPem ?? '').subject, /QNet CA/);
  assert.throws(() => statSync(join(store, 'ca.pem')));
});

test("upstream's database is imported once, as files that only their owner may read", async () => {
  requestAndImport();
  const store = storeWithout('qdevice-net-node.p12');
  const imported = await loadNodeIdentity(store, NICKNAME);
  assert.equal(imported?.origin, 'database');
  for (const name of ['ca.pem', 'cluster.pem', 'cluster.key']) {
    assert.equal(statSync(join(store, name)).mode & 0o777, 0o600, name);
  }
  const again = await loadNodeIdentity(store, NICKNAME);
  assert.equal(again?.origin, 'files');
  assert.deepEqual(again?.identity, imported?.identity);
  assert.equal(new X509Certificate(again?.identity.pair?.certPem ?? '').subject, 'CN=tst');
});

test('the file that tools copy from node to node is enough', async () => {
  const store = storeWithout('cert9.db', 'key4.db', 'pkcs11.txt');
  const imported = await loadNodeIdentity(store, NICKNAME);
  assert.equal(imported?.origin, 'pkcs12');
  const fromDatabase = await loadNodeIdentity(storeWithout(), NICKNAME);
  assert.deepEqual(imported?.identity, fromDatabase?.identity);
});

test('of several key pairs the newest counts, from the database and from the file alike', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // certificates tell time in seconds
  requestAndImport();
  const newest = serialOf(
    `-----BEGIN CERTIFICATE-----\n${readFileSync(join(arbiterStore, 'cluster-tst.crt')).toString('base64')}\n-----END CERTIFICATE-----`,
  );
  const fromDatabase = await loadNodeIdentity(storeWithout('qdevice-net-node.p12'), NICKNAME);
  const fromFile = await loadNodeIdentity(storeWithout('cert9.db', 'key4.db'), NICKNAME);
  assert.equal(serialOf(fromDatabase?.identity.pair?.certPem), newest);
  assert.equal(serialOf(fromFile?.identity.pair?.certPem), newest);
});

test('PKCS#12 files in the ways of old and new tools are read', async () => {
  const { identity } = (await loadNodeIdentity(storeWithout(), NICKNAME)) ?? assert.fail('nothing there');
  const pem = mkdtempSync(join(scratch, 'pem-'));
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => join(pem, name));
  writeFileSync(ca ?? '', identity.caPem);
  writeFileSync(cert ?? '', identity.pair?.certPem ?? '');
  writeFileSync(key ?? '', identity.pair?.keyPem ?? '', { mode: 0o600 });
  const ways = [[], ['-legacy'], ['-legacy', '-certpbe', 'PBE-SHA1-3DES'], ['-certpbe', 'NONE', '-keypbe', 'NONE']];
  for (const way of ways) {
    const store = mkdtempSync(join(scratch, 'openssl-'));
    const files = ['-inkey', key ?? '', '-in', cert ?? '', '-certfile', ca ?? ''];
    const out = ['-out', join(store, 'qdevice-net-node.p12'), '-passout', 'pass:'];
    output('openssl', ['pkcs12', '-export', ...way, ...files, ...out]);
    assert.deepEqual((await loadNodeIdentity(store, NICKNAME))?.identity, identity, way.join(' '));
  }
});

test('what is there and cannot be used is told by the name of its file', async () => {
  const broken = mkdtempSync(join(scratch, 'broken-'));
  writeFileSync(join(broken, 'qdevice-net-node.p12'), 'no such thing');
  await rejectsOperator(loadNodeIdentity(broken, NICKNAME), /qdevice-net-node\.p12/, /empty password/);
  const store = storeWithout();
  await loadNodeIdentity(store, NICKNAME);
  for (const name of ['cert9.db', 'key4.db', 'qdevice-net-node.p12', 'cluster.key']) rmSync(join(store, name));
  await rejectsOperator(loadNodeIdentity(store, NICKNAME), /cluster\.key missing/);
  const other = mkdtempSync(join(scratch, 'other-'));
  const args = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=QNet CA', '-days', '2'];
  output('openssl', ['req', ...args, '-keyout', join(other, 'k'), '-out', join(other, 'ca.pem')]);
  const mixed = storeWithout();
  await loadNodeIdentity(mixed, NICKNAME);
  cpSync(join(other, 'ca.pem'), join(mixed, 'ca.pem'));
  await rejectsOperator(loadNodeIdentity(mixed, NICKNAME), /was not issued by the authority in .*ca\.pem/);
});

test('from a directory that may not be written to it is imported, with a note', async () => {
  const store = storeWithout('cert9.db', 'key4.db');
  chmodSync(join(store, 'qdevice-net-node.p12'), 0o644);
  for (const directory of [store, dirname(store)]) chmodSync(directory, 0o555);
  const loaded = await asOrdinaryUser(() => loadNodeIdentity(store, NICKNAME));
  assert.equal(loaded?.origin, 'pkcs12');
  assert.match(loaded?.notes.join() ?? '', /cannot be written/);
  chmodSync(store, 0o755);
});
