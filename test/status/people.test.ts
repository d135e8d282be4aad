import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ArbiterSnapshot, ClusterSnapshot } from '../../src/arbiter/snapshot.ts';
import type { AdmissionFacts } from '../../src/status/facts.ts';
import { statusDocument } from '../../src/status/json.ts';
import { peopleText } from '../../src/status/people.ts';
import { durationText, nodesText, wrapped } from '../../src/status/text-layout.ts';
import { clusterSnapshot, nodeInfos, nodeSnapshot } from './snapshots.ts';

const SERVER = {
  address: '*:5403',
  tls: 'required',
  clientCertRequired: true,
  maxClients: 0,
  maxSendBytes: 32_768,
  maxReceiveBytes: 32_768,
} as const;

const PLAIN = { verbose: false, cluster: undefined };

function textOf(snapshot: ArbiterSnapshot, choice: { verbose: boolean; cluster: string | undefined } = PLAIN): string {
  const timeBefore = (agoMs: number) => new Date(Date.parse('2024-05-01T12:00:00.000Z') - agoMs).toISOString();
  return peopleText(statusDocument(SERVER, snapshot, timeBefore), choice);
}

const ofCluster = (changes: Partial<ClusterSnapshot>) => ({
  connectedClients: 1,
  clusters: [clusterSnapshot(changes)],
});

const SETTLED = ofCluster({
  vote: { phase: 'settled', winner: [1, 2], rule: 'majority', sinceMs: 7_500_000 },
  nodes: [
    nodeSnapshot({
      nodeId: 1,
      address: '10.0.0.1:40000',
      configNodes: nodeInfos(1, 2, 3),
      members: nodeInfos(1, 2),
      lastAckNack: 'ack',
      granted: true,
    }),
    nodeSnapshot({
      nodeId: 2,
      address: '10.0.0.2:40000',
      members: nodeInfos(1, 2),
      lastAckNack: 'ack',
      granted: true,
      silentForMs: 11_000,
    }),
  ],
});

test('a settled cluster reads like this', () => {
  assert.equal(
    textOf(SETTLED),
    `Arbiter        *:5403
TLS            required, with client certificates
Connected      2 nodes of 1 cluster

Cluster lab
  Vote         nodes 1 and 2
  Because      more than half of the configured nodes are in it (majority)
  Since        2024-05-01 09:55:00 UTC (2 h 5 min)
  Partition    nodes 1 and 2 (reported by nodes 1 and 2, has the vote)

  Node  State            Vote  Address
     1  connected        held  10.0.0.1:40000
     2  silent for 11 s  held  10.0.0.2:40000
     3  not connected
`,
  );
});

test('verbose tells more about the arbiter, the cluster and every node', () => {
  const text = textOf(SETTLED, { verbose: true, cluster: undefined });
  assert.match(text, /^Limits {9}any number of clients/m);
  assert.match(text, /^ {2}Algorithm {4}fifty-fifty split/m);
  assert.match(text, /^ {2}Tie-breaker {2}lowest node id$/m);
  assert.match(text, /^ {8}no TLS, connected for 1 min, heartbeat 8 s, ring 1\.5$/m);
});

test('one cluster alone, or that it is not there', () => {
  assert.match(textOf(SETTLED, { verbose: false, cluster: 'lab' }), /^Cluster lab\n/);
  assert.equal(
    textOf(SETTLED, { verbose: false, cluster: 'x\u001b[2J' }),
    'No node of cluster x\\u{1b}[2J is connected.\n',
  );
});

test('every phase says what is being waited for', () => {
  // The first line of it: what follows is wrapped below.
  const waiting = (phase: ClusterSnapshot['vote']['phase'], changes: Partial<ClusterSnapshot> = {}) =>
    /^ {2}Waiting for +(.*)$/m.exec(
      textOf(ofCluster({ vote: { phase, winner: [1], rule: 'tieBreaker', sinceMs: 1 }, ...changes })),
    )?.[1];
  const unconfirmed = (lastAckNack: 'ack' | 'nack') => ({
    nodes: [nodeSnapshot({ nodeId: 5, lastAckNack, due: lastAckNack, granted: lastAckNack === 'ack' })],
  });
  assert.equal(waiting('none'), 'the nodes to report who is with them');
  assert.equal(waiting('waiting'), 'the nodes to agree on who is with whom');
  assert.equal(
    waiting('withdrawing', unconfirmed('nack')),
    'node 5 to confirm that the vote is gone, before node 1 may have',
  );
  assert.equal(waiting('granting', unconfirmed('ack')), 'node 5 to confirm the vote');
  assert.equal(waiting('settled'), undefined);
});

test('nobody is a decision too', () => {
  const text = textOf(ofCluster({ vote: { phase: 'settled', winner: [], rule: 'nobody', sinceMs: 0 } }));
  assert.match(text, /^ {2}Vote {9}nobody has it\n {2}Because {6}no partition has enough/m);
});

test('stays within 80 columns, whatever the clusters are like', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 0xffffffff }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), ids, ids, fc.boolean(), (name, members, winner, verbose) => {
      const nodes = [
        nodeSnapshot({ address: '2001:db8:1234:1234:1234:1234:1234:1234:65535', members: nodeInfos(...members) }),
      ];
      const vote = { phase: 'granting', winner, rule: 'firstReported', sinceMs: 1e9 } as const;
      const text = textOf(ofCluster({ name: name.replace(/[^\x20-\x7e]/g, ''), nodes, vote }), {
        verbose,
        cluster: undefined,
      });
      for (const line of text.split('\n')) assert.ok(line.length <= 80 || !line.trim().includes(' '), line);
    }),
  );
});

test('durations and lists read as people say them', () => {
  const durations = [0, 999, 1_000, 1_500, 59_999, 60_000, 61_000, 3_600_000, 90_000_000, 86_400_000];
  assert.deepEqual(durations.map(durationText), [
    '0 s',
    '1.0 s',
    '1 s',
    '1.5 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '1 h',
    '1 d 1 h',
    '1 d',
  ]);
  assert.deepEqual([[], [7], [1, 2], [1, 2, 3]].map(nodesText), [
    'no node',
    'node 7',
    'nodes 1 and 2',
    'nodes 1, 2 and 3',
  ]);
  assert.deepEqual(wrapped('', '  '), ['  ']);
});

const ADMISSION = {
  limits: {
    handshakeMs: 10_000,
    handshakesMax: 64,
    newcomersMax: 16_384,
    clientsPerAddressMax: 0,
    failuresMax: 100,
    penaltyMs: 60_000,
    reservedForKnownPercent: 12,
    strangerPercentMax: 25,
    connectionsMax: undefined,
  },
  counts: {
    newcomers: 3,
    handshakes: 1,
    waitingForHandshake: 2,
    penalisedAddresses: 1,
    dismissed: { penalty: 0, addressLimit: 0, newcomerLimit: 0, descriptors: 0, deadline: 7, shed: 0 },
  },
} as const;

test('who is turned away stands in the long status, and in the one for machines', () => {
  const status = (admission: AdmissionFacts) =>
    statusDocument({ ...SERVER, admission }, { connectedClients: 0, clusters: [] }, () => '');
  const choice = { verbose: true, cluster: undefined };
  const text = peopleText(status(ADMISSION), choice);
  assert.match(text, /Newcomers +3 of at most 16384, 2 wait for their turn, 1 address\s+penalised/);
  assert.match(text, /Turned away +7 for not joining in time/);
  const quiet = {
    ...ADMISSION.counts,
    penalisedAddresses: 0,
    dismissed: { ...ADMISSION.counts.dismissed, deadline: 0 },
  };
  const calm = peopleText(status({ ...ADMISSION, counts: quiet }), choice);
  assert.doesNotMatch(calm, /penalised|Turned away/);
  assert.match(
    peopleText(status({ ...ADMISSION, counts: { ...quiet, penalisedAddresses: 2 } }), choice),
    /2 addresses/,
  );
  assert.deepEqual(status(ADMISSION).server.admission, {
    handshakeTimeoutMs: 10_000,
    handshakesMax: 64,
    newcomersMax: 16_384,
    clientsPerAddressMax: 0,
    penaltyFailures: 100,
    penaltyMs: 60_000,
    reservedForKnownPercent: 12,
    strangerPercentMax: 25,
    connectionsMax: null,
    ...ADMISSION.counts,
  });
});

test('nodes that came although they were connected are counted, once there are some', () => {
  const text = (asked: number) => {
    const secondConnections = { asked, answered: 1, silent: 2, ended: 3 };
    return textOf({ connectedClients: 0, clusters: [], secondConnections }, { verbose: true, cluster: undefined });
  };
  assert.doesNotMatch(text(0), /Came twice/);
  assert.match(
    text(6),
    /^Came twice {5}nodes that were connected, 6 times; of the first connections 1\n {15}answered, 2 were silent, 3 had ended$/m,
  );
});

test('every limit stands in the long status, and how many clients were closed for not reading', () => {
  const text = (nodesPerClusterMax: number, clientsPerAddressMax: number, handshakeMs: number, failuresMax: number) => {
    const limits = {
      receiveBytesBeforeTlsMax: 4_096,
      nodesPerClusterMax,
      messagesWaitingMax: 32,
      reservedDescriptors: 64,
    };
    const admission = { ...ADMISSION, limits: { ...ADMISSION.limits, clientsPerAddressMax, handshakeMs, failuresMax } };
    const server = { ...SERVER, limits, admission, slowReaders: handshakeMs === 0 ? 0 : 2 };
    const document = statusDocument(server, { connectedClients: 0, clusters: [] }, () => '');
    return peopleText(document, { verbose: true, cluster: undefined }).replace(/\n {15}/g, ' ');
  };
  assert.match(
    text(384, 9, 10_000, 100),
    new RegExp(
      'out, 4096 before TLS, 384 nodes a cluster, 32 messages waiting for one, 64 open files kept for the service, ' +
        '9 clients an address, 64 handshakes at a time, 10 s to join, 1 min of penalty after 100 failures, ' +
        '2 clients closed for not reading\\n',
    ),
  );
  assert.match(
    text(0, 0, 0, 0),
    /any number of nodes a cluster, .*any number of clients an address, .*any time to join\n/,
  );
});
