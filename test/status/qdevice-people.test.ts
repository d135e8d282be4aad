/** What `qdevice status` prints, in whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberSettings } from '../../src/member/settings.ts';
import type { MemberSnapshot } from '../../src/member/snapshot.ts';
import { wallClock } from '../../src/qdevice/wall-clock.ts';
import type { QdeviceFacts } from '../../src/status/qdevice-facts.ts';
import { qdeviceStatusJson, readQdeviceStatusJson } from '../../src/status/qdevice-json.ts';
import { qdevicePeopleText } from '../../src/status/qdevice-people.ts';
import { FACTS, firstSnapshot, memberSettings, memberSnapshot } from './member-snapshots.ts';

const clock = wallClock(() => Date.UTC(2026, 10, 22, 12, 0, 0));

/** Through the JSON, as the command gets it. */
function documentOf(snapshot: MemberSnapshot, facts: Partial<QdeviceFacts> = {}) {
  const document = readQdeviceStatusJson(qdeviceStatusJson({ ...FACTS, ...facts }, snapshot, clock));
  assert.ok(document !== undefined);
  return document;
}

const people = (snapshot: MemberSnapshot, choice = {}, facts = {}) =>
  qdevicePeopleText(documentOf(snapshot, facts), { verbose: false, explain: false, ...choice });

const HEURISTICS: MemberSettings['heuristics'] = {
  ...memberSettings().heuristics,
  mode: 'on',
  commands: [{ name: 'gateway', line: '/usr/bin/ping -q -c 1 192.0.2.254' }],
};
const UNREACHABLE: Partial<MemberSnapshot> = {
  vote: 'nack',
  voteCause: 'notConnected',
  link: 'waiting',
  lastEnd: { reason: 'connectFailed', detail: '127.0.0.1:5999 refused the connection', agoMs: 250 },
  lastCast: { cast: false, agoMs: 1_500 },
  quorate: false,
  readyForMs: undefined,
  heuristics: { latest: 'pass', membership: 'pass', connect: 'undefined', regular: 'pass' },
};

test('a node that holds the vote', () => {
  assert.equal(
    people(memberSnapshot({ memberIds: [1, 2], readyForMs: 90_000, tlsActive: true })),
    [
      'Node           1 of cluster lab',
      'Vote           held (A,V,NMW)',
      'Because        The arbiter gave its vote to this side (nodes 1 and 2).',
      'Arbiter        127.0.0.1, port 5999: connected for 1 min 30 s, TLS',
      'Here           nodes 1 and 2, quorate',
      '',
    ].join('\n'),
  );
});

test('a node whose arbiter is away, with everything that is known', () => {
  assert.equal(
    people(memberSnapshot(UNREACHABLE, { heuristics: HEURISTICS }), { verbose: true }),
    [
      'Node           1 of cluster lab',
      'Vote           not held (A,NV,NMW)',
      'Because        The arbiter cannot be reached (127.0.0.1, port 5999):',
      '               127.0.0.1:5999 refused the connection.',
      'Arbiter        127.0.0.1, port 5999: not connected, trying again soon',
      'Here           node 1, without node 2, not quorate',
      'Heuristics     pass',
      '',
      'Algorithm      fifty-fifty split (ffsplit)',
      'Tie-breaker    lowest node id, after the partition that has the vote',
      'TLS            off',
      'Heartbeat      every 8 s',
      'Vote repeated  every 5 s, last 1.5 s ago (withheld)',
      'Timeouts       10 s, while nodes come or go 30 s',
      'Ring           1.f',
      'Expected       2 votes',
      'Configuration  version 7',
      'Heuristics     pass (membership pass, connection undefined, regular pass), of',
      '               gateway',
      'Last end       the arbiter cannot be reached: 127.0.0.1:5999 refused the',
      '               connection (0.3 s ago)',
      '',
    ].join('\n'),
  );
});

test('the explanation alone, with the words of the column', () => {
  assert.equal(
    people(memberSnapshot(UNREACHABLE), { explain: true }),
    [
      'A,NV,NMW: The arbiter cannot be reached (127.0.0.1, port 5999): 127.0.0.1:5999',
      'refused the connection.',
      '',
      '  A            corosync hears from the device',
      '  NV           the device does not give its vote',
      '  NMW          the device is a vote like any other',
      '',
    ].join('\n'),
  );
  const unregistered = people(memberSnapshot(), { explain: true }, { registered: false });
  assert.match(unregistered, /^NR: The quorum device of this node is not registered/);
  assert.match(unregistered, /\n {2}NR {11}no quorum device is registered on this node\n/);
});

test('a reload that was refused is told', () => {
  const facts = { configurationProblem: 'quorum.device.net.port is "x", and must be a number from 1 to 65535.' };
  for (const choice of [{}, { explain: true }]) {
    assert.match(people(memberSnapshot(), choice, facts), /Reload {9}not taken over: quorum\.device\.net\.port is "x"/);
  }
});

test('every state of the connection and the very first moment have words', () => {
  for (const link of ['connecting', 'introducing', 'securing', 'initialising', 'checking'] as const) {
    assert.match(people(memberSnapshot({ link })), /port 5999: connecting\n/);
  }
  assert.match(people(memberSnapshot({ link: 'waiting' })), /port 5999: not connected\n/);
  const first = people(firstSnapshot(), { verbose: true });
  assert.match(first, /\nHere {11}no node, without nodes 1 and 2\n/);
  assert.match(first, /\nVote repeated {2}every 5 s, not once yet\n/);
  assert.match(first, /\nRing {11}none yet\n/);
});

test('no line is longer than 80 columns unless a word is', () => {
  const long = memberSnapshot(
    { ...UNREACHABLE, lastEnd: { reason: 'tlsFailed', detail: 'many words '.repeat(60).trim(), agoMs: 5 } },
    { heuristics: HEURISTICS, nodes: Array.from({ length: 32 }, (_, at) => ({ nodeId: at + 1, dataCenterId: 0 })) },
  );
  for (const choice of [{}, { verbose: true }, { explain: true }]) {
    for (const line of people(long, choice).split('\n')) assert.ok(line.length <= 80, line);
  }
});

test('the document names heuristics commands and keeps their arguments to itself', () => {
  const text = JSON.stringify(documentOf(memberSnapshot({}, { heuristics: HEURISTICS })));
  assert.ok(text.includes('"gateway"') && !text.includes('ping'), text);
});

test('times and large numbers are text that every reader understands', () => {
  const { node, vote, arbiter, membership } = documentOf(
    memberSnapshot({ ringId: { nodeId: 1, seq: 2n ** 63n } }, { configVersion: 2n ** 63n }),
  );
  assert.equal(node.configVersion, '9223372036854775808');
  assert.equal(membership.ringId, '1.8000000000000000');
  assert.deepEqual(vote.lastCast, { cast: true, at: '2026-11-22T11:59:56.000Z', agoMs: 4_000 });
  assert.equal(arbiter.connectedSince, '2026-11-22T11:59:56.000Z');
});

test('what is no document of this format is not read', () => {
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"format":2,"node":{},"arbiter":{}}',
    '{"format":1,"clusters":[]}',
  ]) {
    assert.equal(readQdeviceStatusJson(text), undefined, text);
  }
});
