/** Every cause that `qdevice status --explain` can name, and the sentence for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DISCONNECT, type DisconnectReason } from '../../src/member/disconnect-reasons.ts';
import type { HeuristicsResult } from '../../src/member/events.ts';
import type { MemberSettings } from '../../src/member/settings.ts';
import type { MemberSnapshot } from '../../src/member/snapshot.ts';
import { type Explanation, explain } from '../../src/status/qdevice-explain.ts';
import type { QdeviceFacts } from '../../src/status/qdevice-facts.ts';
import { FACTS, firstSnapshot, memberSettings, memberSnapshot } from './member-snapshots.ts';

interface Given {
  readonly snapshot?: Partial<MemberSnapshot>;
  readonly settings?: Partial<MemberSettings>;
  readonly facts?: Partial<QdeviceFacts>;
}

const explained = ({ snapshot, settings, facts }: Given): Explanation =>
  explain({ ...FACTS, ...facts }, memberSnapshot(snapshot, settings));

const ids = (count: number) => Array.from({ length: count }, (_, at) => ({ nodeId: at + 1, dataCenterId: 0 }));
const results = (latest: HeuristicsResult) => ({ latest, membership: latest, connect: latest, regular: latest });
const end = (reason: DisconnectReason, detail = '') => ({ reason, detail, agoMs: 1_000 });
const WITHHELD = { vote: 'nack', lastCast: { cast: false, agoMs: 1_000 } } as const;
const AWAY = { ...WITHHELD, voteCause: 'notConnected', link: 'waiting', readyForMs: undefined } as const;
const SYNC = { ...memberSettings().heuristics, mode: 'sync', commands: [{ name: 'a', line: 'x' }] } as const;

test('the column is the one that corosync shows', () => {
  const column = (given: Given) => explained(given).column;
  assert.equal(column({}), 'A,V,NMW');
  assert.equal(column({ facts: { masterWins: true } }), 'A,V,MW');
  assert.equal(column({ facts: { registered: false } }), 'NR');
  assert.equal(column({ snapshot: WITHHELD }), 'A,NV,NMW');
  assert.equal(column({ snapshot: { lastCast: undefined } }), 'NA,NV,NMW');
  assert.equal(column({ snapshot: { lastCast: { cast: true, agoMs: 9_999 } } }), 'A,V,NMW');
  assert.equal(column({ snapshot: { lastCast: { cast: true, agoMs: 10_000 } } }), 'NA,NV,NMW');
});

/** Cause, what is given, what the sentence says, what the remedy says ('' is none). */
const TABLE: readonly (readonly [Explanation['cause'], Given, RegExp, RegExp])[] = [
  ['voteHeld', {}, /^The arbiter gave its vote to this side \(node 1\)\.$/, /^$/],
  [
    'voteHeld',
    { snapshot: { link: 'waiting', readyForMs: undefined } },
    /is away; the vote stands/,
    /Bring the arbiter/,
  ],
  ['notRegistered', { facts: { registered: false } }, /not registered with corosync/, /log/],
  ['starting', { snapshot: { ringId: undefined } }, /^Corosync has not said yet/, /log of corosync/],
  [
    'heuristicsRunning',
    { snapshot: { paused: true } },
    /for the new membership are still running/,
    /after 15 s at the/,
  ],
  [
    'heuristicsRunning',
    { snapshot: { link: 'checking', vote: 'nack' }, settings: { heuristics: SYNC } },
    /for the new connection are still running/,
    /after 15 s/,
  ],
  [
    'connecting',
    { snapshot: { ...AWAY, link: 'connecting' } },
    /connecting to the arbiter \(127\.0\.0\.1, port 5999\) for the first/,
    /^$/,
  ],
  ['connecting', { snapshot: { ...AWAY, link: 'connecting', lastEnd: end('settingsChanged') } }, /changed/, /^$/],
  [
    'arbiterUnreachable',
    { snapshot: { ...AWAY, lastEnd: end('connectFailed', '127.0.0.1:5999 refused the connection') } },
    /^The arbiter cannot be reached \(127\.0\.0\.1, port 5999\): 127\.0\.0\.1:5999 refused the connection\.$/,
    /^$/,
  ],
  [
    'arbiterUnreachable',
    { snapshot: { ...AWAY, lastEnd: end('connectFailed') } },
    /^The arbiter cannot be reached \(127\.0\.0\.1, port 5999\)\.$/,
    /runs on 127\.0\.0\.1 and that no firewall stands before its TCP port 5999/,
  ],
  [
    'arbiterUnreachable',
    { snapshot: { ...AWAY, link: 'connecting', lastEnd: end('connectTimeout', 'after 8000 ms, while connecting') } },
    /did not accept this node in time.*after 8000 ms/,
    /firewall/,
  ],
  [
    'certificateRefused',
    { snapshot: { ...AWAY, lastEnd: end('tlsFailed', 'the certificate has expired; renew it') } },
    /^The TLS handshake failed \(127\.0\.0\.1, port 5999\): the certificate has expired; renew it\.$/,
    /^$/,
  ],
  ['connectionLost', { snapshot: { ...AWAY, lastEnd: end('echoMissing') } }, /did not answer the heartbeat/, /arbiter/],
  [
    'configurationDiffers',
    { snapshot: { ...AWAY, lastEnd: end('tieBreakerDiffers') } },
    /another tie-breaker/,
    /the same/,
  ],
  [
    'arbiterRefused',
    { snapshot: { ...AWAY, lastEnd: end('duplicateNodeId') } },
    /a node with this id/,
    /no other node/,
  ],
  ['arbiterDecides', { snapshot: { vote: 'waitForReply' } }, /has not decided yet/, /qnetd status/],
  ['arbiterDecides', { snapshot: { vote: 'askLater' } }, /has not decided yet/, /qnetd status/],
  ['arbiterSilent', { snapshot: { ...WITHHELD, voteCause: 'noAnswer' } }, /did not decide in time/, /waits for/],
  [
    'otherSide',
    { snapshot: WITHHELD },
    /^The arbiter \(127.*\) decided for the other side: here is node 1, node 2 elsewhere\.$/,
    /node 2\. On the arbiter, qnetd status/,
  ],
  [
    'otherSide',
    { snapshot: { ...WITHHELD, heuristics: results('fail') } },
    /node 2 elsewhere; the heuristics of this node fail/,
    /qnetd/,
  ],
  [
    'tooFewNodes',
    { snapshot: WITHHELD, settings: { nodes: ids(4) } },
    /at least half.*only node 1/,
    /nodes 2, 3 and 4/,
  ],
  ['heuristicsFailed', { snapshot: { ...WITHHELD, memberIds: [1, 2], heuristics: results('fail') } }, /fail\.$/, /log/],
  ['notGranted', { snapshot: { ...WITHHELD, memberIds: [1, 2] } }, /keeps its vote back from nodes 1 and 2/, /qnetd/],
  ['stopping', { snapshot: { ...WITHHELD, voteCause: 'stopping' } }, /stopping/, /^$/],
  ['stopping', { snapshot: { ...AWAY, voteCause: 'stopping', lastEnd: end('stopped') } }, /was told to stop/, /^$/],
];

TABLE.forEach(([cause, given, sentence, remedy], at) => {
  test(`${cause}, case ${at}`, () => {
    const found = explained(given);
    assert.equal(found.cause, cause);
    assert.match(found.sentence, sentence);
    assert.match(found.remedy ?? '', remedy);
  });
});

test('every end of a connection is explained in a sentence of its own', () => {
  const sentences = new Set<string>();
  for (const reason of Object.keys(DISCONNECT).filter(isReason)) {
    sentences.add(explained({ snapshot: { ...AWAY, lastEnd: end(reason, 'x') } }).sentence);
  }
  assert.equal(sentences.size, Object.keys(DISCONNECT).length);
});

function isReason(name: string): name is DisconnectReason {
  return name in DISCONNECT;
}

test('text from outside cannot forge a line', () => {
  const { sentence } = explained({
    snapshot: { ...AWAY, lastEnd: end('connectFailed', 'a\nb\x1b[31m') },
    settings: { host: 'h\n\u202e' },
  });
  assert.match(sentence, /^[^\p{C}\p{Zl}\p{Zp}]+$/u);
});

test('the very first moment is explained', () => {
  assert.equal(explain(FACTS, firstSnapshot()).cause, 'starting');
});
