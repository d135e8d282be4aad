/**
 * OpenSSL's own client against the arbiter: sessions that are to be taken up again with early data, renegotiation again and
 * again. A bridge says PREINIT and STARTTLS for it. And certificates that somebody else has signed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { Authority, daysFromNow } from '../qnetd/certificates.ts';
import { authority, CLUSTER, clusterPair, initOptions, Rig } from '../qnetd/rig.ts';
import { Bystander } from './bystander.ts';

const PREINIT_REPLY_BYTES = 24;
const CLIENT_MS_MAX = 20_000;
const RENEGOTIATIONS = 50;

/** A port on which TLS can be spoken at once, as if for this cluster. */
async function bridge(t: TestContext, port: number): Promise<number> {
  const server = net.createServer((near) => {
    const far = net.connect({ port, host: '127.0.0.1' });
    for (const socket of [near, far]) socket.on('error', () => undefined);
    far.write(encodeMessage('preinit', { msgSeqNumber: 1, clusterName: CLUSTER }));
    far.once('data', (reply) => {
      assert.equal(reply.length, PREINIT_REPLY_BYTES);
      far.write(encodeMessage('startTls', { msgSeqNumber: 2 }));
      near.pipe(far).pipe(near);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

interface Stage {
  readonly rig: Rig;
  readonly bystander: Bystander;
  /** Runs `openssl s_client`, says `words` once it is connected, and hands back what it printed. */
  client(args: readonly string[], words: readonly string[]): Promise<string>;
  readonly home: string;
}

async function stageFor(t: TestContext): Promise<Stage> {
  const rig = await Rig.start();
  t.after(() => rig.stop());
  const bystander = await Bystander.join(() => rig.introduced());
  const home = await mkdtemp(path.join(os.tmpdir(), 'qnetd-attack-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const files = { 'ca.pem': authority.certPem, 'cluster.pem': clusterPair.certPem, 'cluster.key': clusterPair.keyPem };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(home, name), text, { mode: 0o600 });
  const port = await bridge(t, rig.port);
  const client = async (args: readonly string[], words: readonly string[]) => {
    const common = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'x', '-CAfile', 'ca.pem'];
    const pair = ['-cert', 'cluster.pem', '-key', 'cluster.key'];
    const child = spawn('openssl', [...common, ...pair, ...args], { cwd: home, timeout: CLIENT_MS_MAX });
    let text = '';
    const ended = once(child, 'close');
    child.stdin.on('error', () => undefined);
    const said = new Promise<void>((resolve) => {
      const take = (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.includes('Verify return code')) resolve();
      };
      for (const output of [child.stdout, child.stderr]) output.on('data', take);
    });
    await Promise.race([said, ended]);
    for (const word of words) child.stdin.write(`${word}\n`);
    // A ticket would come right behind the handshake.
    setTimeout(() => child.stdin.end(), 300);
    await ended;
    return text;
  };
  return { rig, bystander, client, home };
}

test('a session cannot be taken up again, and so nothing said before a handshake is heard', async (t) => {
  const { client, home, bystander, rig } = await stageFor(t);
  const first = await client(['-tls1_3', '-sess_out', 'session.pem'], []);
  assert.match(first, /New, TLSv1\.3/);
  assert.ok(!/Max Early Data: [1-9]/.test(first), first);
  await writeFile(path.join(home, 'early'), encodeMessage('init', initOptions(1)));
  const session = existsSync(path.join(home, 'session.pem')) ? ['-sess_in', 'session.pem'] : [];
  const second = await client(['-tls1_3', ...session, '-early_data', 'early'], []);
  assert.ok(!/Reused, /.test(second), second);
  assert.ok(!/Early data was accepted/.test(second), second);
  const old = await client(['-tls1_2', '-sess_out', 'old.pem'], []);
  assert.match(old, /New, TLSv1\.2/);
  if (existsSync(path.join(home, 'old.pem'))) {
    assert.match(await client(['-tls1_2', '-sess_in', 'old.pem'], []), /New, TLSv1\.2/);
  }
  await bystander.split();
  assert.deepEqual(rig.failures, []);
  assert.deepEqual(
    rig.cluster()?.nodes.map(({ nodeId }) => nodeId),
    [1, 2],
  );
});

test(`renegotiation is refused ${RENEGOTIATIONS} times, and others decide meanwhile`, async (t) => {
  const { client, bystander, rig } = await stageFor(t);
  const attack = client(
    ['-tls1_2'],
    Array.from({ length: RENEGOTIATIONS }, () => 'R'),
  );
  await bystander.split();
  await bystander.heal();
  const text = await attack;
  assert.match(text, /RENEGOTIATING/);
  assert.match(text, /no renegotiation/);
  await bystander.split();
  assert.deepEqual(rig.failures, []);
});

const stranger = new Authority();
for (const { what, pair } of [
  { what: 'signed by another authority of the same name', pair: stranger.issue({ commonName: CLUSTER }) },
  { what: 'of another authority itself', pair: stranger },
  { what: 'that has ended', pair: authority.issue({ commonName: CLUSTER, notAfter: daysFromNow(-1) }) },
  { what: 'that has not begun', pair: authority.issue({ commonName: CLUSTER, notBefore: daysFromNow(1) }) },
]) {
  test(`a certificate ${what} opens nothing`, async (t) => {
    const rig = await Rig.start();
    t.after(() => rig.stop());
    const bystander = await Bystander.join(() => rig.introduced());
    const evil = await rig.introduced();
    evil.send('startTls', { msgSeqNumber: 2 });
    await evil.secure({ caPem: authority.certPem, pair }).catch(() => undefined);
    evil.send('init', initOptions(3));
    assert.equal(await evil.answer(), undefined);
    assert.ok(rig.warnings().some(({ message }) => message === 'TLS handshake failed'));
    assert.equal(rig.cluster()?.nodes.length, 2);
    await bystander.split();
  });
}
