import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ClusterFacts, checkCluster } from '../../../src/setup/rules/checks.ts';
import { type Finding, obstacles } from '../../../src/setup/rules/finding.ts';
import { type Change, factsWith } from './facts.ts';

const PROVIDER = 'provider: corosync_votequorum\n';
const DEVICE = `${PROVIDER}device {\nmodel: net\nvotes: 1\nnet {\nhost: old\nalgorithm: ffsplit\n}\n}\n`;
const running: Change['all'] = { deviceExpected: true };

/** A fault, and the beginning of what is said about it, by level. */
const ROWS: readonly (readonly [string, Change, string])[] = [
  ['F1 refuse', { facts: { online: false } }, 'Node n1 is offline'],
  ['F2 refuse', { quorum: '' }, 'quorum.provider in'],
  ['F2 refuse', { facts: { hasSameConf: false } }, '/etc/corosync/corosync.conf is not the same on n1'],
  ['F2 refuse', { facts: { canWriteConf: false } }, '/etc/corosync/corosync.conf cannot be written on node n1'],
  ['F4 refuse', { quorum: DEVICE }, 'A quorum device is configured (host old, algorithm ffsplit).'],
  ['F5 force', { nodes: 3 }, '3 nodes is odd'],
  ['F5 refuse', { nodes: 1 }, 'A single node'],
  ['F6 refuse', { quorum: `${PROVIDER}auto_tie_breaker: 1\n` }, 'quorum.auto_tie_breaker is 1 (/etc/corosync'],
  ['F6 refuse', { quorum: `${PROVIDER}last_man_standing: 1\n` }, 'quorum.last_man_standing is 1'],
  ['F6 refuse', { quorum: `${PROVIDER}allow_downscale: 1\n` }, 'quorum.allow_downscale is 1'],
  ['F6 refuse', { quorum: `${PROVIDER}expected_votes: 2\n` }, 'quorum.expected_votes is 2'],
  ['F6 note', { quorum: `${PROVIDER}two_node: 1\n` }, 'two_node is 1 (/etc/corosync/corosync.conf, line 19)'],
  ['F6 note', { quorum: `${PROVIDER}wait_for_all: 1\n` }, 'wait_for_all is 1'],
  [
    'F7 force',
    { facts: { authority: 'AA' }, arbiter: { authority: 'BB' } },
    'Node n1 holds certificates of another CA',
  ],
  ['F8 refuse', { facts: { missingCommands: ['corosync-qdevice'] } }, 'corosync-qdevice was not found on node n1'],
  ['F9 refuse', { arbiter: { missingCommands: ['corosync-qnetd-certutil'] } }, 'corosync-qnetd-certutil was not found'],
  ['F10 refuse', { name: 'a,b' }, 'The cluster name "a,b" contains ,'],
  ['F11 refuse', { arbiter: { strangers: ['198.51.100.7'] } }, 'Cluster lab is already connected from 198.51.100.7'],
  ['F11 force', { arbiter: { isTaken: true } }, 'Cluster lab is registered on arbiter'],
  ['F12 refuse', { arbiter: { addresses: ['192.0.2.2'] } }, 'arbiter is node n2 of this cluster'],
  ['F12 force', { arbiter: { guestOf: 'n2' } }, 'arbiter is a guest of node n2'],
  ['F40 force', { facts: { authority: 'AA' }, arbiter: { authority: 'BB' }, all: running }, 'The tiebreaker presents'],
  ['F45 force', { facts: { certificateName: 'other' } }, 'The certificate on node n1 names "other"'],
  ['F47 note', { facts: { clockAheadMs: -6_000 } }, 'The clock of node n1 is 6 seconds behind that of arbiter'],
  ['F47 force', { facts: { clockAheadMs: 60_000 } }, 'The clock of node n1 is 60 seconds ahead of'],
  ['F47 refuse', { facts: { clockAheadMs: 86_400_000 } }, 'The clock of node n1'],
  ['F60 refuse', { facts: { arbiterPort: 'refused' } }, 'Node n1 cannot reach arbiter:5403 (refused)'],
  ['F63 note', { nodes: 3, quorum: DEVICE, all: { ...running, wish: { force: true } } }, 'ffsplit runs with 3 nodes'],
  ['F70 force', { facts: { sbdWatchdogSeconds: 30 } }, 'SBD on node n1 resets it after 30 s'],
];

const textOf = ({ id, level, problem }: Finding) => `${id} ${level}: ${problem}`;

test('a cluster without a fault gives no finding', () => {
  for (const nodes of [2, 4, 8]) assert.deepEqual(checkCluster(factsWith({ nodes })), []);
  assert.deepEqual(checkCluster(factsWith({ quorum: `${PROVIDER}two_node: 0\nwait_for_all: 0\n` })), []);
  assert.deepEqual(checkCluster(factsWith({ quorum: DEVICE, all: running })), []);
  assert.deepEqual(checkCluster(factsWith({ facts: { certificateName: 'LAB', sbdWatchdogSeconds: 31 } })), []);
});

for (const [row, change, begin] of ROWS) {
  test(`${row}: ${begin}`, () => {
    const [id, level] = row.split(' ');
    const found = checkCluster(factsWith(change));
    const finding = found.find((candidate) => candidate.id === id && candidate.level === level);
    assert.ok(finding?.problem.startsWith(begin), found.map(textOf).join('\n'));
  });
}

test('a node without name or votes of its own is named by what it has', () => {
  assert.match(
    checkCluster(factsWith({ node: 'quorum_votes: 2\n' }))
      .map(textOf)
      .join('\n'),
    /F6 refuse: Node n1 has quo/,
  );
});

test('every fault is told at once, none hides another', () => {
  const faults = ROWS.filter(([, { nodes, quorum, all }]) => !nodes && !quorum && !all).map(([, change]) => change);
  fc.assert(
    fc.property(fc.constantFrom(...faults), fc.constantFrom(...faults), (one, other) => {
      if (Object.keys({ ...one.facts, ...one.arbiter }).some((key) => key in { ...other.facts, ...other.arbiter }))
        return;
      const both = factsWith({
        ...one,
        ...other,
        facts: { ...one.facts, ...other.facts },
        arbiter: { ...one.arbiter, ...other.arbiter },
      });
      const levelsOf = (facts: ClusterFacts) => checkCluster(facts).map(({ id, level }) => `${id} ${level}`);
      const found = levelsOf(both);
      for (const row of [...levelsOf(factsWith(one)), ...levelsOf(factsWith(other))])
        assert.ok(found.includes(row), row);
    }),
  );
});

test('what can be forced keeps nobody who forces it, and a refusal keeps everybody', () => {
  const found = checkCluster(factsWith({ nodes: 3, facts: { online: false } }));
  assert.deepEqual(
    obstacles(found, false).map(({ id }) => id),
    ['F1', 'F5'],
  );
  assert.deepEqual(
    obstacles(found, true).map(({ id }) => id),
    ['F1'],
  );
});
