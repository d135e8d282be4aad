/** What an operator's word comes to on the local socket: asked, done, or refused with a reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeldSnapshot } from '../../src/arbiter/snapshot.ts';
import { ipcReply } from '../../src/status/ipc-reply.ts';
import { ipcRequest } from '../../src/status/ipc-request.ts';
import { ipcWords } from '../../src/status/ipc-words.ts';
import { readRelease } from '../../src/status/release-reply.ts';
import { clusterSnapshot, nodeSnapshot } from './snapshots.ts';

const SERVER = {
  address: '*:1',
  tls: 'required',
  clientCertRequired: true,
  maxClients: 0,
  maxSendBytes: 1,
  maxReceiveBytes: 1,
  voteSafety: 'strict',
} as const;

const WAITS_FOR: HeldSnapshot['waitsFor'] = [
  { nodeId: 2, reason: 'lease', remainingMs: undefined },
  { nodeId: 3, reason: 'unknown', remainingMs: 4_000.5 },
  { nodeId: 4, reason: 'confirmation', remainingMs: undefined },
];

function answer(
  line: string,
  { held = true, voteSafety = 'strict' as 'strict' | 'upstream', maxSendBytes = 1 << 20 } = {},
) {
  const wait = { partition: [1], sinceMs: 9, waitsFor: WAITS_FOR, recordFailure: undefined };
  const vote = { phase: 'settled', winner: [1], rule: 'lastMan', sinceMs: 9, ...(held && { held: wait }) } as const;
  const clusters = [clusterSnapshot({ name: 'b\xc3\xbcro', vote, nodes: [nodeSnapshot({ nodeId: 1 })] })];
  const facts = { snapshot: { connectedClients: 1, clusters }, timeBefore: String, maxSendBytes };
  return ipcReply(ipcRequest(ipcWords(`${line}\n`)), { ...facts, server: { ...SERVER, voteSafety } });
}

test('asked, nothing is done; now, the arbiter is to be told', () => {
  const release = { nodeId: 2, partition: [1], reason: 'lease', remainingMs: null };
  const asked = answer('release cluster b\xc3\xbcro node 2');
  assert.deepEqual(readRelease(asked.text.slice('OK\n'.length)), { ...release, released: false });
  assert.equal(asked.release, undefined);
  const done = answer('RELEASE Cluster b\xfcro Node 2 Now');
  assert.deepEqual(readRelease(done.text.slice('OK\n'.length)), { ...release, released: true });
  assert.deepEqual(done.release, { cluster: 'b\xc3\xbcro', nodeId: 2 });
  const bounded = answer('release cluster b\xc3\xbcro node 3 now');
  assert.equal(readRelease(bounded.text.slice('OK\n'.length))?.remainingMs, 4_001);
});

test('refused with a reason, and nobody is told anything', () => {
  const ofNode = (id: string) => `release cluster b\xfcro node ${id} now`;
  for (const [reply, words] of [
    [answer(ofNode('1')), 'Node 1 is connected: it says itself what it casts'],
    [answer(ofNode('4')), 'Nobody waits for node 4'],
    [answer(ofNode('5')), 'Nobody waits for node 5'],
    [answer(ofNode('2'), { held: false }), 'Nobody waits for node 2'],
    [answer(ofNode('2'), { voteSafety: 'upstream' }), 'With vote_safety=upstream nobody is waited for'],
    [answer('release cluster none node 2 now'), 'No node of such a cluster is connected, so nobody waits'],
    ...['0', '-1', '02', '4294967296', 'x', ''].map((id) => [answer(ofNode(id)), 'That is no node id'] as const),
    [answer('release node 2 cluster lab now'), 'That is no node id'],
    [answer('release'), 'That is no node id'],
  ] as const) {
    assert.deepEqual(reply, { text: `Error\n${words}\n`, stop: false });
  }
});

test('an answer that is too long to be given is not acted on', () => {
  const reply = answer('release cluster b\xfcro node 2 now', { maxSendBytes: 60 });
  assert.deepEqual([reply.tooLong, reply.release], [true, undefined]);
});

test('what is no answer of this kind is not read', () => {
  const good = { nodeId: 2, partition: [1], reason: 'unknown', remainingMs: 5, released: true };
  assert.deepEqual(readRelease(JSON.stringify(good)), good);
  const bad = [
    '{',
    'null',
    '7',
    '{}',
    '{"nodeId":2,"partition":[1]}',
    ...[
      { nodeId: '2' },
      { partition: 1 },
      { partition: ['1'] },
      { reason: 'x' },
      { remainingMs: '5' },
      { released: 1 },
    ].map((change) => JSON.stringify({ ...good, ...change })),
  ];
  for (const text of bad) assert.equal(readRelease(text), undefined, text);
});
