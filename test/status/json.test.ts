import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArbiterSnapshot, NodeSnapshot, VoteSnapshot } from '../../src/arbiter/snapshot.ts';
import { asciiJson } from '../../src/status/fitting.ts';
import { readStatusJson, STATUS_FORMAT, statusDocument } from '../../src/status/json.ts';
import { clusterSnapshot, nodeInfos, nodeSnapshot } from './snapshots.ts';

const SERVER = {
  address: '*:5403',
  tls: 'required',
  clientCertRequired: true,
  maxClients: 7,
  maxSendBytes: 32_768,
  maxReceiveBytes: 32_768,
} as const;

const NOW_MS = Date.parse('2024-05-01T12:00:00.000Z');
const timeBefore = (agoMs: number) => new Date(NOW_MS - agoMs).toISOString();

/** Two halves of four; node 2 is in one of them and not connected. */
const SPLIT: ArbiterSnapshot = {
  connectedClients: 4,
  clusters: [
    clusterSnapshot({
      vote: { phase: 'withdrawing', winner: [1, 2], rule: 'tieBreaker', sinceMs: 60_000.4 },
      nodes: [
        nodeSnapshot({
          nodeId: 1,
          configNodes: nodeInfos(1, 2, 3, 4),
          members: nodeInfos(2, 1),
          lastAckNack: 'ack',
          lastVote: 'ack',
          due: 'ack',
        }),
        nodeSnapshot({
          nodeId: 3,
          configVersion: 2n ** 64n - 1n,
          ringId: { nodeId: 3, seq: 2n ** 64n - 1n },
          members: nodeInfos(3, 4),
          lastAckNack: 'nack',
          due: 'nack',
        }),
        nodeSnapshot({
          nodeId: 4,
          ringId: { nodeId: 3, seq: 2n ** 64n - 1n },
          members: nodeInfos(4, 3),
          lastAckNack: 'nack',
        }),
        nodeSnapshot({ nodeId: 9 }),
      ],
    }),
  ],
};

test('says who holds the vote, since when, why and what is missing', () => {
  const cluster = statusDocument(SERVER, SPLIT, timeBefore).clusters[0];
  assert.ok(cluster);
  assert.deepEqual(cluster.vote, {
    phase: 'withdrawing',
    winner: [1, 2],
    holders: [],
    rule: 'tieBreaker',
    because: 'it contains the tie-breaker node, of two equal halves (tie-breaker)',
    since: '2024-05-01T11:58:59.999Z',
    sinceMs: 60_000,
    waitingFor: [3],
  });
  assert.deepEqual(cluster.partitions, [
    { ringId: '1.5', members: [1, 2], reportedBy: [1], holdsVote: false },
    { ringId: '3.ffffffffffffffff', members: [3, 4], reportedBy: [3, 4], holdsVote: false },
  ]);
  assert.deepEqual(cluster.notConnected, [2]);
  assert.equal(cluster.nodes[1]?.configVersion, '18446744073709551615');
  assert.equal(cluster.nodes[0]?.connectedSince, '2024-05-01T11:59:00.000Z');
});

test('says of each node how it stands with the vote', () => {
  const node = (change: Partial<NodeSnapshot>, phase: VoteSnapshot['phase'] = 'settled') => {
    const vote = { phase, winner: [1], rule: 'majority', sinceMs: 0 } as const;
    const snapshot = { connectedClients: 1, clusters: [clusterSnapshot({ vote, nodes: [nodeSnapshot(change)] })] };
    return statusDocument(SERVER, snapshot, timeBefore).clusters[0]?.nodes[0]?.vote;
  };
  assert.equal(node({ granted: true, due: 'ack' }, 'granting'), 'beingGiven');
  assert.equal(node({ granted: true }), 'held');
  assert.equal(node({ due: 'ack' }, 'withdrawing'), 'next');
  assert.equal(node({ nodeId: 2, due: 'nack' }, 'withdrawing'), 'beingWithdrawn');
  assert.equal(node({ nodeId: 2, lastAckNack: 'nack' }), 'withheld');
  assert.equal(node({ nodeId: 2 }), 'none');
  assert.equal(node({ lastAckNack: 'nack' }), 'leftOut', 'it wins and nobody told it');
  assert.equal(node({ lastAckNack: 'nack' }, 'waiting'), 'withheld');
});

test('says who waits for the vote, what for and for how long', () => {
  const held = {
    partition: [3, 4],
    sinceMs: 1_000.4,
    waitsFor: [
      { nodeId: 1, reason: 'lease', remainingMs: 5_000.2 },
      { nodeId: 2, reason: 'lease', remainingMs: undefined },
    ],
    recordFailure: undefined,
  } as const;
  const vote = { phase: 'granting', winner: [3, 4], rule: 'connectedNodes', sinceMs: 0, held } as const;
  const snapshot = { connectedClients: 1, clusters: [clusterSnapshot({ vote })] };
  assert.deepEqual(statusDocument(SERVER, snapshot, timeBefore).clusters[0]?.vote.held, {
    partition: [3, 4],
    sinceMs: 1_000,
    waitsFor: [
      { nodeId: 1, reason: 'lease', remainingMs: 5_001 },
      { nodeId: 2, reason: 'lease', remainingMs: null },
    ],
    recordFailure: null,
  });
});

test('before any decision there is none to tell', () => {
  const snapshot = { connectedClients: 1, clusters: [clusterSnapshot()] };
  const { vote, partitions } = statusDocument(SERVER, snapshot, timeBefore).clusters[0] ?? {};
  assert.deepEqual([vote?.rule, vote?.because, vote?.since, vote?.holders, partitions], [null, null, null, [], []]);
});

test('travels as ASCII and comes back the same, whatever a cluster is called', () => {
  for (const [name, shown, nameHex] of [
    ['b\xc3\xbcro', 'büro', undefined],
    ['a\xff\0"', 'a\xff\0"', '61ff0022'],
    ['\u007f\n', '\u007f\n', undefined],
  ] as const) {
    const snapshot = { connectedClients: 1, clusters: [clusterSnapshot({ name })] };
    const text = asciiJson(statusDocument(SERVER, snapshot, timeBefore));
    assert.match(text, /^[\x20-\x7e]*$/);
    const read = readStatusJson(text);
    assert.deepEqual(read, JSON.parse(JSON.stringify(statusDocument(SERVER, snapshot, timeBefore))));
    assert.equal(read?.clusters[0]?.name, shown);
    assert.equal(read?.clusters[0]?.nameHex, nameHex);
  }
});

test('what another program or format wrote is not taken for ours', () => {
  for (const text of ['', 'OK', 'null', '[]', '{}', '{"format":1}', `{"format":${STATUS_FORMAT + 1},"clusters":[]}`]) {
    assert.equal(readStatusJson(text), undefined, text);
  }
});
