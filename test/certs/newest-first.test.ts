/** Of several certificates with their keys the newest counts, in whatever order a file or a database has them. */
import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issueCertificate, makeKey, subjectOf } from '../../src/certs/issue.ts';
import { newestFirst } from '../../src/certs/nss-database.ts';
import { readClusterProfile, readFixedProfile } from '../../src/certs/profiles.ts';

const profile = readClusterProfile();
const subject = subjectOf(readFixedProfile('server').subject);
const key = await makeKey(profile.keyBits);

function issuedAt(now: string): { certificate: X509Certificate; key: typeof key } {
  const publicKey = createPublicKey(key);
  const order = { profile, subject, publicKey, issuer: subject, issuerKey: key, now: new Date(now) };
  return { certificate: new X509Certificate(issueCertificate(order)), key };
}

test('the one that begins last comes first; of those of one second, the one of the highest number', () => {
  const second = '2026-11-25T12:00:01Z';
  const same = Array.from({ length: 8 }, () => issuedAt(second));
  const older = issuedAt('2026-11-25T12:00:00Z');
  const younger = issuedAt('2026-11-25T12:00:02Z');
  const number = ({ certificate }: { certificate: X509Certificate }) => BigInt(`0x${certificate.serialNumber}`);
  const expected = [younger, ...same.toSorted((a, b) => (number(a) < number(b) ? 1 : -1)), older].map(number);
  for (const given of [
    [older, ...same, younger],
    [younger, ...same.toReversed(), older],
  ]) {
    assert.deepEqual(newestFirst(given).map(number), expected);
  }
});
