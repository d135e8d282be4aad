/** Who is let in, in milliseconds that the test hands in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook } from '../../src/arbiter/address-book.ts';
import { addressKey } from '../../src/arbiter/address-key.ts';
import { Admission } from '../../src/arbiter/admission.ts';
import { type AdmissionSettings, DEFAULT_ADMISSION_SETTINGS } from '../../src/arbiter/admission-settings.ts';

const FRIEND = '192.0.2.1:40000';
const STRANGER = '198.51.100.7:1234';

function admission(settings: Partial<AdmissionSettings> = {}): Admission {
  return new Admission({ ...DEFAULT_ADMISSION_SETTINGS, ...settings });
}

function member(gate: Admission, client: number, address: string): void {
  assert.deepEqual(gate.admit(client, address, 0), { isAdmitted: true, instead: undefined });
  gate.joined(client);
}

test('an address stands for a machine: IPv4 whole, mapped or not, IPv6 by its network of 64 bits', () => {
  const keys = [
    '192.0.2.1:1',
    '::ffff:192.0.2.1:2',
    '2001:db8::1:2',
    '2001:db8:0:0:ffff::1:3',
    '::1:4',
    'fe80::1%eth0:5',
  ];
  const expected = [
    '192.0.2.1',
    '192.0.2.1',
    '2001:db8:0:0::/64',
    '2001:db8:0:0::/64',
    '0:0:0:0::/64',
    'fe80:0:0:0::/64',
  ];
  assert.deepEqual(keys.map(addressKey), expected);
});

test('whoever has not joined after ten seconds goes, not a millisecond before', () => {
  const gate = admission();
  gate.admit(1, STRANGER, 5);
  assert.equal(gate.nextDeadlineMs(), 10_005);
  assert.deepEqual(gate.takeOverdue(10_004), []);
  assert.deepEqual(gate.takeOverdue(10_005), [1]);
  gate.left(1, 10_005);
  assert.equal(gate.counts(10_005).dismissed.deadline, 1);
  assert.equal(gate.counts(10_005).newcomers, 0);
});

test('a deadline that we looked at late is put off, once', () => {
  const gate = admission();
  gate.admit(1, STRANGER, 0);
  assert.deepEqual(gate.takeOverdue(10_501), []);
  assert.equal(gate.nextDeadlineMs(), 11_501);
  assert.deepEqual(gate.takeOverdue(13_000), [1]);
});

test('a member has no deadline, and without one nobody has', () => {
  const gate = admission();
  member(gate, 1, FRIEND);
  assert.equal(gate.nextDeadlineMs(), undefined);
  assert.deepEqual(gate.takeOverdue(1e9), []);
  const patient = admission({ handshakeMs: 0 });
  patient.admit(1, STRANGER, 0);
  assert.equal(patient.nextDeadlineMs(), undefined);
});

test('handshakes take turns, and time spent waiting for one is not held against anybody', () => {
  const gate = admission({ handshakesMax: 2 });
  for (const client of [1, 2, 3, 4]) gate.admit(client, STRANGER, 0);
  assert.deepEqual(
    [1, 2, 3, 4].map((client) => gate.wantsHandshake(client, 9_000)),
    [true, true, false, false],
  );
  assert.equal(gate.nextDeadlineMs(), 9_300);
  assert.deepEqual(gate.takeTurns(9_001), []);
  gate.secured(1);
  assert.deepEqual(gate.takeTurns(9_100), [3]);
  assert.deepEqual(gate.takeOverdue(10_000), [1, 2], 'what waits has time, what had its turn has not');
  gate.left(2, 10_000);
  assert.deepEqual(gate.takeTurns(10_000), [4]);
  assert.deepEqual(gate.takeOverdue(10_099), []);
  gate.left(1, 10_050);
  assert.deepEqual(gate.takeOverdue(10_100), [3], '100 ms it waited, and so much longer it has');
  assert.deepEqual(gate.counts(0).waitingForHandshake, 0);
});

test('a handshake that does not go on gives its turn away and keeps its deadline', () => {
  const gate = admission({ handshakesMax: 1 });
  gate.admit(1, STRANGER, 0);
  gate.admit(2, STRANGER, 0);
  assert.equal(gate.wantsHandshake(1, 0), true);
  assert.equal(gate.wantsHandshake(2, 0), false);
  assert.deepEqual(gate.takeOverdue(299), []);
  assert.deepEqual(gate.takeTurns(299), []);
  assert.deepEqual(gate.takeOverdue(300), []);
  assert.deepEqual(gate.takeTurns(300), [2]);
  assert.equal(gate.counts(300).handshakes, 2);
  assert.deepEqual(gate.takeOverdue(10_000), [1]);
});

test('handshakes that hang hold a bounded number of places', () => {
  const gate = admission({ handshakesMax: 100 });
  let shed = 0;
  for (let client = 1; client <= 2_000; client += 1) {
    gate.admit(client, `203.0.113.${client % 250}:1`, client);
    gate.wantsHandshake(client, client);
    if (client % 100 !== 0) continue;
    for (const gone of gate.takeOverdue(client + 300)) {
      shed += 1;
      gate.left(gone, client);
    }
    gate.takeTurns(client + 300);
  }
  assert.ok(gate.counts(0).handshakes <= 1_024 + 100, `${gate.counts(0).handshakes} are held`);
  assert.equal(gate.counts(0).dismissed.shed, shed);
});

test('addresses from which a node has joined go first, and strangers make room for them', () => {
  const gate = admission({ newcomersMax: 8, handshakesMax: 1 });
  member(gate, 1, FRIEND);
  for (const client of [2, 3, 4, 5, 6, 7, 8, 9]) gate.admit(client, `203.0.113.${client}:1`, client);
  assert.deepEqual(gate.admit(10, '203.0.113.99:1', 10), { isAdmitted: false, why: 'newcomerLimit' });
  assert.deepEqual(gate.admit(11, FRIEND, 11), { isAdmitted: true, instead: 2 });
  gate.left(2, 11);
  assert.deepEqual(
    [gate.wantsHandshake(3, 11), gate.wantsHandshake(4, 11), gate.wantsHandshake(11, 11)],
    [true, false, false],
  );
  gate.secured(3);
  assert.deepEqual(gate.takeTurns(12), [11]);
});

test('one stranger cannot fill the house, and a limit for each address counts its members too', () => {
  const gate = admission({ newcomersMax: 8 });
  assert.deepEqual(
    [1, 2, 3].map((client) => gate.admit(client, STRANGER, 0).isAdmitted),
    [true, true, false],
  );
  const limited = admission({ clientsPerAddressMax: 2 });
  member(limited, 1, FRIEND);
  limited.admit(2, FRIEND, 0);
  assert.deepEqual(limited.admit(3, FRIEND, 0), { isAdmitted: false, why: 'addressLimit' });
  limited.left(1, 0);
  assert.equal(limited.admit(4, FRIEND, 0).isAdmitted, true);
});

test('of the connections that descriptors allow some are kept for whoever was there before', () => {
  const gate = admission({ connectionsMax: 16, reservedForKnownPercent: 13 });
  member(gate, 1, FRIEND);
  for (let client = 2; client <= 14; client += 1) gate.admit(client, `203.0.113.${client}:1`, 0);
  assert.deepEqual(gate.admit(15, STRANGER, 0), { isAdmitted: false, why: 'descriptors' });
  assert.deepEqual(gate.admit(16, FRIEND, 0), { isAdmitted: true, instead: undefined });
  assert.deepEqual(gate.admit(17, FRIEND, 0), { isAdmitted: true, instead: undefined });
  assert.deepEqual(gate.admit(18, FRIEND, 0), { isAdmitted: true, instead: 2 });
});

test('an address that fails again and again has to wait for a minute; one with a member never', () => {
  const gate = admission({ failuresMax: 3 });
  const fail = (client: number, address: string, nowMs: number) => {
    const { isAdmitted } = gate.admit(client, address, nowMs);
    if (!isAdmitted) return false;
    gate.failed(client);
    gate.left(client, nowMs);
    return true;
  };
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((client) => fail(client, STRANGER, client)),
    [true, true, true, true, false],
  );
  assert.equal(gate.counts(5).penalisedAddresses, 1);
  assert.equal(fail(6, STRANGER, 60_003), false);
  assert.equal(fail(7, STRANGER, 60_004), true);
  member(gate, 8, FRIEND);
  for (let client = 20; client < 40; client += 1) assert.equal(fail(client, FRIEND, client), true);
  const never = admission({ failuresMax: 0 });
  never.admit(1, STRANGER, 0);
  never.wantsHandshake(1, 0);
  never.left(1, 1);
  assert.equal(never.counts(1).penalisedAddresses, 0);
});

test('a failure is forgiven every two seconds, and a handshake broken off is one', () => {
  const gate = admission({ failuresMax: 2 });
  for (let client = 1; client <= 20; client += 1) {
    assert.equal(gate.admit(client, STRANGER, client * 2_000).isAdmitted, true);
    gate.wantsHandshake(client, client * 2_000);
    gate.left(client, client * 2_000);
  }
  assert.equal(gate.counts(40_000).penalisedAddresses, 0);
});

test('who is not a newcomer is none of its business', () => {
  const gate = admission();
  assert.equal(gate.wantsHandshake(9, 0), true);
  gate.secured(9);
  gate.joined(9);
  gate.failed(9);
  gate.left(9, 0);
  assert.equal(gate.counts(0).newcomers, 0);
});

test('the book of addresses is limited: who is connected stays, then who has joined', () => {
  const book = new AddressBook({ failuresMax: 5, penaltyMs: 10 });
  book.connected('here');
  for (const key of ['old friend', 'friend']) {
    book.connected(key);
    book.joined(key);
    book.left(key, true);
  }
  for (let at = 0; at < 70_000; at += 1) book.failed(`enemy ${at}`, 0);
  assert.deepEqual([book.isKnown('old friend'), book.isKnown('friend'), book.connectionsOf('here')], [true, true, 1]);
  const friends = new AddressBook({ failuresMax: 5, penaltyMs: 10 });
  for (let at = 0; at < 65_600; at += 1) {
    friends.connected(`friend ${at}`);
    friends.joined(`friend ${at}`);
    friends.left(`friend ${at}`, true);
  }
  assert.deepEqual([friends.isKnown('friend 0'), friends.isKnown('friend 65599')], [false, true]);
});
