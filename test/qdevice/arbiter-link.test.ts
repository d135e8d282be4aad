/** Everything that may be wrong between a node and its arbiter, and the sentence that says so. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { REPLY_CODE } from '../../src/protocol/enums.ts';
import { ArbiterLink, type LinkListener } from '../../src/qdevice/arbiter-link.ts';
import { Credentials } from '../../src/qdevice/credentials.ts';
import { Dialler } from '../../src/qdevice/dial.ts';
import { Authority, daysFromNow, type Pair } from '../qnetd/certificates.ts';
import { authority, clusterPair, keptLog, Rig, type RigWishes } from '../qnetd/rig.ts';
import { TestNode, until } from './node.ts';
import { deviceKeys } from './scripted-corosync.ts';

const good = { caPem: authority.certPem, pair: clusterPair };
const started: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
});

async function nodeAt(
  port: number,
  certificates: { caPem: string; pair?: Pair } = good,
  changes: Readonly<Record<string, string>> = {},
): Promise<TestNode> {
  const node = new TestNode({ keys: { ...deviceKeys(1, port), ...changes }, certificates });
  started.unshift(node);
  await node.join([1, 2], 1n);
  return node;
}

/** The reason and detail of the first failure. */
async function failureAt(wishes: RigWishes, certificates?: { caPem: string; pair?: Pair }): Promise<string> {
  const rig = await Rig.start(wishes);
  started.push(rig);
  return await failureOf(await nodeAt(rig.port, certificates));
}

async function failureOf(node: TestNode): Promise<string> {
  const failures = () => node.lines.filter(({ message }) => /not connected|daemon ends/.test(message));
  await until('it fails', () => failures().length > 0);
  assert.notEqual(node.corosync.casts, true);
  const { reason, detail } = failures()[0]?.fields ?? {};
  return `${String(reason)}: ${String(detail)}`;
}

async function scripted(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer(onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  started.push({
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

test('an arbiter of another authority', async () => {
  const other = new Authority();
  const failure = await failureAt({ pair: other.issue({ commonName: 'Qnetd Server' }) });
  assert.match(
    failure,
    /TLS handshake failed: .* another authority \(.*([0-9A-F]{2}:){31}.*([0-9A-F]{2}:){31}.*if .* was reinstalled, run qdevice remove/,
  );
});

test('an arbiter whose certificate has expired, and one whose is of the future', async () => {
  const expired = { commonName: 'Qnetd Server', notBefore: daysFromNow(-9), notAfter: daysFromNow(-2) };
  assert.match(
    await failureAt({ pair: authority.issue(expired) }),
    /has expired \(valid from .* the clock here says .*\); renew it on 127\.0\.0\.1/,
  );
  const future = { commonName: 'Qnetd Server', notBefore: daysFromNow(2), notAfter: daysFromNow(9) };
  assert.match(await failureAt({ pair: authority.issue(future) }), /is not valid yet .* set the clocks right/);
});

test('somebody else with a certificate of the same authority', async () => {
  const failure = await failureAt({ pair: clusterPair });
  assert.match(failure, /is for CN=tst, not for "Qnetd Server"/);
});

test('no certificate where the arbiter wants one', async () => {
  const failure = await failureAt({}, { caPem: authority.certPem });
  assert.match(failure, /requires a client certificate and there is none in .*nssdb; set up/);
});

test("another cluster's certificate, and one that the arbiter calls expired", async () => {
  const other = { ...good, pair: authority.issue({ commonName: 'other' }) };
  assert.match(
    await failureAt({}, other),
    /right after INIT; the certificate .* is for other, not for the cluster tst/,
  );
  const expired = authority.issue({ commonName: 'tst', notBefore: daysFromNow(-9), notAfter: daysFromNow(-2) });
  assert.match(await failureAt({}, { ...good, pair: expired }), /its log says why .* valid from/);
});

test('TLS that is required here is never given up', async () => {
  const rig = await Rig.start({ settings: { tls: 'unsupported' } });
  started.push(rig);
  const node = await nodeAt(rig.port);
  assert.match(await failureOf(node), /TLS is required here and the arbiter does not offer it/);
  assert.equal(await node.ended, 1);
  assert.equal(node.corosync.registered, undefined);
  assert.deepEqual(rig.warnings(), []);
});

test('an arbiter that answers with an error ends the daemon', async () => {
  const port = await scripted((socket) => {
    socket.once('data', () => {
      socket.write(encodeMessage('serverError', { replyErrorCode: REPLY_CODE.internalError }));
    });
  });
  const node = await nodeAt(port, good);
  assert.equal(await node.ended, 1);
  assert.match(await failureOf(node), /answered with an error: internalError/);
  assert.deepEqual(node.corosync.journal.slice(-3), ['nack', 'unregister', 'close']);
});

test('something else that listens on the port', async () => {
  const closing = await scripted((socket) => socket.end());
  assert.match(
    await failureOf(await nodeAt(closing)),
    /before it said anything; check that 127\.0\.0\.1:\d+ is the arbiter/,
  );
  const talking = await scripted((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  assert.match(await failureOf(await nodeAt(talking)), /did not accept this node in time: .* while introducing/);
});

test('nobody answers at all', async () => {
  // A thread that listens and never comes to accepting: once its queue is full the kernel answers no more.
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setTimeout(() => Atomics.wait(workerData, 0, 0), 0);
     });`,
    { eval: true, workerData: new Int32Array(new SharedArrayBuffer(4)) },
  );
  const [port]: number[] = await once(worker, 'message');
  assert.ok(port);
  const stops = new AbortController();
  const fillers = Array.from({ length: 4 }, () => {
    const link = new Dialler().dial({ host: '127.0.0.1', port, forceIpVersion: 0 }, 60_000, stops.signal);
    return link.then((dialled) => dialled.ok && dialled.socket.destroy());
  });
  started.push({
    stop: async () => {
      stops.abort();
      await Promise.all(fillers);
      await worker.terminate();
    },
  });
  const node = await nodeAt(port, good, { 'quorum.device.net.connect_timeout': '1000' });
  assert.match(await failureOf(node), /cannot be reached|did not accept this node in time/);
});

test('every address is tried in turn, and a name is looked up once at a time', async () => {
  const port = await scripted(() => undefined);
  const { signal } = new AbortController();
  const dialler = new Dialler(() => Promise.resolve(['127.0.0.2', '127.0.0.1']));
  const dialled = await dialler.dial({ host: 'arbiter.example', port, forceIpVersion: 0 }, 10_000, signal);
  assert.ok(dialled.ok);
  assert.equal(dialled.socket.remoteAddress, '127.0.0.1');
  dialled.socket.destroy();
  let lookups = 0;
  const silent = new Dialler(() => {
    lookups += 1;
    return new Promise(() => undefined);
  });
  const stop = new AbortController();
  const destination = { host: 'arbiter.example', port, forceIpVersion: 4 } as const;
  const late = await silent.dial(destination, 20, stop.signal);
  assert.match(late.ok ? '' : late.detail, /no answer from the resolver/);
  const abandoned = silent.dial(destination, 60_000, stop.signal);
  stop.abort();
  assert.equal((await abandoned).ok, false);
  assert.equal(lookups, 1);
  const wrongFamily = await new Dialler().dial({ host: '::1', port, forceIpVersion: 4 }, 1_000, signal);
  assert.match(wrongFamily.ok ? '' : wrongFamily.detail, /no IPv4 address, which force_ip_version asks for/);
});

interface Heard {
  readonly listener: LinkListener;
  readonly events: string[];
}

function heard(): Heard {
  const events: string[] = [];
  return {
    events,
    listener: {
      connected: () => events.push('connected'),
      bytes: (bytes) => events.push(`bytes ${bytes.length}`),
      secured: () => events.push('secured'),
      ended: (cause, detail) => events.push(`${cause} ${detail}`),
    },
  };
}

function linkTo(port: number, listener: LinkListener, directory = '/nonexistent'): ArbiterLink {
  const credentials = new Credentials({ directory, clusterNickname: 'Cluster Cert', log: keptLog().sink });
  return new ArbiterLink(
    {
      destination: { host: '127.0.0.1', port, forceIpVersion: 0 },
      clusterName: 'tst',
      connectMs: 10_000,
      sendMessagesMax: 4,
      serverName: 'Qnetd Server',
      credentials,
      dialler: new Dialler(),
    },
    listener,
  );
}

test('what was read before TLS started belongs to TLS', async () => {
  const port = await scripted(() => undefined);
  const node = await nodeAt(1); // for its directory alone
  const { events, listener } = heard();
  const link = linkTo(port, listener, node.stateDir);
  await until('it is connected', () => events.length > 0);
  link.startTls(Uint8Array.of(21, 3, 3, 0, 2, 2, 40)); // the alert handshake_failure
  await until('the alert is understood', () => events.length > 1);
  assert.match(events[1] ?? '', /^tlsFailed/);
  await link.released;
});

test('a closed link says nothing, whatever it was doing', async () => {
  const port = await scripted((socket) => socket.write('something'));
  const dialling = heard();
  const first = linkTo(port, dialling.listener);
  first.close();
  await first.released;
  assert.deepEqual(dialling.events, []);
  const talking = heard();
  const second = linkTo(port, talking.listener);
  await until('it hears something', () => talking.events.length === 2);
  second.startTls(new Uint8Array());
  second.close();
  await second.released;
  assert.deepEqual(talking.events, ['connected', 'bytes 9']);
});

test('an arbiter that reads nothing is given up', async () => {
  const port = await scripted((socket) => socket.pause());
  const { events, listener } = heard();
  const link = linkTo(port, listener);
  await until('it is connected', () => events.length > 0);
  for (let count = 0; count < 1_000 && events.length < 2; count += 1) {
    link.send(new Uint8Array(100_000));
    link.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(events[1] ?? '', /arbiterClosed it does not read/);
  await link.released;
});
