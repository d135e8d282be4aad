/** Certificates here come from openssl, so that reading them is not tested against our own writing. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readPeerCertificate } from '../../src/certs/peer-certificate.ts';
import { output, scratchDirectory } from './tools.ts';

const scratch = scratchDirectory('peer');
const keyFile = join(scratch, 'key.pem');
output('openssl', ['genrsa', '-out', keyFile, '2048']);

/** `subject` and `extensions` are lines of an openssl configuration. */
function certificate(subject: readonly string[], extensions: readonly string[] = [], stringMask = 'default'): Buffer {
  const config = join(scratch, 'openssl.cnf');
  const lines = [
    `[req]\nprompt=no\nutf8=yes\nstring_mask=${stringMask}\ndistinguished_name=dn\nx509_extensions=ext`,
    `[dn]\n${subject.join('\n')}\n[ext]\n${extensions.join('\n')}`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const out = join(scratch, 'cert.pem');
  output('openssl', ['req', '-x509', '-key', keyFile, '-config', config, '-out', out]);
  return new X509Certificate(readFileSync(out)).raw;
}

const plain = certificate(['CN=testcl']);

test('the common name alone, as upstream has it', () => {
  assert.deepEqual(readPeerCertificate(plain), {
    commonName: 'testcl',
    dnsNames: [],
    ipAddresses: [],
    fingerprint: new X509Certificate(plain).fingerprint256.replaceAll(':', '').toLowerCase(),
  });
});

test('of several common names the last counts, as for NSS', () => {
  const raw = certificate(['0.CN=first', 'O=somebody', '1.CN=second', 'OU=something']);
  assert.equal(readPeerCertificate(raw).commonName, 'second');
  assert.equal(readPeerCertificate(certificate(['O=nobody'])).commonName, undefined);
});

test('a name of any string type has the bytes of its UTF-8', () => {
  const bytes = Buffer.from('grün_Ω', 'utf8').toString('latin1');
  assert.equal(readPeerCertificate(certificate(['CN=grün_Ω'], [], 'utf8only')).commonName, bytes);
  assert.equal(readPeerCertificate(certificate(['CN=grün_Ω'], [], 'MASK:0x800')).commonName, bytes); // BMPString
  // openssl writes no UniversalString (tag 1c, four bytes a character), so one is put in: nobody checks the signature.
  const universal = certificate(['CN=AAAABBBB'], [], 'utf8only').toString('latin1');
  const put = universal.replaceAll('\x0c\x08AAAABBBB', '\x1c\x08\0\0\0x\0\0\x03\xa9');
  const omega = Buffer.from('xΩ', 'utf8').toString('latin1');
  assert.equal(readPeerCertificate(Buffer.from(put, 'latin1')).commonName, omega);
});

test('alternative names are told apart by kind', () => {
  const raw = certificate(['CN=x'], ['subjectAltName=DNS:one,IP:192.0.2.7,email:a@b.example,DNS:*.two,IP:2001:db8::5']);
  const { dnsNames, ipAddresses } = readPeerCertificate(raw);
  assert.deepEqual(dnsNames, ['one', '*.two']);
  assert.deepEqual(ipAddresses, ['192.0.2.7', '2001:db8::5']);
});

test('an alternative name that cannot be read leaves nobody named: it might have hidden the common name', () => {
  const raw = certificate(['CN=x'], ['2.5.29.17=DER:30:82']);
  assert.equal(readPeerCertificate(raw).commonName, undefined);
});

test('whatever the bytes, there is an answer, and broken ones name nobody', () => {
  for (let length = 0; length < plain.length; length += 1) {
    assert.equal(readPeerCertificate(plain.subarray(0, length)).commonName, undefined, `cut at ${length}`);
  }
  const deep = Buffer.concat([Buffer.alloc(60_000, Buffer.of(0x30, 0x80)), plain]);
  assert.equal(readPeerCertificate(deep).commonName, undefined);
  assert.equal(readPeerCertificate(Buffer.concat([plain, Buffer.alloc(70_000)])).commonName, undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(readPeerCertificate(bytes).commonName, undefined);
    }),
  );
  fc.assert(
    fc.property(fc.nat(plain.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Buffer.from(plain);
      damaged[at] = byte;
      const { commonName, dnsNames, ipAddresses } = readPeerCertificate(damaged);
      assert.ok(commonName === undefined || typeof commonName === 'string');
      assert.deepEqual([dnsNames, ipAddresses], [[], []]);
    }),
    { numRuns: 2000 },
  );
});

test('the same bytes are read once, and the memory of them is bounded', () => {
  const first = readPeerCertificate(plain);
  assert.equal(readPeerCertificate(Buffer.from(plain)), first);
  for (let index = 0; index < 1100; index += 1) readPeerCertificate(Buffer.from(`certificate ${index}`));
  const again = readPeerCertificate(plain);
  assert.notEqual(again, first);
  assert.deepEqual(again, first);
});
