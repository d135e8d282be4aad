/** What programs print, read as facts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyValues } from '../../src/setup/facts/key-values.ts';
import { hasVote, readQuorum } from '../../src/setup/facts/quorum-view.ts';
import { bare } from '../../src/setup/survey.ts';

const TABLE = `Quorum information
------------------
Date:             Sun Nov 22 13:48:08 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.5
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      3
Quorum:           2${'  '}
Flags:            Quorate Qdevice${' '}

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         1          1    A,V,NMW kfn1 (local)
         2          1         NR kfn2
         0          1            Qdevice
`;

test('the table of corosync-quorumtool', () => {
  const view = readQuorum(TABLE);
  assert.deepEqual(view?.members, [
    { nodeId: 1, votes: 1, device: 'A,V,NMW', name: 'kfn1' },
    { nodeId: 2, votes: 1, device: 'NR', name: 'kfn2' },
  ]);
  assert.deepEqual([view?.quorate, view?.expectedVotes, view?.totalVotes, view?.quorum], [true, 3, 3, 2]);
  assert.ok(hasVote(view));
  const without = readQuorum(TABLE.replace('    Qdevice Name', ' Name').replace('    A,V,NMW kfn1', ' kfn1'));
  assert.equal(without?.device, undefined);
  assert.equal(readQuorum('Cannot initialize QUORUM service'), undefined);
  assert.ok(!hasVote(readQuorum(TABLE.replace('A,V,NMW', 'A,NV,NMW'))));
});

test('facts come as lines; what is no fact is passed over', () => {
  const values = new KeyValues('Welcome\nport=ok\naddress=1\naddress=2\nempty=\nconf=YTpi\n');
  assert.equal(values.first('port'), 'ok');
  assert.deepEqual(values.all('address'), ['1', '2']);
  assert.equal(values.first('empty'), undefined);
  assert.equal(values.decoded('conf'), 'a:b');
});

test('addresses of connected nodes lose their port, and IPv4 its dress', () => {
  assert.equal(bare('::ffff:192.0.2.11:40112'), '192.0.2.11');
  assert.equal(bare('192.0.2.11:40112'), '192.0.2.11');
  assert.equal(bare('[2001:db8::1]:40112'), '2001:db8::1');
  assert.equal(bare('2001:db8::1:40112'), '2001:db8::1');
});
