import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseProfile, readClusterProfile, readFixedProfile } from '../../src/certs/profiles.ts';
import { OperatorError } from '../../src/runtime/errors.ts';

const caText = readFileSync(new URL('../../certs/ca.json', import.meta.url), 'utf8');

function changed(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(caText), ...change });
}

test('the three profiles are read, and carry the names that every node expects', () => {
  assert.equal(readFixedProfile('ca').subject.commonName, 'QNet CA');
  assert.equal(readFixedProfile('server').subject.commonName, 'Qnetd Server');
  assert.equal(readClusterProfile().subject, 'fromRequest');
  assert.deepEqual(readClusterProfile().extensions, []);
});

test('a profile with a wrong, missing or unknown member is refused by the name of its file', () => {
  const constraints = { name: 'basicConstraints', critical: true, authority: true, pathLength: 0 };
  const wrong: readonly string[] = [
    '',
    '[]',
    'null',
    changed({ reason: 1 }),
    changed({ validityYears: 1 }),
    JSON.stringify({ subject: 'fromRequest' }),
    changed({ keyBits: 1024 }),
    changed({ keyBits: '2048' }),
    changed({ digest: 'sha1' }),
    changed({ validityDays: 36_526 }),
    changed({ validityDays: 0.5 }),
    changed({ backdateDays: -1 }),
    changed({ extensions: {} }),
    changed({ extensions: [{ ...constraints, name: 'keyUsage' }] }),
    changed({ extensions: [{ ...constraints, critical: 1 }] }),
    changed({ extensions: [{ ...constraints, pathLength: -1 }] }),
    changed({ subject: 'CN=x' }),
    changed({ subject: { commonName: 'a_b', stringType: 'printable' } }),
    changed({ subject: { commonName: 'a', stringType: 'ia5' } }),
    changed({ subject: { commonName: '', stringType: 'utf8' } }),
  ];
  for (const content of wrong) {
    assert.throws(
      () => parseProfile('ca', content),
      (error) => error instanceof OperatorError && error.message.includes('certs/ca.json'),
      content,
    );
  }
  assert.deepEqual(parseProfile('ca', changed({ backdateDays: 2 })).backdateDays, 2);
});
