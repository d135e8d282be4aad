import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipcReply } from '../../src/status/ipc-reply.ts';
import { ipcRequest } from '../../src/status/ipc-request.ts';
import { ipcWords } from '../../src/status/ipc-words.ts';
import { readStatusJson } from '../../src/status/json.ts';
import { peopleText } from '../../src/status/people.ts';
import { clusterSnapshot, nodeInfos, nodeSnapshot } from './snapshots.ts';

/** Words and answers themselves are held against Debian's daemon in test/runtime/local-socket.debian.test.ts. */
const request = (line: string) => ipcRequest(ipcWords(line));

const SERVER = {
  address: '*:1',
  tls: 'required',
  clientCertRequired: true,
  maxClients: 0,
  maxSendBytes: 1,
  maxReceiveBytes: 1,
} as const;

test('requests are read in any case, and arguments until one means nothing', () => {
  assert.deepEqual(request('Status VERBOSE\n'), { kind: 'status', verbose: true });
  assert.deepEqual(request('status x verbose\n'), { kind: 'status', verbose: false });
  assert.deepEqual(request('LIST Cluster "a b" verbose\n'), { kind: 'list', verbose: true, cluster: 'a b' });
  assert.deepEqual(request('list x verbose\n'), { kind: 'list', verbose: false, cluster: '' });
  assert.deepEqual(request('list cluster a cluster B\n'), { kind: 'list', verbose: false, cluster: 'B' });
  assert.deepEqual(request('shutdown now\n'), { kind: 'shutdown' });
  assert.deepEqual(request('snapshot\n'), { kind: 'snapshot', cluster: '' });
  assert.deepEqual(request('Snapshot CLUSTER "a b" x\n'), { kind: 'snapshot', cluster: 'a b' });
  assert.deepEqual(request(' \n'), { kind: 'empty' });
  assert.deepEqual(request('Foo status\n'), { kind: 'unknown', word: 'Foo' });
  assert.deepEqual(request('\xcbist\n'), { kind: 'unknown', word: '\xcbist' });
});

test('a quoted word comes out as it went in, whatever is in it', () => {
  const name = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)),
    minLength: 1,
  });
  fc.assert(
    fc.property(
      name.filter((text) => !/[\r\n]/.test(text)),
      (text) => {
        assert.deepEqual(ipcWords(`list "${text.replace(/["\\]/g, '\\$&')}" x\n`), ['list', text, 'x']);
      },
    ),
  );
});

test('only a shutdown stops the service', () => {
  const facts = {
    server: SERVER,
    snapshot: { connectedClients: 0, clusters: [] },
    timeBefore: String,
    maxSendBytes: 1 << 20,
  };
  assert.deepEqual(ipcReply({ kind: 'shutdown' }, facts), { text: 'OK\n', stop: true });
  for (const line of ['status', 'list', 'snapshot', '', 'foo']) {
    const reply = ipcReply(request(`${line}\n`), facts);
    assert.equal(reply.stop, false);
    assert.match(reply.text, /^(OK|Error)\n/);
  }
});

/** Every node reports itself with all the others, in its own way. */
function largeCluster(name: string, nodes: number, entries: number) {
  const ids = Array.from({ length: entries }, (_, at) => at + 1);
  const nodeOf = (nodeId: number) =>
    nodeSnapshot({
      nodeId,
      configNodes: nodeInfos(...ids),
      members: nodeInfos(...ids),
      ringId: { nodeId, seq: 5n },
    });
  return clusterSnapshot({ name, nodes: ids.slice(0, nodes).map(nodeOf) });
}

function snapshotOf(line: string, maxSendBytes: number) {
  const clusters = [
    largeCluster('small', 2, 2),
    largeCluster('large', 40, 400),
    clusterSnapshot({ name: 'b\xc3\xbc "1"' }),
    clusterSnapshot({ name: 'b\xfc' }),
  ];
  const snapshot = { connectedClients: 44, clusters };
  const reply = ipcReply(request(line), { server: SERVER, snapshot, timeBefore: String, maxSendBytes });
  assert.ok(reply.text.length <= maxSendBytes);
  return { reply, status: readStatusJson(reply.text.slice('OK\n'.length)) };
}

test('a snapshot of one cluster, by its bytes or as it is shown', () => {
  const named = (line: string) => snapshotOf(line, 1 << 24).status?.clusters.map(({ name }) => name);
  assert.deepEqual(named('snapshot\n'), ['small', 'large', 'b\u00fc "1"', 'b\xfc']);
  assert.deepEqual(named('snapshot cluster "b\xc3\xbc \\"1\\""\n'), ['b\u00fc "1"']);
  assert.deepEqual(named('snapshot cluster b\xfc\n'), ['b\xfc']);
  assert.deepEqual(named('snapshot cluster b\xc3\xbc\n'), ['b\xfc']);
  assert.deepEqual(named('snapshot cluster none\n'), []);
});

test('of a cluster too large for the answer the node lists are left out, and every other one is whole', () => {
  const whole = snapshotOf('snapshot\n', 1 << 24);
  for (const maxSendBytes of [whole.reply.text.length - 1, 150_000]) {
    const { status } = snapshotOf('snapshot\n', maxSendBytes);
    const [small, large, ...others] = status?.clusters ?? [];
    assert.deepEqual(
      [small, ...others],
      whole.status?.clusters.filter(({ name }) => name !== 'large'),
    );
    assert.deepEqual(large?.leftOut, ['configNodes', 'members']);
    assert.equal(large?.nodes.length, 40);
    assert.equal(large?.partitions.length, 40);
    assert.ok(large?.nodes.every(({ configNodes, members }) => configNodes.length + members.length === 0));
  }
});

test('if that does not do, its other lists go, and people are told', () => {
  const { status } = snapshotOf('snapshot\n', 40_000);
  assert.ok(status);
  const large = status.clusters.find(({ name }) => name === 'large');
  assert.deepEqual(large?.leftOut, ['configNodes', 'members', 'partitions', 'notConnected', 'winner']);
  assert.equal(large?.nodes.length, 40);
  assert.match(peopleText(status, { verbose: false, cluster: 'large' }), /Partition +left out/);
  assert.doesNotMatch(peopleText(status, { verbose: false, cluster: 'small' }), /left out/);
});

test('what is too long without its lists is an error that the daemon can tell from others', () => {
  const { reply } = snapshotOf('snapshot\n', 2_000);
  assert.deepEqual(reply, { text: "Error\nCan't get QNetd snapshot\n", stop: false, tooLong: true });
  assert.equal(snapshotOf('foo\n', 2_000).reply.tooLong, undefined);
});
