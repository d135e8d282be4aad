/** Server and client certificate at work, as the arbiter and a node use them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls';
import { loadOrCreateServerIdentity, type ServerIdentity } from '../../src/certs/identity.ts';
import { certificatePem } from '../../src/certs/issue.ts';
import { readPeerCertificate } from '../../src/certs/peer-certificate.ts';
import { signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import { output, scratchDirectory } from './tools.ts';

interface Client {
  readonly cert: string;
  readonly key: string;
}

const scratch = scratchDirectory('tls');
let identity: ServerIdentity;
let ourClient: Client;
let strangeClient: Client;

before(async () => {
  const stateDir = join(scratch, 'ours');
  identity = (await loadOrCreateServerIdentity(stateDir)).identity;
  ourClient = await makeClient(stateDir);
  const otherDir = join(scratch, 'other');
  await loadOrCreateServerIdentity(otherDir);
  strangeClient = await makeClient(otherDir);
});

async function makeClient(stateDir: string): Promise<Client> {
  const directory = mkdtempSync(join(scratch, 'client-'));
  const [key, requestFile] = [join(directory, 'key'), join(directory, 'crq')];
  output('openssl', [
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-subj',
    '/CN=testcl',
    '-out',
    requestFile,
  ]);
  const order = { stateDir, clusterName: 'testcl', requestFile, otherName: 'refuse' } as const;
  const { certificateFile } = await signClusterCertificate(order);
  return { cert: certificatePem(readFileSync(certificateFile)), key: readFileSync(key, 'utf8') };
}

/** What the server sees of the client, or the error that either side ends with. */
async function handshake(version: SecureVersion, client: Client): Promise<string> {
  const { caPem: ca, certPem: cert, keyPem: key } = identity;
  const versions = { minVersion: version, maxVersion: version };
  const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true, ...versions });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const seen = Promise.race([
    once(server, 'secureConnection').then(([socket]: TLSSocket[]) => {
      assert.ok(socket?.authorized);
      const peer = readPeerCertificate(socket.getPeerCertificate(true).raw);
      socket.end();
      return `${socket.getProtocol()} ${peer.commonName}`;
    }),
    once(server, 'tlsClientError').then(([error]: { code?: string }[]) => error?.code ?? 'no code'),
  ]);
  const { port } = server.address() as AddressInfo;
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'Qnetd Server',
    ca,
    ...client,
    ...versions,
    checkServerIdentity: (_, certificate) => {
      assert.equal(certificate.subject.CN, 'Qnetd Server');
      return undefined;
    },
  });
  socket.on('error', () => undefined); // the server's view is what is looked at
  socket.resume();
  const result = await seen;
  socket.destroy();
  server.close();
  await once(server, 'close');
  return result;
}

test('a node with a certificate signed here is let in and known by name', async () => {
  assert.equal(await handshake('TLSv1.2', ourClient), 'TLSv1.2 testcl');
  assert.equal(await handshake('TLSv1.3', ourClient), 'TLSv1.3 testcl');
});

test('a node of another authority of the same name is not', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    // The code depends on what the wrong key makes of the signature.
    assert.match(await handshake(version, strangeClient), /^(ERR_|CERT_|UNABLE_)/);
  }
});
