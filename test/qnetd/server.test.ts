/** Connections on loopback: how they begin, carry on and end, and that nothing a client sends moves the arbiter. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { NodeClient } from './node-client.ts';
import { authority, clusterPair, expectAnswer, initOptions, Rig, type RigWishes } from './rig.ts';

const IN_CLEAR = { settings: { tls: 'unsupported' } } as const;
const RANDOM_FRAMES = 10_000;
const RANDOM_CLIENTS = 4;

async function rigFor(t: TestContext, wishes?: RigWishes): Promise<Rig> {
  const rig = await Rig.start(wishes);
  t.after(() => rig.stop());
  return rig;
}

/** Waits for what a server does of its own accord; bounded by the test's own time. */
async function until(condition: () => boolean): Promise<void> {
  const giveUp = performance.now() + 15_000;
  while (!condition()) {
    assert.ok(performance.now() < giveUp, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function joined(rig: Rig, nodeId: number): Promise<NodeClient> {
  const client = await rig.introduced();
  client.send('init', initOptions(nodeId));
  assert.equal((await expectAnswer(client, 'initReply')).replyErrorCode, 0);
  return client;
}

/** Sends the lists of a node that sees `nodes` and confirms votes until it is told ack. */
async function voteOf(client: NodeClient, nodes: readonly number[]): Promise<string> {
  const nodeInfo = nodes.map((nodeId) => ({ nodeId, dataCenterId: 0 }));
  const ringId = { nodeId: 1, seq: 5n };
  client.send('nodeList', { msgSeqNumber: 4, nodeListType: 'initialConfig', configVersion: 1n, nodeInfo });
  client.send('nodeList', { msgSeqNumber: 5, nodeListType: 'membership', ringId, heuristics: 'pass', nodeInfo });
  for (let answers = 0; answers < 20; answers += 1) {
    const answer = await client.answer();
    if (answer?.name === 'voteInfo') {
      client.send('voteInfoReply', { msgSeqNumber: answer.options.msgSeqNumber ?? 0 });
      if (answer.options.vote === 'ack') return 'ack';
    }
  }
  return 'none';
}

/** An echo is answered; what the arbiter had to say before is passed over. */
async function echo(client: NodeClient, seq: number): Promise<void> {
  client.send('echoRequest', { msgSeqNumber: seq });
  for (let answers = 0; answers < 20; answers += 1) {
    const answer = await client.answer();
    if (answer?.name !== 'echoReply') continue;
    assert.equal(answer.options.msgSeqNumber, seq);
    return;
  }
  assert.fail('no echo');
}

test('plaintext where TLS is required: error 3, the connection stays, one line with cluster and option', async (t) => {
  const rig = await rigFor(t);
  const client = await rig.introduced('plain-one');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    client.send('init', initOptions(1));
    assert.equal((await expectAnswer(client, 'serverError')).replyErrorCode, 3);
  }
  const warnings = rig.warnings();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]?.message ?? '', /TLS is required here; start with --tls on/);
  assert.equal(warnings[0]?.fields['cluster'], 'plain-one');
});

test('STARTTLS where TLS is off: closed without a word, told once', async (t) => {
  const rig = await rigFor(t, IN_CLEAR);
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  assert.equal(await client.answer(), undefined);
  assert.equal(client.error, undefined);
  assert.equal(rig.warnings().length, 1);
});

test('the client over the limit is accepted and closed without a byte; the next one gets the place of one that left', async (t) => {
  const rig = await rigFor(t, { settings: { tls: 'unsupported', maxClients: 1 } });
  const first = await rig.introduced();
  const second = await rig.connect();
  assert.equal(await second.answer(), undefined);
  assert.equal(second.error, undefined);
  first.destroy();
  await until(() => rig.snapshot().connectedClients === 0);
  await rig.introduced();
});

test('many requests in one segment are answered in order, whatever the limit of waiting messages is', async (t) => {
  const rig = await rigFor(t, { ...IN_CLEAR, sendMessagesMax: 2 });
  const client = await joined(rig, 1);
  const requests = Array.from({ length: 5_000 }, (_, seq) => encodeMessage('echoRequest', { msgSeqNumber: seq }));
  client.write(Buffer.concat(requests));
  for (let seq = 0; seq < requests.length; seq += 1) {
    assert.equal((await expectAnswer(client, 'echoReply')).msgSeqNumber, seq);
  }
});

test('the same over TLS', async (t) => {
  const rig = await rigFor(t, { sendMessagesMax: 2 });
  const client = await rig.secured();
  client.send('init', initOptions(1));
  await expectAnswer(client, 'initReply');
  for (let segment = 0; segment < 40; segment += 1) {
    const requests = Array.from({ length: 50 }, (_, at) =>
      encodeMessage('echoRequest', { msgSeqNumber: segment * 50 + at }),
    );
    client.write(Buffer.concat(requests));
  }
  for (let seq = 0; seq < 2_000; seq += 1) {
    assert.equal((await expectAnswer(client, 'echoReply')).msgSeqNumber, seq);
  }
});

for (const secure of [false, true]) {
  test(`a client that does not read its own answers is closed once its queue is full${secure ? ' (TLS)' : ''}`, async (t) => {
    const rig = await rigFor(t, secure ? {} : IN_CLEAR);
    const slow = secure ? await rig.secured() : await rig.introduced();
    slow.send('init', initOptions(1));
    await expectAnswer(slow, 'initReply');
    slow.carrier.pause();
    const request = encodeMessage('echoRequest', { msgSeqNumber: 1 });
    // 30 kB each: the option is unknown to the arbiter and comes back with the echo.
    const big = Buffer.concat([request, Buffer.from([0x7f, 0x7f, 0x75, 0x30]), Buffer.alloc(30_000)]);
    big.writeUInt32BE(big.length - 6, 2);
    let written = 0;
    while (rig.snapshot().connectedClients > 0 && written < 10_000) {
      slow.write(big);
      written += 1;
      if (written % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => rig.snapshot().connectedClients === 0);
    assert.match(rig.warnings()[0]?.message ?? '', /it does not read what it is sent/);
    await joined(rig, 2).catch(() => rig.secured());
  });
}

test('half a frame and EOF: disconnected at once, nobody else minds', async (t) => {
  const rig = await rigFor(t, IN_CLEAR);
  const other = await joined(rig, 1);
  const client = await joined(rig, 2);
  client.write(encodeMessage('echoRequest', { msgSeqNumber: 1 }).subarray(0, 9));
  client.plain.end();
  await client.ended();
  assert.equal(client.error, undefined);
  assert.deepEqual(
    rig.cluster()?.nodes.map(({ nodeId }) => nodeId),
    [1],
  );
  await echo(other, 77);
});

test('an oversized frame is passed over and refused, and the connection goes on', async (t) => {
  const rig = await rigFor(t, IN_CLEAR);
  const client = await joined(rig, 1);
  const oversized = Buffer.alloc(40_000);
  oversized.writeUInt16BE(8, 0);
  oversized.writeUInt32BE(oversized.length - 6, 2);
  client.write(oversized);
  assert.equal((await expectAnswer(client, 'serverError')).replyErrorCode, 5);
  await echo(client, 78);
});

test('a reset is a disconnect', async (t) => {
  const rig = await rigFor(t, IN_CLEAR);
  const client = await joined(rig, 1);
  client.plain.resetAndDestroy();
  await until(() => rig.snapshot().connectedClients === 0);
  const left = rig.lines.find(({ message }) => message === 'node left');
  assert.match(String(left?.fields['reason']), /reset/);
});

test(`${RANDOM_FRAMES} random frames leave another client its echo and its vote`, async (t) => {
  const rig = await rigFor(t, { settings: { tls: 'supported' } });
  const honest = await rig.secured();
  honest.send('init', initOptions(1));
  await expectAnswer(honest, 'initReply');
  assert.equal(await voteOf(honest, [1]), 'ack');
  const noise = Array.from({ length: RANDOM_CLIENTS }, (_, seed) => makeNoise(rig, seed + 1));
  let noisy = true;
  const all = Promise.all(noise).finally(() => {
    noisy = false;
  });
  let echoes = 0;
  for (; noisy || echoes < 10; echoes += 1) {
    await echo(honest, echoes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  assert.deepEqual(rig.failures, []);
  assert.equal(rig.cluster()?.nodes.find(({ nodeId }) => nodeId === 1)?.lastAckNack, 'ack');
  assert.equal(
    rig.lines.some(({ level }) => level === 'fatal'),
    false,
  );
});

/** Its share of the frames, over as many connections as that takes: pure noise, or good frames with bytes changed. */
async function makeNoise(rig: Rig, seed: number): Promise<void> {
  const random = generator(seed);
  const good = goodFrames(`noise-${seed}`, seed);
  let client: NodeClient | undefined;
  let closed = true;
  for (let sent = 0; sent < RANDOM_FRAMES / RANDOM_CLIENTS; sent += 1) {
    if (client === undefined || closed) {
      const fresh = await rig.connect();
      client = fresh;
      closed = false;
      fresh.plain.removeAllListeners('data');
      fresh.plain.resume();
      fresh.plain.once('close', () => {
        closed = true;
      });
      for (const frame of good) fresh.plain.write(frame);
    }
    client.plain.write(random(2) === 0 ? noiseFrame(random) : changed(good[random(good.length)], random));
    if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  client?.plain.end();
  await client?.ended();
}

/** What a node says until it has a vote. */
function goodFrames(clusterName: string, nodeId: number): readonly Uint8Array[] {
  const nodeInfo = [{ nodeId, dataCenterId: 0 }];
  const ringId = { nodeId: 1, seq: 5n };
  return [
    encodeMessage('preinit', { msgSeqNumber: 1, clusterName }),
    encodeMessage('init', initOptions(nodeId)),
    encodeMessage('nodeList', { msgSeqNumber: 4, nodeListType: 'initialConfig', configVersion: 1n, nodeInfo }),
    encodeMessage('nodeList', { msgSeqNumber: 5, nodeListType: 'membership', ringId, heuristics: 'pass', nodeInfo }),
    encodeMessage('nodeList', { msgSeqNumber: 6, nodeListType: 'quorum', quorate: 'quorate', nodeInfo }),
    encodeMessage('heuristicsChange', { msgSeqNumber: 7, heuristics: 'fail' }),
    encodeMessage('setOption', { msgSeqNumber: 8, keepActivePartition: 'enabled' }),
    encodeMessage('voteInfoReply', { msgSeqNumber: 1 }),
  ];
}

/** The length in the header stays, so that the stream stays one of frames. */
function changed(frame: Uint8Array | undefined, random: (below: number) => number): Uint8Array {
  const copy = Uint8Array.from(frame ?? []);
  for (let changes = random(4); changes > 0; changes -= 1) copy[6 + random(copy.length - 6)] = random(256);
  return copy;
}

function noiseFrame(random: (below: number) => number): Uint8Array {
  const bodyBytes = random(5) === 0 ? 0 : random(200);
  const bytes = Buffer.alloc(6 + bodyBytes);
  for (let at = 6; at < bytes.length; at += 1) bytes[at] = random(4) === 0 ? random(256) : random(24);
  // A frame in twelve is of an unknown type, and STARTTLS, after which nothing is a frame, is rare.
  const type = random(12) === 0 ? random(65_536) : random(18);
  bytes.writeUInt16BE(type === 2 && random(20) !== 0 ? 0 : type, 0);
  bytes.writeUInt32BE(bodyBytes, 2);
  return bytes;
}

/** Lehmer's generator: a seed draws the same frames each time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

test('a stop closes with FIN, also towards clients that read nothing, in a handshake or in TLS', async (t) => {
  const rig = await rigFor(t);
  const plain = await rig.introduced();
  const secured = await rig.secured();
  const midHandshake = await rig.introduced();
  midHandshake.send('startTls', { msgSeqNumber: 2 });
  const deaf = net.connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => deaf.destroy());
  await until(() => rig.snapshot().connectedClients === 4);
  deaf.pause();
  await rig.server.stop();
  for (const client of [plain, secured]) {
    await client.ended();
    assert.equal(client.error, undefined, 'FIN, not a reset');
  }
  await midHandshake.ended();
});

/** Passes bytes on and keeps what the server said. */
async function relay(t: TestContext, port: number): Promise<{ port: number; fromServer: () => Buffer }> {
  const chunks: Buffer[] = [];
  const server = net.createServer((inner) => {
    const outer = net.connect(port, '127.0.0.1');
    outer.on('data', (bytes) => chunks.push(bytes));
    inner.on('error', () => undefined);
    outer.on('error', () => undefined);
    inner.pipe(outer).pipe(inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { port: address.port, fromServer: () => Buffer.concat(chunks) };
}

test("another cluster's certificate is closed with close_notify", async (t) => {
  const rig = await rigFor(t);
  const { port, fromServer } = await relay(t, rig.port);
  const client = await NodeClient.connect(port);
  t.after(() => client.destroy());
  client.send('preinit', { msgSeqNumber: 1, clusterName: 'not-theirs' });
  await expectAnswer(client, 'preinitReply');
  const clearBytes = fromServer().length;
  client.send('startTls', { msgSeqNumber: 2 });
  await client.secure({ caPem: authority.certPem, pair: clusterPair, version: 'TLSv1.2' });
  client.send('init', initOptions(1));
  assert.equal(await client.answer(), undefined);
  const ALERT = 21;
  assert.equal(recordTypes(fromServer().subarray(clearBytes)).at(-1), ALERT);
  assert.equal(rig.warnings().length, 1);
  assert.equal(rig.warnings()[0]?.fields['cluster'], 'not-theirs');
});

function recordTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes.readUInt8(at));
  return types;
}
