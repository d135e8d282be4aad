/** One line per change of state, whatever a client repeats. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../../src/arbiter/reports.ts';
import { ReportLog } from '../../src/qnetd/log-lines.ts';
import { keptLog } from './rig.ts';

const of = { client: 1, cluster: 'tst' } as const;
const connected: Report = { what: 'connected', client: 1, cluster: undefined, address: '10.0.0.1:4711' };
const joined: Report = { what: 'joined', ...of, nodeId: 3, algorithm: 'ffsplit', heartbeatMs: 8_000 };
const decided: Report = {
  what: 'decided',
  cluster: 'tst',
  changed: true,
  winner: [1, 2],
  rule: 'tieBreaker',
  withheldFrom: [3, 4],
};

/** As in a second of a node that goes round in circles. */
const MEMBERSHIPS_IN_A_FLOOD = 10_000;

function membershipOf(members: readonly number[], client = 1): Report {
  return { what: 'membership', ...of, client, nodeId: 3, ringId: { nodeId: 1, seq: 0x1fn }, members };
}

function told(...reports: Report[]) {
  const { lines, sink } = keptLog();
  const log = new ReportLog(sink);
  for (const report of reports) log.report(report);
  return { lines, log };
}

test('peer, cluster and node are bound to every line of a client', () => {
  const { lines } = told(connected, joined, { what: 'silent', ...of, nodeId: 3, silentMs: 12_000.4 });
  assert.deepEqual(lines.at(-1), {
    level: 'warn',
    message: 'node silent for too long, connection closed',
    fields: { peer: '10.0.0.1:4711', cluster: 'tst', node: 3, silentMs: 12_000 },
  });
});

test('a decision is one line at info with winner and rule in words; the same one again is for debugging', () => {
  const { lines } = told(decided, { ...decided, changed: false });
  assert.deepEqual(
    lines.map(({ level, message }) => `${level} ${message}`),
    ['info partition gets the vote', 'debug partition gets the vote'],
  );
  const { rule, ...fields } = lines[0]?.fields ?? {};
  assert.deepEqual(fields, { cluster: 'tst', winner: [1, 2], withheldFrom: [3, 4] });
  assert.match(String(rule), /tie-breaker/);
});

test('nobody wins: the message says so', () => {
  const { lines } = told({ ...decided, winner: [], rule: 'nobody' });
  assert.equal(lines[0]?.message, 'no partition gets the vote');
});

test('a confirmation is news once for each decision that was news', () => {
  const settled: Report = { what: 'settled', cluster: 'tst', holders: [1, 2], leftOut: [] };
  const { lines } = told(decided, settled, { ...decided, changed: false }, settled);
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['info', 'info', 'debug', 'debug'],
  );
});

test('a membership is news when ring or members changed', () => {
  const membership: Report = {
    what: 'membership',
    ...of,
    nodeId: 3,
    ringId: { nodeId: 1, seq: 0x1fn },
    members: [1, 3],
  };
  const { lines } = told(membership, membership, { ...membership, members: [3] });
  assert.deepEqual(
    lines.map(({ level, fields }) => [level, fields['ring'], fields['members']]),
    [
      ['info', '1.1f', [1, 3]],
      ['debug', '1.1f', [1, 3]],
      ['info', '1.1f', [3]],
    ],
  );
});

test('a refusal is told once for each code and connection, the rest is counted when the client leaves', () => {
  const refused: Report = { what: 'refused', ...of, code: 'unsupportedMessage', message: 'skipped message' };
  const { lines } = told(
    connected,
    ...Array.from({ length: 1_000 }, () => refused),
    { ...refused, code: 'messageTooLong' },
    { ...refused, client: 2 },
    { what: 'left', ...of, nodeId: undefined, reason: 'gone' },
  );
  assert.deepEqual(
    lines.filter(({ message }) => message === 'message refused').map(({ fields }) => fields['code']),
    ['unsupportedMessage', 'messageTooLong', 'unsupportedMessage'],
  );
  assert.equal(lines.at(-1)?.fields['repeats'], 999);
});

test('a plaintext client is told once, with the cluster and the option that would allow it', () => {
  const plaintext: Report = { what: 'plaintextRefused', ...of };
  const refused: Report = { what: 'refused', ...of, code: 'tlsRequired', message: 'init' };
  const { lines } = told(connected, plaintext, refused, plaintext, refused);
  const loud = lines.filter(({ level }) => level !== 'debug');
  assert.equal(loud.length, 1);
  assert.match(loud[0]?.message ?? '', /--tls on/);
  assert.equal(loud[0]?.fields['cluster'], 'tst');
});

test('what a client put into a name cannot write to the terminal', () => {
  const { lines } = told({ ...joined, cluster: '\x1b[2Jevil\n\xc3\xa9' });
  const cluster = String(lines[0]?.fields['cluster']);
  assert.doesNotMatch(cluster, /\p{Cc}/u);
  assert.match(cluster, /evil.*é/u);
});

test('a released client leaves nothing behind', () => {
  const { lines, log } = told(connected, joined);
  log.forget(1);
  log.handshakeFailed(1, 'late');
  assert.deepEqual(lines.at(-1)?.fields, { reason: 'late' });
});

test('a closed cluster is critical', () => {
  const { lines } = told({ what: 'clusterFailed', cluster: 'tst', error: 'a defect' });
  assert.equal(lines[0]?.level, 'fatal');
  assert.deepEqual(lines[0]?.fields, { cluster: 'tst', error: 'a defect' });
});

test('a node that changes its membership all the time gets a few lines, then one a second with what was left out', () => {
  const { lines, sink } = keptLog();
  let nowMs = 5_000;
  const log = new ReportLog(sink, () => nowMs);
  const loud = () => lines.filter(({ level }) => level !== 'debug');
  for (let at = 0; at < MEMBERSHIPS_IN_A_FLOOD; at += 1) log.report(membershipOf([at % 2]));
  assert.equal(loud().length, 20);
  assert.equal(lines.length, MEMBERSHIPS_IN_A_FLOOD, 'the rest is there for debugging');
  log.report(membershipOf([1], 2));
  assert.equal(loud().length, 21, 'another node is heard');
  nowMs += 999;
  log.report(membershipOf([7]));
  assert.equal(loud().length, 21);
  nowMs += 1;
  log.report(membershipOf([8]));
  log.report(membershipOf([9]));
  assert.deepEqual(
    loud()
      .slice(21)
      .map(({ level, message, fields }) => [level, message.split(',')[0], fields['linesLeftOut'] ?? fields['members']]),
    [
      ['warn', 'lines left out', MEMBERSHIPS_IN_A_FLOOD - 20 + 1],
      ['info', 'node reports its membership', [8]],
    ],
  );
  log.report({ what: 'left', ...of, nodeId: 3, reason: 'gone' });
  assert.equal(loud().at(-1)?.fields['linesLeftOut'], 1);
});

test('decisions and confirmations of a cluster share a budget, and another cluster has its own', () => {
  const { lines, sink } = keptLog();
  let nowMs = 0;
  const log = new ReportLog(sink, () => nowMs);
  for (let at = 0; at < 1_000; at += 1) {
    log.report({ ...decided, winner: [at % 2] });
    log.report({ what: 'settled', cluster: 'tst', holders: [at % 2], leftOut: [] });
  }
  log.report({ ...decided, cluster: 'other' });
  const loud = lines.filter(({ level }) => level !== 'debug');
  assert.equal(loud.filter(({ fields }) => fields['cluster'] === 'tst').length, 20);
  assert.equal(loud.filter(({ fields }) => fields['cluster'] === 'other').length, 1);
  nowMs += 60_000;
  log.report(decided);
  assert.deepEqual(lines.at(-2)?.fields, { cluster: 'tst', linesLeftOut: 1_980 });
  assert.equal(lines.at(-1)?.level, 'info');
});

test('of a long list a line shows the beginning and the length', () => {
  const ids = Array.from({ length: 2_000 }, (_, at) => at + 1);
  const { lines } = told(membershipOf(ids), membershipOf(ids.slice(0, 32)));
  assert.deepEqual(
    lines.map(({ fields }) => [fields['members'], fields['membersCount']]),
    [
      [ids.slice(0, 32), 2_000],
      [ids.slice(0, 32), undefined],
    ],
  );
});
