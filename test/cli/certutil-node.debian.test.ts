/** Row by row beside upstream's script: the same exit codes and lines; and each takes what the other has made. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadNodeIdentity } from '../../src/certs/node-identity.ts';
import { nodeCertutil } from '../../src/cli/certutil-node.ts';
import {
  contentOf,
  output,
  runTool,
  scratchDirectory,
  upstreamArbiterScript,
  upstreamNodeScript,
} from '../certs/tools.ts';

interface Printed {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

const scratch = scratchDirectory('certutil-node');
const ourDir = join(scratch, 'ours/nssdb');
const theirDir = join(scratch, 'theirs/nssdb');
const arbiterDir = join(scratch, 'qnetd/nssdb');
const script = upstreamNodeScript(scratch, join(scratch, 'theirs'));
const arbiter = upstreamArbiterScript(scratch, join(scratch, 'qnetd'));
const caFile = join(arbiterDir, 'qnetd-cacert.crt');

async function we(args: readonly string[], directory = ourDir): Promise<Printed> {
  const out: string[] = [];
  const err: string[] = [];
  const collect = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await nodeCertutil({ args: ['--state', directory, ...args], program: script, output: collect });
  return { code, out, err };
}

function they(args: readonly string[]): Printed {
  const done = runTool(script, args);
  // What certutil asks in passing has no name in front.
  const out = done.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('Generating key.'));
  return { code: done.status ?? -1, out: out.map((line) => line.replaceAll(theirDir, ourDir)), err: [done.stderr] };
}

async function assertAlike(ours: readonly string[], theirs = ours): Promise<Printed> {
  const [our, their] = [await we(ours), they(theirs)];
  assert.equal(our.code, their.code, `exit code of ${ours.join(' ')}: ${our.err.join()} ${their.err.join()}`);
  assert.deepEqual(our.out, their.out, `output of ${ours.join(' ')}`);
  assert.equal(our.err.length > 0, our.code !== 0, our.err.join());
  return our;
}

/** Has the arbiter of upstream's sign the request of this directory. */
function sign(directory: string, name = 'tst'): string {
  output(arbiter, ['-s', '-c', join(directory, 'qdevice-net-node.crq'), '-n', name]);
  return join(arbiterDir, `cluster-${name}.crt`);
}

/** A directory of ours with a certificate in use. */
async function nodeWithCertificate(): Promise<string> {
  const directory = join(mkdtempSync(join(scratch, 'node-')), 'nssdb');
  assert.equal((await we(['-i', '-c', caFile], directory)).code, 0);
  assert.equal((await we(['-r', '-n', 'tst'], directory)).code, 0);
  assert.equal((await we(['-M', '-c', sign(directory)], directory)).code, 0);
  return directory;
}

function copyWithout(directory: string, ...names: readonly string[]): string {
  const copy = join(mkdtempSync(join(scratch, 'copy-')), 'nssdb');
  cpSync(directory, copy, { recursive: true });
  for (const name of names) rmSync(join(copy, name), { force: true });
  return copy;
}

before(() => {
  output(arbiter, ['-i']);
});

test('usage is no failure; wrong arguments end as they do upstream', async () => {
  for (const args of [[], ['-h'], ['-i', '-h'], ['-c', 'x', '-n', 'y'], ['operand', '-i']]) {
    const [our, their] = [await we(args), they(args)];
    assert.deepEqual([our.code, their.code, our.err.length], [0, 0, 0], args.join(' '));
    assert.ok(our.out[0]?.startsWith(`${script}: [-i|`));
  }
  const wrong = [['-x'], ['-s'], ['-c'], ['-i', '-n'], ['-i'], ['-M'], ['-m', '-c', '/absent'], ['-r'], ['-Q']];
  for (const args of [...wrong, ['-Q', '-n', 'x'], ['-Q', '-n', 'x', 'arbiter']]) await assertAlike(args);
  for (const args of [
    ['-r', '-n', 'x'],
    ['-M', '-c', script],
    ['-m', '-c', script],
  ]) {
    assert.equal((await assertAlike(args)).code, 1);
  }
});

test("from nothing to a certificate in use, in upstream's words", async () => {
  await assertAlike(['-i', '-c', caFile]);
  await assertAlike(['-i', '-c', caFile]);
  await assertAlike(['-r', '-n', 'tst']);
  assert.equal(statSync(join(ourDir, 'qdevice-net-node.crq')).mode & 0o777, 0o640);
  const ourCertificate = sign(ourDir);
  const ours = await we(['-M', '-c', ourCertificate]);
  const theirs = they(['-M', '-c', sign(theirDir, 'other')]);
  assert.deepEqual([ours.code, ours.out, ours.err], [0, theirs.out, []]);
  const loaded = await loadNodeIdentity(ourDir, 'Cluster Cert');
  assert.equal(new X509Certificate(loaded?.identity.pair?.certPem ?? '').subject, 'CN=tst');
  assert.deepEqual(
    readdirSync(ourDir).filter((name) => name.startsWith('request-')),
    [],
  );
  for (const [name, mode] of [
    ['qdevice-net-node.p12', 0o600],
    ['noise.txt', 0o660],
    ['cluster.key', 0o600],
  ] as const) {
    assert.equal(statSync(join(ourDir, name)).mode & 0o777, mode, name);
  }
});

test('what one side has made the other imports, twice as well as once', async () => {
  const ours = await nodeWithCertificate();
  const p12 = join(ours, 'qdevice-net-node.p12');
  const alike = await assertAlike(['-m', '-c', p12]);
  assert.deepEqual(alike.out.at(-1), 'pk12util: PKCS12 IMPORT SUCCESSFUL');
  await assertAlike(['-m', '-c', p12]);
  assert.match(output('certutil', ['-V', '-d', theirDir, '-n', 'Cluster Cert', '-u', 'C']), /certificate is valid/);
  // The other way round, from a database that holds several pairs by now.
  output(script, ['-r', '-n', 'tst']);
  output(script, ['-M', '-c', sign(theirDir)]);
  await assertAlike(['-m', '-c', join(theirDir, 'qdevice-net-node.p12')]);
  const { identity } = (await loadNodeIdentity(ourDir, 'Cluster Cert')) ?? assert.fail();
  const newest = new X509Certificate(readFileSync(join(arbiterDir, 'cluster-tst.crt')));
  assert.ok(new X509Certificate(identity.pair?.certPem ?? '').raw.equals(newest.raw));
});

test('beside the files lies a database that upstream reads, and pcs finds what it looks for', async () => {
  const directory = await nodeWithCertificate();
  const list = output('certutil', ['-d', directory, '-L']);
  assert.match(list, /^QNet CA\s+CT,c,c\s*$/m);
  assert.match(list, /^Cluster Cert\s+u,u,u\s*$/m);
  assert.match(output('certutil', ['-d', directory, '-L', '-n', 'Cluster Cert']), /^\s*Subject: "CN=tst"$/m);
  const body = (pem: string) => /BEGIN CERTIFICATE-----([^-]+)-/.exec(pem)?.[1]?.replace(/\s/g, '');
  const exported = output('certutil', ['-d', directory, '-L', '-n', 'QNet CA', '-a']);
  assert.equal(body(exported), body(readFileSync(caFile, 'latin1')));
  assert.ok(!readFileSync(join(directory, 'pkcs11.txt'), 'latin1').includes('qnetd-import'));
  // Without our files the database alone serves, as upstream's daemon reads it.
  const alone = copyWithout(directory, 'ca.pem', 'cluster.pem', 'cluster.key', 'qdevice-net-node.p12');
  const loaded = await loadNodeIdentity(alone, 'Cluster Cert');
  assert.equal(loaded?.origin, 'database');
  assert.equal(loaded?.identity.pair?.certPem, readFileSync(join(directory, 'cluster.pem'), 'latin1'));
});

test('everything that counts moves with the directory, and goes with it', async () => {
  const moved = copyWithout(await nodeWithCertificate());
  const loaded = await loadNodeIdentity(moved, 'Cluster Cert');
  assert.equal(loaded?.origin, 'files');
  assert.equal((await we(['-i', '-c', caFile], moved)).code, 1);
  rmSync(moved, { recursive: true });
  assert.equal((await we(['-i', '-c', caFile], moved)).code, 0);
});

test('a request on a live node leaves its certificate in use, and any of several can be answered', async () => {
  const directory = await nodeWithCertificate();
  const inUse = readFileSync(join(directory, 'cluster.pem'), 'latin1');
  await we(['-r', '-n', 'tst'], directory);
  const first = sign(directory, 'first');
  await we(['-r', '-n', 'tst'], directory);
  assert.equal(readFileSync(join(directory, 'cluster.pem'), 'latin1'), inUse);
  assert.equal((await loadNodeIdentity(directory, 'Cluster Cert'))?.identity.pair?.certPem, inUse);
  assert.equal((await we(['-M', '-c', first], directory)).code, 0);
  assert.notEqual(readFileSync(join(directory, 'cluster.pem'), 'latin1'), inUse);
});

test('where upstream reports a success that is none, this fails, says why and changes nothing', async () => {
  const directory = await nodeWithCertificate();
  const [garbage, empty] = [join(scratch, 'garbage'), join(scratch, 'empty')];
  writeFileSync(garbage, 'garbage');
  writeFileSync(empty, '');
  const stranger = join(mkdtempSync(join(scratch, 'stranger-')), 'nssdb');
  await we(['-i', '-c', caFile], stranger);
  await we(['-r', '-n', 'tst'], stranger);
  const forOther = join(scratch, 'for-other.crt');
  cpSync(sign(stranger, 'stranger'), forOther);
  const before = contentOf(directory);
  const rows = [
    [['-M', '-c', garbage], 1, /holds no certificate/],
    [['-M', '-c', empty], 1, /holds no certificate/],
    [['-M', '-c', caFile], 1, /is that of an authority/],
    [['-M', '-c', forOther], 1, /No key in .* belongs to/],
    [['-m', '-c', garbage], 18, /PKCS#12/],
    [['-m', '-c', forOther], 18, /PKCS#12/],
    [['-r', '-n', 'a,b'], 2, /contains ,/],
    [['-r', '-n', '../up'], 2, /contains \//],
  ] as const;
  for (const [args, code, says] of rows) {
    const our = await we(args, directory);
    assert.equal(our.code, code, args.join(' '));
    assert.match(our.err.join(), says);
    assert.ok(!our.out.join().includes('stored in') && !our.out.join().includes('SUCCESSFUL'));
  }
  assert.deepEqual(contentOf(directory), before);
  const nowhere = join(scratch, 'nowhere/nssdb');
  assert.equal((await we(['-i', '-c', garbage], nowhere)).code, 255);
  assert.throws(() => statSync(nowhere));
});

test('the certificates of an arbiter that was set up anew are refused, those in use stay', async () => {
  const directory = await nodeWithCertificate();
  const otherArbiter = upstreamArbiterScript(scratch, join(scratch, 'other'));
  const otherDir = join(scratch, 'other/nssdb');
  output(otherArbiter, ['-i']);
  const otherNode = join(mkdtempSync(join(scratch, 'other-node-')), 'nssdb');
  await we(['-i', '-c', join(otherDir, 'qnetd-cacert.crt')], otherNode);
  await we(['-r', '-n', 'tst'], otherNode);
  output(otherArbiter, ['-s', '-c', join(otherNode, 'qdevice-net-node.crq'), '-n', 'tst']);
  await we(['-M', '-c', join(otherDir, 'cluster-tst.crt')], otherNode);
  const before = contentOf(directory);
  const imported = await we(['-m', '-c', join(otherNode, 'qdevice-net-node.p12')], directory);
  assert.equal(imported.code, 19);
  assert.match(imported.err.join(), /another authority/);
  assert.deepEqual(contentOf(directory), before);
});

test("a directory that upstream's script has begun is gone on with", async () => {
  const begun = join(mkdtempSync(join(scratch, 'begun-')), 'net');
  const theirs = upstreamNodeScript(scratch, begun);
  output(theirs, ['-i', '-c', caFile]);
  const directory = join(begun, 'nssdb');
  assert.equal((await we(['-i', '-c', caFile], directory)).code, 1);
  assert.equal((await we(['-r', '-n', 'zwei Wörter'], directory)).code, 0);
  assert.equal((await we(['-M', '-c', sign(directory, 'words')], directory)).code, 0);
  assert.match(output('certutil', ['-V', '-d', directory, '-n', 'Cluster Cert', '-u', 'C']), /certificate is valid/);
});

test('without the tools of NSS there is the mark that pcs looks for, and they work on top of it', async () => {
  const directory = join(mkdtempSync(join(scratch, 'bare-')), 'nssdb');
  mkdirSync(directory, { mode: 0o700 });
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    assert.deepEqual((await we(['-i', '-c', caFile], directory)).err, []);
  } finally {
    process.env['PATH'] = path;
  }
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(directory).sort(), ['ca.pem', 'noise.txt', 'pkcs11.txt']);
  writeFileSync(join(directory, 'password'), '');
  output('certutil', ['-N', '-d', directory, '-f', join(directory, 'password')]);
});

test('the program itself exits with the code, knows its name, and needs no home or current directory', () => {
  const program = fileURLToPath(new URL('../../src/cli/bin/corosync-qdevice-net-certutil.ts', import.meta.url));
  const run = (...args: readonly string[]) => {
    const options = { cwd: '/', env: { PATH: process.env['PATH'] ?? '' }, encoding: 'utf8', timeout: 60_000 } as const;
    return spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), program, ...args], options);
  };
  const usage = run();
  assert.deepEqual([usage.status, usage.stderr], [0, '']);
  assert.ok(usage.stdout.startsWith(`${program}: `));
  assert.equal(run('-x').status, 1);
  assert.equal(run('-M').status, 2);
});
