/** Debian's corosync-qnetd serving with our certificates, and letting in clients whose certificates we signed. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadOrCreateServerIdentity } from '../../src/certs/identity.ts';
import { certificatePem } from '../../src/certs/issue.ts';
import { signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import { startDaemon } from '../interop/daemon.ts';
import { NodeClient } from '../qnetd/node-client.ts';
import { output, scratchDirectory, upstreamArbiterScript } from './tools.ts';

const scratch = scratchDirectory('real-qnetd');

/** Signs for a new key, and says whether the real arbiter that serves with `database` takes an INIT with it. */
async function isTakenBy(database: string, stateDir: string, name: string): Promise<boolean> {
  const [key, requestFile] = [join(scratch, `${name}.key`), join(scratch, `${name}.crq`)];
  output('openssl', [
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-subj',
    `/CN=${name}`,
    '-out',
    requestFile,
  ]);
  const order = { stateDir, clusterName: name, requestFile, otherName: 'refuse' } as const;
  const { certificateFile } = await signClusterCertificate(order);
  const pair = { certPem: certificatePem(readFileSync(certificateFile)), keyPem: readFileSync(key, 'utf8') };
  const caPem = readFileSync(join(stateDir, 'ca.pem'), 'utf8');
  const daemon = await startDaemon('upstream', ['-s', 'req', '-c', 'on', '-S', `nss_db_dir=${database}`]);
  const client = await NodeClient.connect(daemon.port);
  try {
    client.send('preinit', { msgSeqNumber: 1, clusterName: name });
    assert.equal((await client.answer())?.name, 'preinitReply');
    client.send('startTls', { msgSeqNumber: 2 });
    await client.secure({ caPem, pair });
    client.send('init', {
      msgSeqNumber: 3,
      supportedMessages: [],
      supportedOptions: [],
      nodeId: 1,
      decisionAlgorithm: 1,
      heartbeatIntervalMs: 8000,
      tieBreaker: { mode: 'lowest' },
      ringId: { nodeId: 1, seq: 1n },
    });
    const answer = await client.answer();
    return answer?.name === 'initReply' && answer.options.replyErrorCode === 0;
  } finally {
    client.destroy();
    await daemon.stop();
  }
}

test('on its own database it lets in a cluster that the imported authority has signed', async () => {
  output(upstreamArbiterScript(scratch, join(scratch, 'theirs')), ['-i']);
  const database = join(scratch, 'theirs/nssdb');
  assert.ok(await isTakenBy(database, database, 'imported'));
});

test('on a database made from our files it serves with our identity: a way back', async () => {
  const stateDir = join(scratch, 'ours');
  await loadOrCreateServerIdentity(stateDir);
  const password = join(scratch, 'password');
  writeFileSync(password, '');
  output('certutil', ['-N', '-d', stateDir, '-f', password]);
  output('certutil', ['-A', '-d', stateDir, '-n', 'QNet CA', '-t', 'CT,,', '-i', join(stateDir, 'qnetd-cacert.crt')]);
  const p12 = join(scratch, 'server.p12');
  const pair = ['-inkey', join(stateDir, 'server.key'), '-in', join(stateDir, 'server.pem')];
  output('openssl', ['pkcs12', '-export', ...pair, '-name', 'QNetd Cert', '-passout', 'pass:', '-out', p12]);
  output('pk12util', ['-i', p12, '-d', stateDir, '-W', '']);
  assert.ok(await isTakenBy(stateDir, stateDir, 'ours'));
});
