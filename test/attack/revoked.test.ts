/** A stolen certificate, revoked while its thief and its owners are connected. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { validFor } from '../../src/certs/issued.ts';
import { revokedCertificates } from '../../src/certs/revoked.ts';
import { type RevokeChoice, revokeCommand } from '../../src/cli/qnetd-revoke.ts';
import { OperatorError } from '../../src/runtime/errors.ts';
import type { Pair } from '../qnetd/certificates.ts';
import { layOut, spawnDaemon, startDaemon } from '../qnetd/daemon.ts';
import type { NodeClient } from '../qnetd/node-client.ts';
import { authority, clusterPair, initOptions, serverPair } from '../qnetd/rig.ts';

const CHOICE: RevokeChoice = {
  cluster: 'tst',
  serial: undefined,
  fingerprint: undefined,
  dryRun: false,
  yes: true,
  json: false,
};
const fingerprintOf = ({ certPem }: Pair) => new X509Certificate(certPem).fingerprint256;

function kept() {
  const told = { out: [] as string[], err: [] as string[] };
  const output = { out: (line: string) => void told.out.push(line), err: (line: string) => void told.err.push(line) };
  return { told, output };
}

async function member(client: NodeClient, pair: Pair, nodeId: number): Promise<number | undefined> {
  client.send('startTls', { msgSeqNumber: 2 });
  await client.secure({ caPem: authority.certPem, pair });
  client.send('init', initOptions(nodeId, 120_000));
  return (await client.answer())?.options.replyErrorCode;
}

/** A state directory in which the cluster's certificate is known, as after its signing. */
async function stateDir(t: TestContext): Promise<string> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'qnetd-revoked-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  await layOut(home, serverPair);
  await writeFile(path.join(home, 'cluster-tst.crt'), clusterPair.certPem);
  return home;
}

test('its connections are closed at once and it opens nothing any more; a new one of the same cluster does', async (t) => {
  const daemon = await startDaemon(t);
  const { stateDir: directory, localSocket } = daemon.options;
  await writeFile(path.join(directory, 'cluster-tst.crt'), clusterPair.certPem);
  const fresh = authority.issue({ commonName: 'tst' });
  const [thief, owner] = [await daemon.introduced(), await daemon.introduced()];
  assert.equal(await member(thief, clusterPair, 1), 0);
  assert.equal(await member(owner, fresh, 2), 0);
  const { told, output } = kept();
  const choice = { ...CHOICE, serial: new X509Certificate(clusterPair.certPem).serialNumber };
  const ports = { output, confirm: undefined, sockets: [localSocket.path] };
  assert.equal(await revokeCommand(choice, directory, ports), 0);
  assert.deepEqual(told.out.slice(-2), ['Revoked 1 certificate.', 'The running arbiter has been told.']);
  await thief.ended();
  const line = await daemon.line('client closed: its certificate is revoked');
  assert.equal(line['node'], 1);
  const again = await daemon.introduced();
  await member(again, clusterPair, 1).catch(() => undefined);
  await again.ended();
  owner.send('echoRequest', { msgSeqNumber: 7 });
  const heard = [(await owner.answer())?.name, (await owner.answer())?.name];
  assert.deepEqual(heard, ['voteInfo', 'echoReply'], 'it is told what becomes of the vote, and served as ever');
  owner.destroy();
});

test('an arbiter that starts reads the list, and does not start with one that it cannot read', async (t) => {
  const daemon = await startDaemon(t);
  const { options } = daemon;
  const { output } = kept();
  const choice = { ...CHOICE, fingerprint: fingerprintOf(clusterPair) };
  assert.equal(await revokeCommand(choice, options.stateDir, { output, confirm: undefined, sockets: [] }), 0);
  await daemon.kill();
  const next = spawnDaemon(t, options);
  await next.line('serving');
  const thief = await next.introduced();
  await member(thief, clusterPair, 1).catch(() => undefined);
  await thief.ended();
  await next.kill();
  await writeFile(path.join(options.stateDir, 'revoked.json'), '{');
  const broken = spawnDaemon(t, options);
  assert.equal(await broken.end(), 1);
  assert.match(broken.errors, /revoked\.json is no list of revoked certificates/);
});

test('nothing is changed by --dry-run, without a yes, or after a no; a second time it is done already', async (t) => {
  const directory = await stateDir(t);
  const { told, output } = kept();
  const run = (change: Partial<RevokeChoice>, answer?: boolean) => {
    const confirm = answer === undefined ? undefined : async () => answer;
    return revokeCommand({ ...CHOICE, yes: false, ...change }, directory, { output, confirm, sockets: [] });
  };
  assert.equal(await run({ dryRun: true }), 0);
  assert.equal(await run({}), 2);
  assert.equal(await run({}, false), 2);
  assert.equal(await run({ serial: 'FFFFFFFF' }, true), 1);
  assert.equal(await run({ fingerprint: 'abc' }, true), 2);
  assert.equal(await run({ cluster: undefined }, true), 2);
  assert.deepEqual(await revokedCertificates(directory), []);
  assert.equal((await validFor(directory, 'tst', new Date())).length, 1);
  assert.equal(await run({}, true), 0);
  const before = await readFile(path.join(directory, 'revoked.json'), 'utf8');
  assert.equal((await stat(path.join(directory, 'revoked.json'))).mode & 0o077, 0);
  assert.equal((await validFor(directory, 'tst', new Date())).length, 0, 'it vouches for nobody any more');
  assert.equal(await run({ yes: true }), 0);
  assert.ok(told.out.includes('Nothing is left to be revoked.'));
  assert.equal(await readFile(path.join(directory, 'revoked.json'), 'utf8'), before);
});

test('a list with anything wrong in it is none', async (t) => {
  const directory = await stateDir(t);
  for (const text of [
    '',
    '[]',
    '{"format":2,"certificates":[]}',
    '{"format":1,"certificates":[{"fingerprint":"x"}]}',
  ]) {
    await writeFile(path.join(directory, 'revoked.json'), text);
    await assert.rejects(revokedCertificates(directory), OperatorError);
  }
});
