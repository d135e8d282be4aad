/** A cluster's name belongs to the cluster that registered it, and certificates are counted until their end. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { loadOrCreateServerIdentity } from '../../src/certs/identity.ts';
import { issuedCertificates } from '../../src/certs/issued.ts';
import { importNodeCertificate, initialiseNode, makeNodeRequest } from '../../src/certs/node-store.ts';
import { renewServerIfEnding } from '../../src/certs/renew-server.ts';
import { type KnownName, signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import { arbiterCertificates, endingNotes, nodeCertificates } from '../../src/certs/validity.ts';
import { arbiterCertsCommand, nodeCertsCommand } from '../../src/cli/certs-commands.ts';
import { certutil } from '../../src/cli/certutil-qnetd.ts';
import { output, rejectsOperator, scratchDirectory, upstreamArbiterScript, upstreamNodeScript } from './tools.ts';

const DAY_MS = 86_400_000;
const scratch = scratchDirectory('known');
const stateDir = join(scratch, 'qnetd/nssdb');

interface Node {
  readonly directory: string;
  readonly requestFile: string;
}

async function newNode(name = 'tst'): Promise<Node> {
  const directory = join(mkdtempSync(join(scratch, 'node-')), 'nssdb');
  await initialiseNode(directory, join(stateDir, 'qnetd-cacert.crt'));
  return { directory, requestFile: await makeNodeRequest(directory, name) };
}

function sign({ requestFile }: Node, more: { knownName?: KnownName; validDays?: number } = {}, clusterName = 'tst') {
  return signClusterCertificate({ stateDir, clusterName, requestFile, otherName: 'refuse', ...more });
}

async function run(work: (to: { out(line: string): void; err(line: string): void }) => Promise<number>) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await work({ out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

async function endorsement(by: Node, requestFile: string): Promise<string> {
  const choice = { action: 'endorse', json: false, request: requestFile } as const;
  const { code, out, err } = await run((to) => nodeCertsCommand(choice, by.directory, to));
  assert.equal(code, 0, err);
  const file = join(by.directory, 'endorsement');
  writeFileSync(file, `${out}\n`);
  return file;
}

const listed = async () =>
  (await issuedCertificates(stateDir)).map(
    ({ clusterName, certificate }) => `${clusterName} ${certificate.serialNumber}`,
  );
let first: Node;

before(async () => {
  await loadOrCreateServerIdentity(stateDir);
  first = await newNode();
  await importNodeCertificate(first.directory, (await sign(first)).certificateFile);
});

test('a name that is taken is not given to another key, whatever its case', async () => {
  const stranger = await newNode();
  const before = await listed();
  await rejectsOperator(sign(stranger), /"tst" already has a certificate, valid until 2\d{3}-\d\d-\d\d\. Let a node/);
  const shouting = await newNode('TST');
  await rejectsOperator(sign(shouting, {}, 'TST'), /already has a certificate/);
  assert.deepEqual(await listed(), before);
  const other = await newNode('other');
  assert.deepEqual((await sign(other, {}, 'other')).notes, []);
});

test('of several that ask for a free name at the same time one gets it', async () => {
  const many = await Promise.all(Array.from({ length: 6 }, () => newNode('raced')));
  const answers = await Promise.allSettled(many.map((node) => sign(node, {}, 'raced')));
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await listed()).filter((line) => line.startsWith('raced ')).length, 1);
});

test('the same key may ask again', async () => {
  assert.deepEqual((await sign(first)).notes, []);
});

test('the cluster vouches for another of its nodes, for that very request', async () => {
  const [second, third] = [await newNode(), await newNode()];
  const file = await endorsement(first, second.requestFile);
  const { certificateFile, notes } = await sign(second, { knownName: { kind: 'endorsed', file } });
  assert.deepEqual(notes, []);
  await importNodeCertificate(second.directory, certificateFile);
  await rejectsOperator(sign(third, { knownName: { kind: 'endorsed', file } }), /is not the word of the cluster "tst"/);
  const others = await endorsement(second, third.requestFile);
  assert.equal((await sign(third, { knownName: { kind: 'endorsed', file: others } })).takenOver, undefined);
});

test('nobody else can vouch for it, and no damaged word counts', async () => {
  const [other, stranger] = [await newNode('neighbour'), await newNode()];
  await importNodeCertificate(other.directory, (await sign(other, {}, 'neighbour')).certificateFile);
  const byOther = await endorsement(other, stranger.requestFile);
  await rejectsOperator(sign(stranger, { knownName: { kind: 'endorsed', file: byOther } }), /is not the word/);
  const sound = readFileSync(await endorsement(first, stranger.requestFile), 'latin1');
  const damaged = join(scratch, 'damaged');
  const bad = ['', sound.slice(0, 900), sound.replace('ENDORSEMENT', 'X'), sound.replace(/(?<=SEMENT-----\n)./, '!')];
  for (const text of bad) {
    writeFileSync(damaged, text);
    await rejectsOperator(sign(stranger, { knownName: { kind: 'endorsed', file: damaged } }), /is not the word/);
  }
  const bare = mkdtempSync(join(scratch, 'bare-'));
  const choice = { action: 'endorse', json: false, request: stranger.requestFile } as const;
  const refused = await run((to) => nodeCertsCommand(choice, bare, to));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /no certificate of a cluster/);
});

test('the operator gives the name away, and the earlier holder has no say any more', async () => {
  const [old, heir, late] = [await newNode('moved'), await newNode('moved'), await newNode('moved')];
  await importNodeCertificate(old.directory, (await sign(old, {}, 'moved')).certificateFile);
  const { notes, certificateFile } = await sign(heir, { knownName: { kind: 'replace' } }, 'moved');
  assert.match(notes.join(), /it goes on opening that cluster/);
  const file = await endorsement(old, late.requestFile);
  await rejectsOperator(sign(late, { knownName: { kind: 'endorsed', file } }, 'moved'), /is not the word/);
  assert.ok(readFileSync(certificateFile).equals(readFileSync(join(stateDir, 'cluster-moved.crt'))));
});

test("under upstream's command name everything is signed, for upstream's time, and it is said", async () => {
  const [one, two] = [await newNode('theirs'), await newNode('theirs')];
  const told: string[] = [];
  const args = (node: Node) => ['--state', stateDir, '-s', '-c', node.requestFile, '-n', 'theirs'];
  const call = (node: Node) =>
    run((to) =>
      certutil({ args: args(node), program: 'x', output: to, tellLog: async (line) => void told.push(line) }),
    );
  assert.deepEqual({ ...(await call(one)), told }, { ...(await call(one)), told: [] });
  const again = await call(two);
  assert.equal(again.code, 0);
  assert.match(again.err, /"theirs" already has a certificate/);
  assert.deepEqual(told, [again.err]);
  const { validFrom, validTo } = new X509Certificate(readFileSync(join(stateDir, 'cluster-theirs.crt')));
  assert.equal(Math.round((Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS), 36_500);
});

test('names that an arbiter of upstream has registered are known as well', async () => {
  const theirDir = join(scratch, 'theirs/nssdb');
  const arbiter = upstreamArbiterScript(scratch, join(scratch, 'theirs'));
  const node = upstreamNodeScript(scratch, join(scratch, 'net'));
  output(arbiter, ['-i']);
  output(node, ['-i', '-c', join(theirDir, 'qnetd-cacert.crt')]);
  output(node, ['-r', '-n', 'old']);
  output(arbiter, ['-s', '-c', join(scratch, 'net/nssdb/qdevice-net-node.crq'), '-n', 'old']);
  const stranger = await newNode('old');
  const order = {
    stateDir: theirDir,
    clusterName: 'old',
    requestFile: stranger.requestFile,
    otherName: 'refuse',
  } as const;
  await rejectsOperator(signClusterCertificate(order), /"old" already has a certificate/);
  const choice = { action: 'list', json: false, cluster: undefined, validDays: undefined } as const;
  const { out } = await run((to) => arbiterCertsCommand(choice, theirDir, to));
  assert.match(out, /the cluster "old" +\d{4}-\d\d-\d\d to 2\d{3}-/);
});

test('a certificate is valid for as long as it is asked for, ten years if nobody says', async () => {
  const daysOf = async (validDays?: number) => {
    const node = await newNode('days');
    const options = { knownName: { kind: 'replace' }, ...(validDays === undefined ? {} : { validDays }) } as const;
    await sign(node, options, 'days');
    const [issued] = (await arbiterCertificates(stateDir, new Date())).filter(({ cluster }) => cluster === 'days');
    return issued?.daysLeft;
  };
  assert.equal(await daysOf(), 3_649);
  assert.equal(await daysOf(90), 89);
  for (const days of [0, 1.5, Number.NaN, 40_000]) await rejectsOperator(daysOf(days), /cannot be valid for/);
});

test('30 days ahead it is said who has to do what, for the last certificate of each cluster', async () => {
  const directory = mkdtempSync(join(scratch, 'ending-'));
  cpSync(stateDir, directory, { recursive: true });
  const certificates = await arbiterCertificates(directory, new Date());
  assert.deepEqual(
    certificates.slice(0, 2).map(({ role }) => role),
    ['authority', 'server'],
  );
  const endOf = (name: string) =>
    Math.max(...certificates.filter(({ cluster }) => cluster === name).map(({ validTo }) => Date.parse(validTo)));
  const notesAt = async (ms: number) => endingNotes(await arbiterCertificates(directory, new Date(ms)));
  assert.deepEqual(await notesAt(endOf('days') - 30.5 * DAY_MS), []);
  const month = await notesAt(endOf('days') - 29.5 * DAY_MS);
  assert.equal(month.length, 1);
  assert.match(month.join(), /^The certificate of the cluster "days" ends on .*, in 29 days\. Make a new one/);
  assert.match((await notesAt(endOf('days') + DAY_MS)).join(), /ended on/);
  const node = await nodeCertificates(first.directory, new Date(Date.now() + 3_640 * DAY_MS));
  assert.match(endingNotes(node).join(), /^The certificate of the cluster "tst" ends on/);
});

test('a name is forgotten with all its files, and the arbiter gets a new certificate of its own', async () => {
  const node = await newNode('gone');
  await sign(node, {}, 'gone');
  const choice = { action: 'forget', json: false, cluster: 'GONE', validDays: undefined } as const;
  const forgotten = await run((to) => arbiterCertsCommand(choice, stateDir, to));
  assert.equal(forgotten.code, 0);
  assert.match(forgotten.err, /can use the certificate until/);
  assert.equal(readdirSync(stateDir).includes('cluster-gone.crt'), false);
  assert.equal((await run((to) => arbiterCertsCommand(choice, stateDir, to))).code, 1);
  assert.deepEqual((await sign(await newNode('gone'), {}, 'gone')).notes, []);
  const key = readFileSync(join(stateDir, 'server.key'));
  const renew = { action: 'renew', json: false, cluster: undefined, validDays: 400 } as const;
  assert.equal((await run((to) => arbiterCertsCommand(renew, stateDir, to))).code, 0);
  assert.ok(readFileSync(join(stateDir, 'server.key')).equals(key));
  assert.equal((await loadOrCreateServerIdentity(stateDir)).origin, 'loaded');
  const list = await run((to) => arbiterCertsCommand({ ...renew, action: 'list', json: true }, stateDir, to));
  const { certificates } = JSON.parse(list.out);
  assert.equal(certificates[1].daysLeft, 399);
  rmSync(join(stateDir, 'ca.key'));
  assert.match((await run((to) => arbiterCertsCommand(renew, stateDir, to))).err, /ca\.key is missing/);
});

test('the arbiter makes its own certificate anew when it is about to end, where it can', async () => {
  const directory = join(scratch, 'renewing');
  await loadOrCreateServerIdentity(directory, { validDays: 60 });
  const server = () => new X509Certificate(readFileSync(join(directory, 'server.pem')));
  const { serialNumber } = server();
  assert.equal(await renewServerIfEnding(directory, new Date()), false);
  const soon = new Date(Date.now() + 41 * DAY_MS);
  const key = readFileSync(join(directory, 'ca.key'));
  rmSync(join(directory, 'ca.key'));
  assert.equal(await renewServerIfEnding(directory, soon), false);
  writeFileSync(join(directory, 'ca.key'), key, { mode: 0o600 });
  assert.equal(await renewServerIfEnding(directory, soon), true);
  assert.notEqual(server().serialNumber, serialNumber);
  assert.equal(Math.round((Date.parse(server().validTo) - Date.parse(server().validFrom)) / DAY_MS), 61);
  assert.equal((await loadOrCreateServerIdentity(directory)).origin, 'loaded');
});
