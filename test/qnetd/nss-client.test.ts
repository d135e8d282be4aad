/**
 * NSS, the TLS library of the nodes, against our server. tstclnt cannot do STARTTLS in band, so a relay says PREINIT and
 * STARTTLS for it and then passes bytes on.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { encodeMessage } from '../../src/protocol/encode.ts';
import type { Pair } from './certificates.ts';
import { NodeClient } from './node-client.ts';
import { authority, CLUSTER, clusterPair, expectAnswer, initOptions, Rig } from './rig.ts';

const run = promisify(execFile);
const INIT_REPLY_TYPE = 4;

/** An NSS database like a node's: the authority, and the cluster's certificate with its key. */
async function nssDatabase(t: TestContext, pair: Pair): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'nss-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const database = `sql:${directory}`;
  const caFile = path.join(directory, 'ca.pem');
  const p12File = path.join(directory, 'pair.p12');
  await writeFile(caFile, authority.certPem);
  const p12 = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(pair.keyPem),
    [forge.pki.certificateFromPem(pair.certPem)],
    'secret',
    { algorithm: '3des', friendlyName: 'Cluster Cert' },
  );
  await writeFile(p12File, Buffer.from(forge.asn1.toDer(p12).getBytes(), 'latin1'));
  await run('certutil', ['-N', '-d', database, '--empty-password']);
  await run('certutil', ['-A', '-d', database, '-n', 'QNet CA', '-t', 'CT,,', '-a', '-i', caFile]);
  await run('pk12util', ['-i', p12File, '-d', database, '-W', 'secret', '-K', '']);
  return directory;
}

/** The port of a relay that starts TLS at the server for whoever connects. */
async function startTlsRelay(t: TestContext, port: number): Promise<number> {
  const relay = net.createServer({ pauseOnConnect: true }, (inner) => {
    inner.on('error', () => undefined);
    void NodeClient.connect(port).then(async (node) => {
      node.send('preinit', { msgSeqNumber: 1, clusterName: CLUSTER });
      await expectAnswer(node, 'preinitReply');
      node.plain.removeAllListeners('data');
      node.send('startTls', { msgSeqNumber: 2 });
      inner.pipe(node.plain).pipe(inner);
    });
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => relay.close());
  const address = relay.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

for (const version of ['tls1.2', 'tls1.3']) {
  test(`an NSS client with the cluster's certificate is served over ${version}`, async (t) => {
    const rig = await Rig.start();
    t.after(() => rig.stop());
    const database = await nssDatabase(t, clusterPair);
    const requestFile = path.join(database, 'init');
    await writeFile(requestFile, encodeMessage('init', initOptions(1)));
    const port = await startTlsRelay(t, rig.port);
    const where = ['-4', '-h', 'localhost', '-p', String(port), '-d', `sql:${database}`];
    const client = spawn('tstclnt', [
      ...where,
      ...['-n', 'Cluster Cert', '-V', `${version}:${version}`, '-o', '-A', requestFile],
    ]);
    t.after(() => client.kill('SIGKILL'));
    client.stderr.resume();
    const [bytes] = await once(client.stdout, 'data');
    assert.ok(bytes instanceof Buffer);
    assert.equal(bytes.readUInt16BE(0), INIT_REPLY_TYPE);
    assert.deepEqual(
      rig.cluster()?.nodes.map(({ nodeId, certificateVerified }) => [nodeId, certificateVerified]),
      [[1, true]],
    );
    await rig.server.stop();
    await once(client, 'close');
  });
}
