import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerFacts } from '../../src/status/facts.ts';
import { listBody, statusBody } from '../../src/status/upstream-text.ts';
import { clusterSnapshot, nodeInfos, nodeSnapshot } from './snapshots.ts';

const SERVER: ServerFacts = {
  address: '*:5403',
  tls: 'required',
  clientCertRequired: true,
  maxClients: 0,
  maxSendBytes: 32_768,
  maxReceiveBytes: 16_384,
};

const one = (...args: Parameters<typeof clusterSnapshot>) => ({
  connectedClients: 1,
  clusters: [clusterSnapshot(...args)],
});

/** As corosync-qnetd 3.0.3 printed it with `-l -v`. */
const OBSERVED = `Cluster "labcluster":
    Algorithm:\t\tFifty-Fifty split (KAP Tie-breaker)
    Tie-breaker:\tNode with lowest node ID
    Node ID 1:
        Client address:\t\t::ffff:127.0.0.1:44806
        HB interval:\t\t8000ms
        Configuration version:\t42
        Configured node list:\t1, 2
        Ring ID:\t\t1.5
        Membership node list:\t1
        Heuristics:\t\tFail (membership: Pass, regular: Fail)
        TLS active:\t\tNo
        Vote:\t\t\tNo change (ACK)
`;

const LAB = one({
  name: 'labcluster',
  keepActivePartition: true,
  nodes: [
    nodeSnapshot({
      address: '::ffff:127.0.0.1:44806',
      configVersion: 42n,
      configNodes: nodeInfos(1, 2),
      members: nodeInfos(1),
      heuristics: { latest: 'fail', membership: 'pass', regular: 'fail' },
      lastVote: 'noChange',
      lastAckNack: 'ack',
    }),
  ],
});

test('the verbose list is the observed one, byte for byte', () => {
  assert.equal(listBody(LAB, true, ''), OBSERVED);
});

test('the plain list leaves the verbose lines out and shortens the heuristics', () => {
  const kept = OBSERVED.split('\n').filter((line) => !/HB interval|Ring ID|TLS active/.test(line));
  assert.equal(listBody(LAB, false, ''), kept.join('\n').replace(/Fail \(.*\)/, 'Fail'));
});

test('lines come and go with what a node has sent', () => {
  assert.equal(
    listBody(one(), false, ''),
    'Cluster "lab":\n    Algorithm:\t\tFifty-Fifty split\n    Tie-breaker:\tNode with lowest node ID\n' +
      '    Node ID 1:\n        Client address:\t\t127.0.0.1:44806\n',
  );
  const node = nodeSnapshot({
    configNodes: [
      { nodeId: 3, dataCenterId: 7 },
      { nodeId: 1, dataCenterId: 0 },
    ],
    ringId: { nodeId: 0xfffffffe, seq: 0xffffffffffffffffn },
    tlsActive: true,
    certificateVerified: true,
    lastVote: 'waitForReply',
  });
  const text = listBody(one({ tieBreaker: { mode: 'nodeId', nodeId: 4_294_967_295 }, nodes: [node] }), true, '');
  for (const line of [
    '    Tie-breaker:\tNode with node ID 4294967295\n',
    '        Configured node list:\t3 (7), 1\n',
    '        Ring ID:\t\tfffffffe.ffffffffffffffff\n',
    '        Heuristics:\t\tUndefined (membership: Undefined, regular: Undefined)\n',
    '        TLS active:\t\tYes (client certificate verified)\n',
    '        Vote:\t\t\tWait for reply\n',
  ]) {
    assert.ok(text.includes(line), line);
  }
});

test('a name goes out as it came in, up to a NUL, and is found by that', () => {
  const snapshot = { connectedClients: 2, clusters: [clusterSnapshot({ name: 'b\xff"\n\0x' }), clusterSnapshot()] };
  assert.ok(listBody(snapshot, false, '').startsWith('Cluster "b\xff"\n":\n'));
  assert.equal(
    listBody(snapshot, false, 'b\xff"\n'),
    listBody({ ...snapshot, clusters: snapshot.clusters.slice(0, 1) }, false, ''),
  );
  assert.equal(listBody(snapshot, false, 'LAB'), '');
  assert.equal(listBody({ connectedClients: 0, clusters: [] }, true, ''), '');
});

test('the status names TLS, clients and, if asked, limits', () => {
  const snapshot = one();
  const plain = 'QNetd address:\t\t\t*:5403\nTLS:\t\t\t\tRequired (client certificate required)\n';
  const counts = 'Connected clients:\t\t1\nConnected clusters:\t\t1\n';
  assert.equal(statusBody(SERVER, snapshot, false), plain + counts);
  const sizes = 'Maximum send/receive size:\t32768/16384 bytes\n';
  assert.equal(statusBody(SERVER, snapshot, true), plain + counts + sizes);
  const limited = statusBody({ ...SERVER, maxClients: 5 }, snapshot, true);
  assert.equal(limited, `${plain}${counts}Maximum allowed clients:\t5\n${sizes}`);
  assert.match(statusBody({ ...SERVER, tls: 'unsupported' }, snapshot, false), /^TLS:\t\t\t\tUnsupported$/m);
  assert.match(
    statusBody({ ...SERVER, tls: 'supported', clientCertRequired: false }, snapshot, false),
    /\tSupported$/m,
  );
});
