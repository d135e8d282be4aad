/** Whatever pk12util was told to protect key and certificates with is read: the key, and the certificate it fits. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { readPkcs12 } from '../../src/certs/pkcs12.ts';
import { output, runTool, scratchDirectory } from './tools.ts';

/** By its manual, and one more for the certificates. */
const CIPHERS = [
  'AES-128-CBC',
  'AES-192-CBC',
  'AES-256-CBC',
  'PKCS #12 V2 PBE With SHA-1 And 128 Bit RC4',
  'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC4',
  'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC',
  'PKCS #12 V2 PBE With SHA-1 And 2KEY Triple DES-CBC',
  'PKCS #12 V2 PBE With SHA-1 And 128 Bit RC2 CBC',
  'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC',
];
const scratch = scratchDirectory('pkcs12-ciphers');
const database = join(scratch, 'nssdb');
const password = join(scratch, 'password');
const file = join(scratch, 'cluster.p12');

before(() => {
  mkdirSync(database);
  writeFileSync(password, '');
  writeFileSync(join(scratch, 'noise'), 'not secret, of a test');
  output('certutil', ['-N', '-d', database, '-f', password]);
  const common = ['-S', '-d', database, '-f', password, '-z', join(scratch, 'noise'), '-k', 'rsa'];
  output('certutil', [...common, '-n', 'Cluster Cert', '-s', 'CN=tst', '-x', '-t', ',,', '-m', '101']);
});

async function isRead(...ciphers: readonly string[]): Promise<boolean> {
  rmSync(file, { force: true });
  const args = ['-o', file, '-d', database, '-n', 'Cluster Cert', '-k', password, '-W', '', ...ciphers];
  const made = runTool('pk12util', args);
  if (made.status !== 0) return false;
  const { keys, certificates } = await readPkcs12(readFileSync(file));
  const [key, certificate] = [keys[0], certificates[0]];
  assert.ok(key !== undefined && certificate?.checkPrivateKey(key) === true, ciphers.join(' '));
  return true;
}

test('every cipher, for key and certificates', async () => {
  const made: string[] = [];
  for (const cipher of CIPHERS) if (await isRead('-c', cipher, '-C', cipher)) made.push(cipher);
  assert.ok(made.length >= 7, `pk12util made ${made.join(', ')}`);
  assert.ok(await isRead('-C', 'NONE'));
});
