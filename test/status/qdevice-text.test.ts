/** The status body beside what Debian's daemon printed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HeuristicsSettings, MemberSettings } from '../../src/member/settings.ts';
import type { MemberSnapshot } from '../../src/member/snapshot.ts';
import { wallClock } from '../../src/qdevice/wall-clock.ts';
import { qdeviceStatusBody } from '../../src/status/qdevice-text.ts';
import { firstSnapshot, memberSettings, memberSnapshot } from './member-snapshots.ts';

const FILE = new URL('../fixtures/qdevice-status.txt', import.meta.url);
const BODIES = new Map(
  readFileSync(FILE, 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end + 1)] as const;
    }),
);
const NOW_MS = new Date(2026, 10, 22, 17, 20, 0).getTime();
const { localBefore } = wallClock(() => NOW_MS);

/** How long before NOW it was 17:MM:SS. */
function ago(minute: number, second: number): number {
  return NOW_MS - new Date(2026, 10, 22, 17, minute, second).getTime();
}

function heuristics(mode: HeuristicsSettings['mode']): HeuristicsSettings {
  return { ...memberSettings().heuristics, mode, commands: [{ name: 'a', line: '/bin/true' }] };
}

const CONNECT_FAILED = { reason: 'connectFailed', detail: '', agoMs: 0 } as const;
const NEVER_CONNECTED: Partial<MemberSnapshot> = {
  quorate: false,
  vote: 'askLater',
  voteTimerRunning: false,
  link: 'waiting',
  lastEnd: CONNECT_FAILED,
  lastCast: undefined,
  readyForMs: undefined,
  arbiterSupportsKeepActivePartition: undefined,
};

const [ON, FAILING, TWO_NODE] = [
  memberSnapshot(
    {
      lastCast: { cast: true, agoMs: ago(19, 6) },
      readyForMs: ago(19, 6),
      heuristics: { latest: 'pass', regular: 'pass', membership: 'pass', connect: 'pass' },
    },
    { heuristics: heuristics('on') },
  ),
  { latest: 'fail', regular: 'undefined', membership: 'fail', connect: 'fail' } as const,
  { tieBreaker: { mode: 'highest' }, heuristics: heuristics('sync') } as const,
];
const SHORT = memberSnapshot(
  { lastCast: { cast: true, agoMs: ago(19, 23) }, readyForMs: ago(19, 19), lastEchoAgoMs: ago(19, 21) },
  {
    timeoutMs: 2_500,
    connectTimeoutMs: 2_000,
    heartbeatMs: 2_000,
    castIntervalMs: 1_250,
    tieBreaker: { mode: 'highest' },
    keepActivePartition: false,
  },
);

const SNAPSHOTS: Readonly<Record<string, MemberSnapshot>> = {
  'heuristics on': ON,
  '2nodelms, heuristics on sync fail': memberSnapshot(
    { lastCast: { cast: true, agoMs: ago(19, 16) }, readyForMs: ago(19, 16), heuristics: FAILING },
    { ...TWO_NODE, algorithm: 'twoNodeLms' },
  ),
  test: memberSnapshot(
    { lastCast: { cast: true, agoMs: ago(19, 18) }, readyForMs: ago(19, 18), heuristics: FAILING },
    { ...TWO_NODE, algorithm: 'test' },
  ),
  'short timeout, echo answered': SHORT,
  'IPv6, own tie-breaker, connect failed': memberSnapshot(
    {
      ...NEVER_CONNECTED,
      ringId: { nodeId: 1, seq: 0x14n },
      heuristics: { latest: 'pass', regular: 'undefined', membership: 'pass', connect: 'undefined' },
    },
    {
      host: '::1',
      forceIpVersion: 6,
      tls: 'on',
      tieBreaker: { mode: 'nodeId', nodeId: 2 },
      keepActivePartition: false,
      heuristics: heuristics('sync'),
    },
  ),
  'lms, TLS required, connecting': memberSnapshot(
    {
      ...NEVER_CONNECTED,
      link: 'connecting',
      ringId: { nodeId: 1, seq: 0x14n },
      heuristics: { latest: 'pass', regular: 'undefined', membership: 'pass', connect: 'undefined' },
    },
    {
      host: '10.8.8.7',
      tls: 'required',
      algorithm: 'lms',
      tieBreaker: { mode: 'nodeId', nodeId: 2 },
      keepActivePartition: false,
      heuristics: heuristics('sync'),
    },
  ),
  'vote withheld, connect failed': memberSnapshot({
    ...NEVER_CONNECTED,
    ringId: { nodeId: 1, seq: 5n },
    vote: 'nack',
    voteTimerRunning: true,
    lastCast: { cast: false, agoMs: ago(16, 18) },
  }),
};

for (const [title, body] of BODIES) {
  test(`${title}: byte for byte`, () => {
    const [, name = '', switches] = /^(.*) (-sv?)$/.exec(title) ?? [];
    const snapshot = SNAPSHOTS[name];
    assert.ok(snapshot !== undefined, name);
    assert.equal(qdeviceStatusBody(snapshot, switches === '-sv', localBefore), body);
  });
}

function line(label: string, changes: Partial<MemberSnapshot>, settings: Partial<MemberSettings> = {}): string {
  const body = qdeviceStatusBody(memberSnapshot(changes, settings), true, localBefore);
  const lines = body.split('\n').filter((each) => each.startsWith(`${label}:`));
  return (
    lines
      .at(-1)
      ?.slice(label.length + 1)
      .trim() ?? 'absent'
  );
}

test('lines that depend on what is going on', () => {
  assert.equal(line('TLS active', { tlsActive: true, certificateSent: true }), 'Yes (client certificate sent)');
  assert.equal(line('TLS active', { tlsActive: true }), 'Yes');
  assert.equal(line('TLS active', { link: 'checking' }), 'absent');
  assert.equal(line('KAP Tie-breaker', { arbiterSupportsKeepActivePartition: false }), 'Unsupported by QNetd');
  assert.equal(line('KAP Tie-breaker', { arbiterSupportsKeepActivePartition: undefined }), 'Enabled');
  assert.equal(line('Poll timer running', { vote: 'nack' }), 'Yes');
  assert.equal(line('Poll timer running', { voteTimerRunning: false }), 'No');
  assert.equal(line('Configuration version', {}, { configVersion: undefined }), 'absent');
  assert.equal(line('Cluster name', {}, { clusterName: 'b\xc3\xbcro\0x' }), 'b\xc3\xbcro');
  assert.equal(line('QNetd host', {}, { host: 'b\u00fcro' }), 'b\xc3\xbcro:5999');
});

test('states in upstream words', () => {
  const end = (reason: NonNullable<MemberSnapshot['lastEnd']>['reason']) => ({ reason, detail: '', agoMs: 0 });
  for (const link of ['connecting', 'introducing', 'securing', 'initialising', 'checking'] as const) {
    assert.equal(line('State', { link }), 'Connecting');
  }
  assert.equal(line('State', { link: 'waiting' }), 'Disconnected');
  assert.equal(line('State', { link: 'waiting', lastEnd: end('arbiterClosed') }), 'Disconnected');
  for (const reason of ['connectFailed', 'connectTimeout', 'tlsFailed'] as const) {
    assert.equal(line('State', { link: 'waiting', lastEnd: end(reason) }), 'Connect failed');
  }
});

test('data centres and dead nodes are shown', () => {
  const nodes = [
    { nodeId: 1, dataCenterId: 0 },
    { nodeId: 2, dataCenterId: 3 },
  ];
  const quorumNodes = [
    { nodeId: 2, state: 'dead' },
    { nodeId: 1, state: 'member' },
  ] as const;
  const body = qdeviceStatusBody(memberSnapshot({ quorumNodes, memberIds: [1, 5] }, { nodes }), true, localBefore);
  assert.ok(body.includes('\n    0\tNode ID = 1\n    1\tNode ID = 2, Data center ID = 3\n'), body);
  assert.ok(
    body.includes('\nQuorum node list:\n    0\tNode ID = 2, State = dead\n    1\tNode ID = 1, State = member\n'),
  );
  assert.ok(body.includes('\nMembership node list:\t1, 5\n'));
});

test('a daemon that has heard nothing yet has a status as well', () => {
  const body = qdeviceStatusBody(firstSnapshot(), true, localBefore);
  assert.match(body, /\nRing ID:\t\t0\.0\n/);
  assert.match(body, /\nQuorate:\t\tNo\n/);
  assert.match(body, /\nExpected votes:\t\t0\nLast poll call:\t\tNever\n/);
});
