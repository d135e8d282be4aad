/** Our daemon, given what upstream's tools leave on a node, against Debian's corosync-qnetd over TLS. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, test } from 'node:test';
import { output, scratchDirectory, upstreamArbiterScript, upstreamNodeScript } from '../certs/tools.ts';
import { type Daemon, startDaemon } from '../interop/daemon.ts';
import { TestNode, until } from './node.ts';
import { deviceKeys } from './scripted-corosync.ts';

const scratch = scratchDirectory('real-arbiter');
const arbiterStore = join(scratch, 'qnetd/nssdb');
const started: { stop(): Promise<unknown> }[] = [];
/** What upstream's tools have left on a node: the authority alone, everything, and everything of another arbiter. */
let authorityOnly: string;
let complete: string;
let otherArbiters: string;

before(() => {
  const arbiterScript = upstreamArbiterScript(scratch, join(scratch, 'qnetd'));
  output('bash', [arbiterScript, '-i']);
  ({ authorityOnly, complete } = nodeStore(arbiterScript, arbiterStore));
  const otherScript = upstreamArbiterScript(scratch, join(scratch, 'other'));
  output('bash', [otherScript, '-i']);
  otherArbiters = nodeStore(otherScript, join(scratch, 'other/nssdb')).complete;
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
});

function nodeStore(arbiterScript: string, store: string) {
  const base = mkdtempSync(join(scratch, 'node-'));
  const script = upstreamNodeScript(scratch, base);
  const nssdb = join(base, 'nssdb');
  output('bash', [script, '-i', '-c', join(store, 'qnetd-cacert.crt')]);
  const bare = join(base, 'bare');
  cpSync(nssdb, bare, { recursive: true });
  output('bash', [script, '-r', '-n', 'tst']);
  output('bash', [arbiterScript, '-s', '-c', join(nssdb, 'qdevice-net-node.crq'), '-n', 'tst']);
  output('bash', [script, '-M', '-c', join(store, 'cluster-tst.crt')]);
  return { authorityOnly: bare, complete: nssdb };
}

async function arbiter(...switches: readonly string[]): Promise<Daemon> {
  const daemon = await startDaemon('upstream', [...switches, '-S', `nss_db_dir=${arbiterStore}`]);
  started.push(daemon);
  return daemon;
}

/** With a directory of its own, into which the daemon imports. */
function node(nodeId: number, port: number, store: string, changes: Readonly<Record<string, string>> = {}): TestNode {
  const stateDir = mkdtempSync(join(scratch, 'state-'));
  cpSync(store, stateDir, { recursive: true });
  const made = new TestNode({ keys: { ...deviceKeys(nodeId, port), ...changes }, stateDir });
  started.unshift(made);
  return made;
}

async function pair(port: number): Promise<readonly [TestNode, TestNode]> {
  const nodes = [node(1, port, complete), node(2, port, complete)] as const;
  await Promise.all(nodes.map((each) => each.join([1, 2], 1n)));
  await casting(nodes, [true, true]);
  return nodes;
}

async function casting(nodes: readonly TestNode[], wanted: readonly boolean[]): Promise<void> {
  await until(
    `votes ${wanted.join()}`,
    () => nodes.every(({ corosync }, index) => corosync.casts === wanted[index]),
    () => nodes.map(({ corosync, lines }) => ({ casts: corosync.casts, lines: lines.slice(-4) })),
  );
}

async function failureOf(failing: TestNode): Promise<string> {
  await failing.join([1, 2], 1n);
  await until('it fails', () => failing.lines.some(({ message }) => /not connected|daemon ends/.test(message)));
  assert.notEqual(failing.corosync.casts, true);
  return failing.lastDetail;
}

test('healthy, split, healed, the arbiter killed and back', async () => {
  const daemon = await arbiter('-s', 'req', '-c', 'on');
  const nodes = await pair(daemon.port);
  const [one, two] = nodes;
  assert.equal((await one.snapshot())['certificateSent'], true);
  one.corosync.ring([1], 2n, [1, 2]);
  two.corosync.ring([2], 2n, [1, 2]);
  await casting(nodes, [true, false]);
  for (const { corosync } of nodes) corosync.ring([1, 2], 3n);
  await casting(nodes, [true, true]);
  await daemon.stop();
  await casting(nodes, [false, false]);
  await arbiter('-s', 'req', '-c', 'on', '-p', String(daemon.port));
  await casting(nodes, [true, true]);
  assert.equal(await one.stop(), 0);
});

test('an arbiter that asks for no certificate is content with the authority alone', async () => {
  const { port } = await arbiter('-s', 'on', '-c', 'off');
  const bare = node(1, port, authorityOnly);
  await bare.join([1], 1n);
  await casting([bare], [true]);
  assert.equal((await bare.snapshot())['certificateSent'], false);
  assert.equal((await bare.snapshot())['tlsActive'], true);
});

test('no certificate where one is required', async () => {
  const { port } = await arbiter('-s', 'req', '-c', 'on');
  assert.match(await failureOf(node(1, port, authorityOnly)), /requires a client certificate and there is none in/);
});

test('certificates of another arbiter', async () => {
  const { port } = await arbiter('-s', 'req', '-c', 'on');
  assert.match(
    await failureOf(node(1, port, otherArbiters)),
    /presents a certificate of another authority .*reinstalled, run qdevice remove/,
  );
});

test('TLS that is required on one side and off on the other ends the daemon', async () => {
  const { port: plain } = await arbiter('-s', 'off');
  const strict = node(1, plain, complete);
  await strict.join([1], 1n);
  assert.equal(await strict.ended, 1);
  const { port: secure } = await arbiter('-s', 'req', '-c', 'on');
  const careless = node(2, secure, authorityOnly, { 'quorum.device.net.tls': 'off' });
  await careless.join([2], 1n);
  assert.equal(await careless.ended, 1);
  assert.deepEqual([strict.corosync.registered, careless.corosync.registered], [undefined, undefined]);
});
