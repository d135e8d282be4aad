import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuorumtool, pictureLine } from './quorumtool.ts';

/** Printed by corosync 3.1.7 in a lab: the holder of the vote, and a node without a registered device. */
const WITH_DEVICE = `Quorum information
------------------
Date:             Sun Nov 22 16:49:45 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.9
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      3
Quorum:           2  
Flags:            Quorate Qdevice 

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         2          1    A,V,NMW two-n2
         1          1    A,V,NMW two-n1 (local)
         0          1            Qdevice

`;
const WITHOUT_DEVICE = `Quorum information
------------------
Date:             Sun Nov 22 16:58:04 2026
Quorum provider:  corosync_votequorum
Nodes:            1
Node ID:          1
Ring ID:          1.5
Quorate:          No

Votequorum information
----------------------
Expected votes:   4
Highest expected: 4
Total votes:      1
Quorum:           3 Activity blocked
Flags:            

Membership information
----------------------
    Nodeid      Votes Name
         1          1 four-n1 (local)

`;

test('a reading holds what quorumtool prints, without the row of the device itself', () => {
  assert.deepEqual(parseQuorumtool(WITH_DEVICE), {
    nodeId: 1,
    ringId: '1.9',
    quorate: true,
    totalVotes: 3,
    expectedVotes: 3,
    flags: ['Quorate', 'Qdevice'],
    members: [
      { nodeId: 2, votes: 1, qdevice: 'A,V,NMW', name: 'two-n2' },
      { nodeId: 1, votes: 1, qdevice: 'A,V,NMW', name: 'two-n1' },
    ],
  });
});

test('without a registered device there is no column, and there may be no flag', () => {
  const reading = parseQuorumtool(WITHOUT_DEVICE);
  assert.deepEqual(reading?.members, [{ nodeId: 1, votes: 1, qdevice: '', name: 'four-n1' }]);
  assert.deepEqual(reading.flags, []);
});

test('an error message is no reading', () => {
  assert.equal(parseQuorumtool('Cannot initialize QUORUM service\n'), undefined);
  assert.equal(parseQuorumtool(''), undefined);
});

test('a picture is one line, members in order', () => {
  assert.equal(pictureLine(parseQuorumtool(WITH_DEVICE)), 'quorate with 3 1:A,V,NMW 2:A,V,NMW [Quorate Qdevice]');
  assert.equal(pictureLine(parseQuorumtool(WITHOUT_DEVICE)), 'blocked with 1 1:- []');
  assert.equal(pictureLine(undefined), 'no answer');
});
