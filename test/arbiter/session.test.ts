/** What a connection may say when, and what upstream's defects would have done there. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPLY_CODE } from '../../src/protocol/enums.ts';
import { MESSAGES, type MessageName } from '../../src/protocol/messages.ts';
import { LOWEST, World } from './world.ts';

const REQUESTS: readonly MessageName[] = [
  'setOption',
  'echoRequest',
  'nodeList',
  'askForVote',
  'voteInfoReply',
  'heuristicsChange',
];
const cert = (commonName: string) => ({ commonName, dnsNames: [], ipAddresses: [], fingerprint: commonName });

for (const name of REQUESTS) {
  test(`${name} before INIT is refused, before and after PREINIT`, () => {
    const world = new World();
    world.connect(1);
    world.say(1, name, { msgSeqNumber: 7 });
    assert.equal(world.code(1), REPLY_CODE.initRequired);
    world.preinit(1);
    world.heard(1);
    world.say(1, name, { msgSeqNumber: 7 });
    assert.equal(world.code(1), REPLY_CODE.initRequired);
  });
}

const fromServer: MessageName[] = [];
let each: MessageName;
for (each in MESSAGES) if (MESSAGES[each].from === 'server') fromServer.push(each);

test('what only a server says is unexpected in every state and under required TLS', () => {
  const world = new World({ tls: 'required' });
  world.connect(1);
  for (const name of fromServer) {
    world.say(1, name, { msgSeqNumber: 7 });
    assert.equal(world.code(1), REPLY_CODE.unexpectedMessage, name);
  }
  assert.equal(fromServer.length, 9);
});

test('under required TLS a client in the clear is refused, told so in the log, and stays connected', () => {
  const world = new World({ tls: 'required' });
  world.connect(1);
  world.preinit(1, 'mycluster');
  world.heard(1);
  for (const name of ['init', ...REQUESTS] as const) {
    world.say(1, name, { msgSeqNumber: 7 });
    assert.equal(world.code(1), REPLY_CODE.tlsRequired, name);
  }
  assert.ok(world.reports.some((report) => report.what === 'plaintextRefused' && report.cluster === 'mycluster'));
  assert.equal(world.closed.size, 0);
});

test('the certificate is asked for the cluster name at the first message that needs it', () => {
  const world = new World({ tls: 'required' });
  for (const client of [1, 2, 3]) {
    world.connect(client);
    world.preinit(client);
    world.say(client, 'startTls', { msgSeqNumber: 2 });
  }
  assert.deepEqual(world.startedTls, [1, 2, 3]);
  world.secured(1, cert('TST'));
  world.secured(2, cert('other'));
  world.secured(3, undefined);
  for (const client of [1, 2, 3]) world.init(client, client);
  assert.deepEqual([...world.closed].sort(), [2, 3]);
  assert.equal(world.heard(1).at(-1)?.options.replyErrorCode, 0);
});

test('a certificate checked for one cluster does not open another', () => {
  const world = new World({ tls: 'required' });
  world.connect(1);
  world.preinit(1, 'mine');
  world.say(1, 'startTls', { msgSeqNumber: 2 });
  world.secured(1, cert('mine'));
  world.say(1, 'echoRequest', { msgSeqNumber: 3 });
  world.preinit(1, 'foreign');
  world.init(1, 1);
  assert.equal(world.closed.has(1), true);
  assert.deepEqual(world.arbiter.snapshot(0).clusters, []);
});

test('W9: a second INIT is refused and changes nothing, whatever it says', () => {
  const world = new World();
  world.join(1, 1, { heartbeatMs: 8000 });
  world.config(1, [1, 2]);
  world.heard(1);
  const before = world.arbiter.snapshot(0).clusters;
  world.preinit(1, 'elsewhere');
  world.heard(1);
  world.init(1, 9, { heartbeatMs: 1000, ring: [9, 99n], tieBreaker: { mode: 'highest' } });
  assert.equal(world.code(1), REPLY_CODE.duplicateNodeId);
  assert.deepEqual(world.arbiter.snapshot(0).clusters, before);
  world.tick(11_999);
  assert.equal(world.closed.size, 0, 'its heartbeat is the one of the first INIT');
});

test('a refused SET_OPTION keeps the interval, and the tie-breaker of the same message is not applied', () => {
  const world = new World();
  world.join(1, 1);
  world.say(1, 'setOption', { msgSeqNumber: 5, heartbeatIntervalMs: 999, keepActivePartition: 'enabled' });
  assert.equal(world.code(1), REPLY_CODE.invalidHeartbeatInterval);
  const [node] = world.arbiter.snapshot(0).clusters[0]?.nodes ?? [];
  assert.equal(node?.heartbeatMs, 8000);
  assert.equal(node?.keepActivePartition, false);
});

test('an algorithm that does not exist is refused; a known number is no offence of its own', () => {
  const world = new World();
  world.connect(1);
  world.preinit(1);
  world.heard(1);
  for (const algorithm of [4, 65_535]) {
    world.init(1, 1, { algorithm });
    assert.equal(world.code(1), REPLY_CODE.unsupportedDecisionAlgorithm);
  }
  world.init(1, 1, { algorithm: 0, heartbeatMs: 999 });
  assert.equal(world.code(1), REPLY_CODE.invalidHeartbeatInterval);
  world.join(2, 2);
  world.init(1, 1, { algorithm: 3 });
  assert.equal(world.code(1), REPLY_CODE.algorithmDiffers);
});

test('STARTTLS where there is no TLS, or inside TLS, closes without a word', () => {
  const off = new World();
  off.connect(1);
  off.preinit(1);
  off.heard(1);
  off.say(1, 'startTls', { msgSeqNumber: 2 });
  assert.equal(off.closed.has(1), true);
  assert.deepEqual(off.heard(1), []);

  const twice = new World({ tls: 'supported' });
  twice.connect(1);
  twice.preinit(1);
  twice.say(1, 'startTls', { msgSeqNumber: 2 });
  twice.secured(1, cert('tst'));
  twice.say(1, 'startTls', { msgSeqNumber: 3 });
  assert.equal(twice.closed.has(1), true);
});

test('over the limit of clients a connection is closed without a word', () => {
  const world = new World({ maxClients: 1 });
  world.connect(1);
  world.connect(2);
  assert.deepEqual([...world.closed], [2]);
  world.leave(1);
  world.connect(3);
  assert.equal(world.closed.has(3), false);
});

test('a reply over the send limit closes the client that asked', () => {
  const world = new World({ maxSendBytes: 60 });
  world.connect(1);
  world.preinit(1);
  assert.equal(world.heard(1).length, 1);
  world.init(1, 1);
  assert.equal(world.closed.has(1), false, 'an answer of 48 bytes fits');
  world.say(1, 'echoRequest', { msgSeqNumber: 1 });
  world.bytes(1, Uint8Array.of(0, 8, 0, 0, 0, 60, 0, 99, 0, 56, ...new Uint8Array(56)));
  assert.equal(world.closed.has(1), true);
});

test('a shutdown closes everybody and tells nobody a vote', () => {
  const world = new World();
  for (const client of [1, 2]) {
    world.join(client, client);
    world.config(client, [1, 2]);
    world.membership(client, [1, 8n], [1, 2]);
    world.heard(client);
  }
  world.stop();
  assert.deepEqual([...world.closed], [1, 2]);
  world.leave(1);
  assert.deepEqual(world.heard(2), []);
  assert.equal(world.arbiter.nextDeadlineMs(), undefined);
});

test('conflicts are found in ascending order of node id, tie-breaker first', () => {
  const world = new World();
  world.join(1, 1);
  world.join(2, 5);
  world.connect(3);
  world.preinit(3);
  world.heard(3);
  const asks = (nodeId: number, tieBreaker = LOWEST, algorithm = 1) => {
    world.init(3, nodeId, { tieBreaker, algorithm });
    return world.code(3);
  };
  assert.equal(asks(5, { mode: 'highest' }), REPLY_CODE.tieBreakerDiffers);
  assert.equal(asks(5, LOWEST, 3), REPLY_CODE.algorithmDiffers);
  assert.equal(asks(5), REPLY_CODE.duplicateNodeId);
  assert.equal(asks(3), REPLY_CODE.noError);
});
