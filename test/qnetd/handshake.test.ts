/** STARTTLS against the real server: what is served, what is refused, and what the log says of it. */
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { Authority, daysFromNow, type Pair, type Wish } from './certificates.ts';
import type { ClientTls } from './node-client.ts';
import { authority, CLUSTER, clusterPair, expectAnswer, initOptions, Rig, type RigWishes, upgradeWith } from './rig.ts';

async function rigFor(t: TestContext, wishes?: RigWishes): Promise<Rig> {
  const rig = await Rig.start(wishes);
  t.after(() => rig.stop());
  return rig;
}

function assertNobody(rig: Rig): void {
  const { connectedClients, clusters } = rig.snapshot();
  assert.deepEqual({ connectedClients, clusters }, { connectedClients: 0, clusters: [] });
}

/** The only line at warn or above. */
function soleWarning(rig: Rig): string {
  const lines = rig.warnings();
  assert.equal(lines.length, 1, JSON.stringify(lines));
  return `${lines[0]?.message}: ${lines[0]?.fields['reason'] ?? ''}`;
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version} with the cluster's certificate is served`, async (t) => {
    const rig = await rigFor(t);
    const client = await rig.introduced();
    client.send('startTls', { msgSeqNumber: 2 });
    const secured = await client.secure({ caPem: authority.certPem, pair: clusterPair, version });
    assert.equal(secured.getProtocol(), version);
    client.send('init', initOptions(1));
    assert.equal((await expectAnswer(client, 'initReply')).replyErrorCode, 0);
    const node = rig.cluster()?.nodes[0];
    assert.deepEqual([node?.tlsActive, node?.certificateVerified], [true, true]);
    assert.deepEqual(rig.warnings(), []);
  });
}

test('TLS 1.1 is refused', async (t) => {
  const rig = await rigFor(t);
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  await assert.rejects(client.secure({ caPem: authority.certPem, pair: clusterPair, version: 'TLSv1.1' }));
  await client.ended();
  assert.match(soleWarning(rig), /TLS handshake failed: the client offers only TLS versions older than 1\.2/);
});

/** Bytes that get lost would leave both ends waiting for each other. */
const HANG = { timeout: 20_000 };

test('PREINIT, STARTTLS and ClientHello in one segment: the handshake gets what came behind', HANG, async (t) => {
  const rig = await rigFor(t);
  const client = await rig.connect();
  client.plain.removeAllListeners('data');
  const ahead = [
    encodeMessage('preinit', { msgSeqNumber: 1, clusterName: CLUSTER }),
    encodeMessage('startTls', { msgSeqNumber: 2 }),
  ];
  let repliesInClear = Buffer.alloc(0);
  let inTls = false;
  const wire = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      client.plain.write(Buffer.concat([...ahead.splice(0), chunk]), () => done());
    },
  });
  client.plain.on('data', (bytes) => {
    if (inTls) {
      wire.push(bytes);
      return;
    }
    repliesInClear = Buffer.concat([repliesInClear, bytes]);
    if (repliesInClear.length < 6) return;
    const replyBytes = 6 + repliesInClear.readUInt32BE(2);
    if (repliesInClear.length < replyBytes) return;
    inTls = true;
    wire.push(repliesInClear.subarray(replyBytes));
  });
  const secured = tls.connect({
    socket: wire,
    ca: authority.certPem,
    cert: clusterPair.certPem,
    key: clusterPair.keyPem,
    checkServerIdentity: () => undefined,
  });
  await new Promise<void>((resolve, reject) => {
    secured.once('error', reject);
    secured.once('secureConnect', resolve);
  });
  assert.equal(repliesInClear.readUInt16BE(0), 1, 'the preinit reply came in the clear, ahead of the handshake');
  const answer = new Promise<Buffer>((resolve) => {
    secured.once('data', resolve);
  });
  secured.write(encodeMessage('init', initOptions(7)));
  assert.equal((await answer).readUInt16BE(0), 4);
  assert.deepEqual(
    rig.cluster()?.nodes.map(({ nodeId }) => nodeId),
    [7],
  );
});

const stranger = new Authority('Somebody else');
const refusals: readonly { readonly what: string; readonly pair: () => Pair | undefined; readonly says: RegExp }[] = [
  { what: 'no certificate', pair: () => undefined, says: /the client presented no certificate/ },
  {
    what: 'a certificate of another authority',
    pair: () => stranger.issue({ commonName: CLUSTER }),
    says: /not signed by this server's certificate authority/,
  },
  { what: 'a certificate signed by itself', pair: () => stranger, says: /is signed by itself/ },
  { what: 'an expired certificate', pair: issued({ notAfter: daysFromNow(-0.5) }), says: /certificate has expired/ },
  { what: 'one of tomorrow', pair: issued({ notBefore: daysFromNow(1) }), says: /not valid yet; compare the clocks/ },
  {
    what: 'one for servers only',
    pair: issued({ extensions: [{ name: 'extKeyUsage', serverAuth: true }] }),
    says: /may not be used by a TLS client/,
  },
  {
    what: 'one for key encipherment only',
    pair: issued({ extensions: [{ name: 'keyUsage', keyEncipherment: true, critical: true }] }),
    says: /may not be used by a TLS client/,
  },
];

function issued(wish: Partial<Wish>): () => Pair {
  return () => authority.issue({ commonName: CLUSTER, ...wish });
}

for (const { what, pair, says } of refusals) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${what} is refused in the ${version} handshake, told once, and nothing behind it is read`, async (t) => {
      const rig = await rigFor(t);
      const client = await rig.introduced();
      client.send('startTls', { msgSeqNumber: 2 });
      const offer: ClientTls = { caPem: authority.certPem, pair: pair(), version };
      await client.secure(offer).then(
        () => client.send('init', initOptions(1)),
        () => undefined,
      );
      await client.ended();
      assert.match(soleWarning(rig), /^TLS handshake failed/);
      assert.match(soleWarning(rig), says);
      assertNobody(rig);
    });
  }
}

for (const [what, commonName] of [
  ["another cluster's certificate", 'other'],
  ['a certificate with a NUL behind the name', 'tst\0.evil'],
] as const) {
  test(`${what} passes the handshake and is closed at INIT, told once`, async (t) => {
    const rig = await rigFor(t);
    const client = await rig.secured(authority.issue({ commonName }));
    client.send('init', initOptions(1));
    assert.equal(await client.answer(), undefined);
    assert.equal(client.error, undefined, 'closed by close_notify and FIN, not by a reset');
    assert.match(soleWarning(rig), /certificate does not carry the cluster's name/);
    assert.deepEqual(rig.snapshot().clusters, []);
  });
}

test('garbage instead of TLS is refused', async (t) => {
  const rig = await rigFor(t);
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  client.write(encodeMessage('init', initOptions(1)));
  await client.ended();
  assert.match(soleWarning(rig), /the client sent something that is not a TLS handshake/);
  assertNobody(rig);
});

test('a client that hangs up in the handshake is told of once', async (t) => {
  const rig = await rigFor(t);
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  client.write(Uint8Array.of(0x16, 0x03, 0x01, 0x02));
  client.plain.end();
  await client.ended();
  assert.match(soleWarning(rig), /TLS handshake failed: the client closed the connection/);
});

test('a client that does not trust this server is told of in words', async (t) => {
  const rig = await rigFor(t);
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  client.plain.removeAllListeners('data');
  // The alert unknown_ca, as NSS sends it on seeing the server's certificate.
  client.plain.once('data', () => client.plain.write(Uint8Array.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x30)));
  client.write(await clientHello());
  await client.ended();
  assert.match(soleWarning(rig), /the client does not trust this server's certificate authority/);
});

test('renegotiation is refused and serves nobody worse', async (t) => {
  const rig = await rigFor(t);
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  const secured = await client.secure({ caPem: authority.certPem, pair: clusterPair, version: 'TLSv1.2' });
  const outcome = await new Promise<Error | null>((resolve) => {
    secured.once('error', resolve);
    secured.once('close', () => resolve(new Error('closed')));
    secured.renegotiate({}, resolve);
  });
  assert.ok(outcome instanceof Error, 'no second handshake on one connection');
  const other = await rig.secured();
  other.send('init', initOptions(1));
  await expectAnswer(other, 'initReply');
});

test('a session is never resumed', async (t) => {
  const rig = await rigFor(t);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    let session: Buffer | undefined;
    for (let connection = 1; connection <= 2; connection += 1) {
      const client = await rig.introduced();
      client.send('startTls', { msgSeqNumber: 2 });
      client.plain.removeAllListeners('data');
      const secured = tls.connect({
        socket: client.plain,
        ca: authority.certPem,
        cert: clusterPair.certPem,
        key: clusterPair.keyPem,
        checkServerIdentity: () => undefined,
        minVersion: version,
        maxVersion: version,
        ...(session && { session }),
      });
      secured.on('session', (offered) => {
        session = offered;
      });
      await new Promise((resolve) => secured.once('secureConnect', resolve));
      secured.write(encodeMessage('echoRequest', { msgSeqNumber: 1 }));
      await new Promise((resolve) => secured.once('data', resolve));
      assert.equal(secured.isSessionReused(), false);
      secured.destroy();
    }
  }
});

test('without client certificates none is asked for', async (t) => {
  const rig = await rigFor(t, { settings: { clientCertRequired: false } });
  rig.use(upgradeWith(authority.issue({ commonName: 'Qnetd Server' }), false));
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  await client.secure({ caPem: authority.certPem });
  client.send('init', initOptions(1));
  assert.equal((await expectAnswer(client, 'initReply')).replyErrorCode, 0);
});

test('a reload serves the new certificate to new connections and leaves old ones alone', async (t) => {
  const rig = await rigFor(t);
  const before = await rig.secured();
  const renewed = upgradeWith(authority.issue({ commonName: 'Qnetd Server' }));
  rig.use(renewed);
  const client = await rig.introduced();
  client.send('startTls', { msgSeqNumber: 2 });
  const secured = await client.secure({ caPem: authority.certPem, pair: clusterPair });
  assert.equal(secured.getPeerX509Certificate()?.fingerprint256, renewed.fingerprint);
  before.send('init', initOptions(1));
  assert.equal((await expectAnswer(before, 'initReply')).replyErrorCode, 0);
});

test('a second STARTTLS inside TLS ends the connection', async (t) => {
  const rig = await rigFor(t);
  const client = await rig.secured();
  client.send('startTls', { msgSeqNumber: 2 });
  assert.equal(await client.answer(), undefined);
  assert.equal(rig.snapshot().connectedClients, 0);
});

/** What a TLS 1.2 client says first. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({ read: () => undefined, write: (bytes: Buffer) => resolve(bytes) });
    tls.connect({ socket, maxVersion: 'TLSv1.2' }).on('error', () => undefined);
  });
}
