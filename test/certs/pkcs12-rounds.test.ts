/** Files that ask for more work than a daemon may spend on them, built by hand: no tool writes them in bearable time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asn1, context, integer, OID, octetString, oid, sequence, writeDer } from '../../src/certs/asn1.ts';
import { readPkcs12, readPrivateKeys } from '../../src/certs/pkcs12.ts';
import { RoundsBudget } from '../../src/certs/pkcs12-safe.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const SHA1_3DES = '1.2.840.113549.1.12.1.3';
const AES_256 = '2.16.840.1.101.3.4.1.42';
const SALT = octetString(new Uint8Array(8));

function parameters(rounds: number): Asn1 {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(rounds, 1);
  return sequence(SALT, integer(bytes));
}

function today(rounds: number, derivation = PBKDF2): Asn1 {
  const cipher = sequence(oid(AES_256), octetString(new Uint8Array(16)));
  return sequence(oid(PBES2), sequence(sequence(oid(derivation), parameters(rounds)), cipher));
}

/** A file with one key, protected in this way, with nothing sensible inside. */
function fileWith(algorithm: Asn1): Buffer {
  const key = sequence(algorithm, octetString(new Uint8Array(16)));
  const data = (content: Asn1): Asn1 => sequence(oid(OID.pkcs7Data), context(0, octetString(writeDer(content))));
  const bags = sequence(sequence(oid(OID.shroudedKeyBag), context(0, key)));
  return writeDer(sequence(integer(Uint8Array.of(3)), data(sequence(data(bags)))));
}

const REFUSED: readonly (readonly [string, Asn1, RegExp])[] = [
  ['two thousand million rounds', today(2_000_000_000), /2000000000 rounds/],
  ['as many in an old scheme', sequence(oid(SHA1_3DES), parameters(2_000_000_000)), /2000000000 rounds/],
  ['no round at all', today(0), /0 rounds/],
  ['a derivation whose cost is not known', today(1, SCRYPT), /not known/],
];

for (const [what, algorithm, reason] of REFUSED) {
  test(`a key that asks for ${what} is refused before any work`, async () => {
    assert.throws(() => readPrivateKeys(fileWith(algorithm)), reason);
    await assert.rejects(readPkcs12(fileWith(algorithm)), reason);
  });
}

test('what is asked for within reason is tried, and fails by what is inside', () => {
  assert.throws(() => readPrivateKeys(fileWith(today(2048))), /^(?!.*(rounds|not known))/);
});

test('the parts of a file share the rounds that it may ask for', () => {
  const budget = new RoundsBudget();
  for (let part = 0; part < 10; part += 1) budget.spendOn(today(1_000_000));
  assert.throws(() => budget.spendOn(today(1)), /1 rounds/);
});
