/** Row by row beside upstream's script: the same exit codes and the same lines on standard output. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mirrorArbiter } from '../../src/certs/arbiter-mirror.ts';
import { inspectStateDir } from '../../src/certs/identity.ts';
import { MARKER } from '../../src/certs/state-files.ts';
import { certutil } from '../../src/cli/certutil-qnetd.ts';
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

const scratch = scratchDirectory('certutil');
const theirDir = join(scratch, 'theirs/nssdb');
const ourDir = join(scratch, 'ours/nssdb');
const requestFile = join(scratch, 'net/nssdb/qdevice-net-node.crq');
const script = upstreamArbiterScript(scratch, join(scratch, 'theirs'));

/** What certutil asks upstream's script in passing. Nobody is asked here. */
const LEAKED_PROMPTS = /^(Is this a CA certificate|Enter the path length constraint)/;

async function we(args: readonly string[], stateDir = ourDir): Promise<Printed> {
  const out: string[] = [];
  const err: string[] = [];
  const collect = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await certutil({ args: ['--state', stateDir, ...args], program: script, output: collect });
  return { code, out, err };
}

function they(args: readonly string[]): Printed {
  const done = runTool(script, args);
  const out = done.stdout.split('\n').filter((line) => line !== '' && !LEAKED_PROMPTS.test(line));
  return { code: done.status ?? -1, out: out.map((line) => line.replaceAll(theirDir, ourDir)), err: [done.stderr] };
}

async function assertAlike(args: readonly string[]): Promise<Printed> {
  const [our, their] = [await we(args), they(args)];
  assert.equal(our.code, their.code, `exit code of ${args.join(' ')}: ${their.err.join()}`);
  assert.deepEqual(our.out, their.out, `output of ${args.join(' ')}`);
  assert.equal(our.err.length > 0, our.code !== 0, `message of ${args.join(' ')}`);
  return our;
}

before(() => {
  mkdirSync(join(scratch, 'ours'));
});

test('usage is no failure, and names both operations', async () => {
  for (const args of [[], ['-h'], ['-i', '-h'], ['-G'], ['-c', 'x', '-n', 'y'], ['operand', '-i']]) {
    const [our, their] = [await we(args), they(args)];
    assert.deepEqual([our.code, their.code], [0, 0], args.join(' '));
    assert.ok(our.out[0]?.startsWith(`${script}: [-i|-s]`));
    assert.deepEqual(our.err, []);
  }
});

test('wrong arguments end as they do upstream, before anything is made', async () => {
  for (const args of [['-x'], ['-ix'], ['-x', '-h'], ['-c'], ['-s', '-n'], ['-:'], ['-?']]) await assertAlike(args);
  for (const args of [['-s'], ['-s', '-c', '/absent'], ['-s', '-n', 'testcl'], ['-s', '-c', '']]) {
    assert.equal((await assertAlike(args)).code, 2, args.join(' '));
  }
  assert.equal((await assertAlike(['-s', '-c', script])).code, 2);
  const missing = await assertAlike(['-s', '-c', script, '-n', 'testcl']);
  assert.equal(missing.code, 1);
  assert.ok(missing.err.join().includes(`${script} -i`));
});

test("-i makes an authority, prints upstream's lines, and refuses to do it twice", async () => {
  assert.equal((await assertAlike(['-i'])).out.length, 5);
  assert.equal(statSync(ourDir).mode & 0o7777, statSync(theirDir).mode & 0o7777);
  for (const name of ['noise.txt', 'qnetd-cacert.crt', 'pkcs11.txt']) {
    const [our, their] = [statSync(join(ourDir, name)), statSync(join(theirDir, name))];
    assert.deepEqual([our.mode, our.uid, our.gid], [their.mode, their.uid, their.gid], name);
  }
  assert.match(readFileSync(join(ourDir, 'noise.txt'), 'utf8'), /^[0-9a-f]{40}\n$/);
  const before = contentOf(ourDir);
  assert.equal((await assertAlike(['-i'])).code, 1);
  assert.equal((await assertAlike(['-s', '-iG'])).code, 1);
  assert.deepEqual(contentOf(ourDir), before);
});

test("-s signs what a node of upstream's asks for", async () => {
  const node = upstreamNodeScript(scratch, join(scratch, 'net'));
  output(node, ['-i', '-c', join(ourDir, 'qnetd-cacert.crt')]);
  output(node, ['-r', '-n', 'testcl']);
  const { out } = await assertAlike(['-i', '-s', '-n', 'wrong', '-c', requestFile, '-ntestcl']);
  assert.deepEqual(out, ['Signing cluster certificate', `Certificate stored in ${ourDir}/cluster-testcl.crt`]);
  const certificateFile = join(ourDir, 'cluster-testcl.crt');
  assert.equal(statSync(certificateFile).mode, statSync(join(theirDir, 'cluster-testcl.crt')).mode);
  output(node, ['-M', '-c', certificateFile]);
  const database = join(scratch, 'net/nssdb');
  assert.match(output('certutil', ['-V', '-d', database, '-n', 'Cluster Cert', '-u', 'C']), /certificate is valid/);
  output('openssl', ['pkcs12', '-in', join(database, 'qdevice-net-node.p12'), '-passin', 'pass:', '-nodes', '-noout']);
});

test('a name other than that of the request is signed, and warned about apart from the output', async () => {
  const their = they(['-s', '-c', requestFile, '-n', 'other']);
  const our = await we(['-s', '-c', requestFile, '-n', 'other']);
  assert.deepEqual([our.code, our.out], [their.code, their.out]);
  assert.match(our.err.join(), /for "testcl", not for "other"/);
});

test('where upstream reports a success that is none, this fails and stores nothing', async () => {
  const garbage = join(scratch, 'garbage');
  writeFileSync(garbage, 'garbage');
  const before = contentOf(ourDir);
  for (const [file, name, code] of [
    [garbage, 'testcl', 1],
    ['/dev/null', 'new', 1],
    [scratch, 'new', 1],
    [requestFile, '../up', 2],
    [requestFile, 'a/b', 2],
  ] as const) {
    const our = await we(['-s', '-c', file, '-n', name]);
    assert.equal(our.code, code);
    assert.ok(!our.out.join().includes('stored in'));
    assert.equal(our.err.length, 1);
  }
  assert.deepEqual(contentOf(ourDir), before);
});

test('a request in PEM is signed too, which upstream cannot', async () => {
  const pem = join(scratch, 'request.pem');
  output('openssl', ['req', '-inform', 'DER', '-in', requestFile, '-out', pem]);
  const our = await we(['-s', '-c', pem, '-n', 'frompem']);
  assert.equal(our.code, 0, our.err.join());
  const certificate = new X509Certificate(readFileSync(join(ourDir, 'cluster-frompem.crt')));
  assert.equal(certificate.subject, 'CN=testcl');
});

test('with -G the group may only read', async () => {
  const stateDir = join(scratch, 'group/nssdb');
  assert.equal((await we(['-iG'], stateDir)).code, 0);
  assert.equal(statSync(stateDir).mode & 0o7777, 0o750);
  assert.equal(statSync(join(stateDir, 'ca.key')).mode & 0o7777, 0o640);
  assert.equal(statSync(join(stateDir, 'qnetd-cacert.crt')).mode & 0o7777, 0o644);
});

test('a directory that setup tools have made before is initialised, and an existing noise file used', async () => {
  const stateDir = join(scratch, 'prepared');
  mkdirSync(stateDir, { mode: 0o700 });
  for (const name of ['noise.txt', 'qnetd-cacert.crt', 'qdevice-net-node.crq.testcl']) {
    writeFileSync(join(stateDir, name), 'theirs');
  }
  const our = await we(['-i'], stateDir);
  assert.equal(our.code, 0);
  assert.ok(our.out.includes(`Using existing noise file ${stateDir}/noise.txt`));
  assert.ok(!our.out.includes(`Creating ${stateDir}`));
  assert.equal(readFileSync(join(stateDir, 'noise.txt'), 'utf8'), 'theirs');
  assert.match(readFileSync(join(stateDir, 'qnetd-cacert.crt'), 'utf8'), /^-----BEGIN CERTIFICATE-----/);
});

test("a database of upstream's is left alone by -i, and signed with by -s", async () => {
  const before = contentOf(theirDir);
  assert.equal((await we(['-i'], theirDir)).code, 1);
  assert.deepEqual(contentOf(theirDir), before);
  const our = await we(['-s', '-c', requestFile, '-n', 'imported'], theirDir);
  assert.equal(our.code, 0, our.err.join());
  assert.deepEqual(our.out, ['Signing cluster certificate', `Certificate stored in ${theirDir}/cluster-imported.crt`]);
  output('certutil', [
    '-A',
    '-d',
    theirDir,
    '-n',
    'Signed',
    '-t',
    'u,u,u',
    '-i',
    join(theirDir, 'cluster-imported.crt'),
  ]);
  assert.match(output('certutil', ['-V', '-d', theirDir, '-n', 'Signed', '-u', 'C']), /certificate is valid/);
});

test('an NSS database with the same keys is made for upstream: a way back', async () => {
  const of = (name: string) => join(ourDir, name);
  await mirrorArbiter(ourDir);
  for (const [nickname, name, usage] of [
    ['QNet CA', 'ca.pem', 'L'],
    ['QNetd Cert', 'server.pem', 'V'],
  ] as const) {
    const listed = output('certutil', ['-L', '-d', ourDir, '-n', nickname, '-a']);
    assert.deepEqual(new X509Certificate(listed).raw, new X509Certificate(readFileSync(of(name))).raw);
    assert.match(output('certutil', ['-V', '-d', ourDir, '-n', nickname, '-u', usage]), /certificate is valid/);
  }
  const keys = output('certutil', ['-K', '-d', ourDir, '-f', of('pwdfile.txt')]);
  for (const nickname of ['QNet CA', 'QNetd Cert']) assert.ok(keys.includes(nickname), keys);
  for (const name of ['cert9.db', 'key4.db', MARKER]) {
    assert.equal(statSync(of(name)).mode & 0o777, statSync(of('ca.key')).mode & 0o777, name);
  }
  assert.equal(await inspectStateDir(ourDir), 'complete');
  for (const name of ['cert9.db', 'key4.db', 'serial.txt', 'pwdfile.txt']) rmSync(of(name));
});

test('the program itself exits with the code, knows its name, and needs no home or current directory', () => {
  const program = fileURLToPath(new URL('../../src/cli/bin/corosync-qnetd-certutil.ts', import.meta.url));
  const loader = import.meta.resolve('tsx');
  const run = (...args: readonly string[]) => {
    const options = { cwd: '/', env: { PATH: process.env['PATH'] ?? '' }, encoding: 'utf8', timeout: 60_000 } as const;
    return spawnSync(process.execPath, ['--import', loader, program, ...args], options);
  };
  const usage = run();
  assert.deepEqual([usage.status, usage.stderr], [0, '']);
  assert.ok(usage.stdout.startsWith(`${program}: `));
  assert.equal(run('-x').status, 1);
  assert.equal(run('-s').status, 2);
  const signed = run('-s', '-c', requestFile, '-n', 'TestCl', '--state', ourDir);
  assert.deepEqual([signed.status, signed.stderr], [0, '']);
  assert.equal(signed.stdout, `Signing cluster certificate\nCertificate stored in ${ourDir}/cluster-TestCl.crt\n`);
});
