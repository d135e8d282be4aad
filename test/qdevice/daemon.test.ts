/** Two of our daemons and our arbiter over TLS on loopback: what corosync is told in the end. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { OperatorError } from '../../src/runtime/errors.ts';
import { authority, clusterPair, Rig } from '../qnetd/rig.ts';
import { TestNode, until } from './node.ts';
import { deviceKeys } from './scripted-corosync.ts';

const certificates = { caPem: authority.certPem, pair: clusterPair };
const started: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
});

async function arbiter(): Promise<Rig> {
  const rig = await Rig.start();
  started.push(rig);
  return rig;
}

function node(nodeId: number, port: number, changes: Readonly<Record<string, string | number>> = {}): TestNode {
  const made = new TestNode({ keys: { ...deviceKeys(nodeId, port), ...changes }, certificates });
  started.unshift(made);
  return made;
}

async function pair(port: number, algorithm = 'ffsplit'): Promise<readonly [TestNode, TestNode]> {
  const keys = { 'quorum.device.net.algorithm': algorithm };
  const nodes = [node(1, port, keys), node(2, port, keys)] as const;
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

test('together both have the vote, apart the lowest alone, and together again both', async () => {
  const { port } = await arbiter();
  const nodes = await pair(port);
  const [one, two] = nodes;
  one.corosync.ring([1], 2n, [1, 2]);
  two.corosync.ring([2], 2n, [1, 2]);
  await casting(nodes, [true, false]);
  for (const { corosync } of nodes) corosync.ring([1, 2], 3n);
  await casting(nodes, [true, true]);
  assert.deepEqual(one.corosync.journal.slice(0, 2), ['register', 'masterWins']);
  assert.deepEqual(one.manager.told.slice(0, 1), ['READY=1']);
  const { link, tlsActive, certificateSent } = await one.snapshot();
  assert.deepEqual([link, tlsActive, certificateSent], ['ready', true, true]);
});

for (const algorithm of ['lms', '2nodelms']) {
  test(`${algorithm}: together both have the vote, apart the lowest alone, and nobody once the arbiter is gone`, async () => {
    const rig = await arbiter();
    const nodes = await pair(rig.port, algorithm);
    const [one, two] = nodes;
    one.corosync.ring([1], 2n, [1, 2]);
    two.corosync.ring([2], 2n, [1, 2]);
    await casting(nodes, [true, false]);
    await rig.stop();
    await casting(nodes, [false, false]);
  });
}

test('it registers only when corosync has just answered, which it does not while it synchronises', async () => {
  const { port } = await arbiter();
  for (const { corosync } of await pair(port)) assert.equal(corosync.registeredRightAfterReading, true);
});

test('told to stop, it withholds its vote, leaves the arbiter, takes its registration back and ends with 0', async () => {
  const { port } = await arbiter();
  const [one, two] = await pair(port);
  assert.equal(await one.stop(), 0);
  assert.deepEqual(one.corosync.journal.slice(-3), ['nack', 'unregister', 'close']);
  assert.ok(one.manager.told.includes('STOPPING=1'));
  await two.snapshot('shutdown');
  assert.equal(await two.ended, 0);
});

test('without an arbiter there is no vote; it comes back with the arbiter', async () => {
  const rig = await arbiter();
  const { port } = rig;
  const nodes = await pair(port);
  await rig.stop();
  await casting(nodes, [false, false]);
  const [one] = nodes;
  await until('it was tried again in vain', () => one.lastDetail.includes('refused the connection'));
  assert.match(one.lastDetail, new RegExp(`127\\.0\\.0\\.1:${port} refused.*TCP port ${port} is open`));
  const failures = one.lines.filter(({ level, message }) => level === 'warn' && message.startsWith('not connected'));
  const again = await Rig.start({ port });
  started.push(again);
  await casting(nodes, [true, true]);
  assert.equal(failures.length, 2, 'closed once, refused once, however often it was tried');
});

test('the vote is withheld before the arbiter sees the connection end', async () => {
  const rig = await arbiter();
  const [one] = await pair(rig.port);
  const { corosync } = one;
  const left = () => rig.lines.filter(({ message }) => message === 'node left').length;
  const castVote = corosync.castVote.bind(corosync);
  let leftBeforeNack = -1;
  corosync.castVote = (ringId, cast) => {
    if (!cast) leftBeforeNack = left();
    return castVote(ringId, cast);
  };
  await one.stop();
  await until('the arbiter saw it leave', () => left() === 1);
  assert.equal(leftBeforeNack, 0);
});

test('corosync gone is one clear line and exit code 1', async () => {
  const { port } = await arbiter();
  const [one] = await pair(port);
  one.corosync.lose('the connection is closed');
  assert.equal(await one.ended, 1);
  assert.deepEqual(
    one.lines.filter(({ level }) => level === 'fatal' || level === 'error').map(({ message }) => message),
    ['corosync is gone, so this daemon ends'],
  );
});

test('a vote that corosync refuses ends the daemon with 1, unregistered', async () => {
  const { port } = await arbiter();
  const [one] = await pair(port);
  one.corosync.refusesVotes = true;
  one.corosync.ring([1], 2n, [1, 2]);
  assert.equal(await one.ended, 1);
  assert.equal(one.corosync.registered, undefined);
  assert.equal(one.line('this daemon ends')?.fields['reason'], 'corosync did not take the vote');
});

test('what the arbiter answers with an error ends the daemon with 1, unregistered', async () => {
  const { port } = await arbiter();
  const [one] = await pair(port);
  one.corosync.reload({ 'quorum.device.net.tls': 'off' });
  assert.equal(await one.ended, 1);
  assert.equal(one.corosync.registered, undefined);
  assert.match(String(one.line('this daemon ends')?.fields['reason']), /requires TLS/);
});

test('a wrong configuration registers nothing', async () => {
  const broken = node(1, 1, { 'quorum.device.net.algorithm': 'coin' });
  const error = await broken.ended;
  assert.ok(error instanceof OperatorError);
  assert.match(error.message, /quorum\.device\.net\.algorithm/);
  assert.ok(started.every((each) => each instanceof TestNode && !each.corosync.journal.includes('register')));
});

test('without certificates TLS cannot be spoken, which is told before anything is registered', async () => {
  const bare = new TestNode({ keys: deviceKeys(1, 1) });
  started.push(bare);
  assert.match(String(await bare.ended), /There are no certificates in/);
  assert.deepEqual(bare.corosync.journal, ['close']);
});

test('the section quorum.device may come a little later than the daemon', async () => {
  const { port } = await arbiter();
  const late = node(1, port);
  const { keys } = late.corosync;
  keys.delete('quorum.device.model');
  await until('it waits', () => late.lines.some(({ message }) => message.includes('waiting for it')));
  keys.set('quorum.device.model', 'net');
  await late.join([1], 1n);
  await casting([late], [true]);
});

test('a reload counts at once if it is good, and not at all if it is not', async () => {
  const first = await arbiter();
  const [one, two] = await pair(first.port);
  one.corosync.reload({ 'quorum.device.net.port': 'many' });
  assert.match(String(one.line('the configuration is wrong, this daemon goes on as it is')?.fields['problem']), /port/);
  assert.equal((await one.snapshot())['link'], 'ready');
  const second = await arbiter();
  for (const each of [one, two]) {
    each.corosync.reload({ 'quorum.device.net.port': String(second.port), 'logging.debug': 'on' });
  }
  await until('both moved to the other arbiter', () => second.cluster()?.nodes.length === 2);
  await casting([one, two], [true, true]);
  assert.equal(one.debug, true);
  one.corosync.reload({ 'totem.config_version': 7n, 'nodelist.node.2.nodeid': 3, 'nodelist.node.2.name': 'three' });
  await until('the arbiter knows of three', () =>
    Boolean(second.cluster()?.nodes.some(({ configNodes }) => configNodes.length === 3)),
  );
});

test('certificates taken away under the daemon stay in use, new ones count at the next connection', async () => {
  const rig = await arbiter();
  const { port } = rig;
  const [one, two] = await pair(port);
  rmSync(one.stateDir, { recursive: true });
  await rig.stop();
  await casting([one, two], [false, false]);
  const again = await Rig.start({ port });
  started.push(again);
  await casting([one, two], [true, true]);
  const renewed = authority.issue({ commonName: 'tst' });
  one.give({ ...certificates, pair: renewed });
  one.corosync.reload({ 'quorum.device.net.tie_breaker': '2' });
  two.corosync.reload({ 'quorum.device.net.tie_breaker': '2' });
  await until(
    'the new certificate is in use',
    () => one.lines.filter(({ message }) => message === 'certificates loaded').length === 2,
  );
  await casting([one, two], [true, true]);
});

test('heuristics run for a new membership before anything is said of it', async () => {
  const { port } = await arbiter();
  const failing = { 'quorum.device.heuristics.mode': 'on', 'quorum.device.heuristics.exec_no': '/bin/false' };
  const [one, two] = [node(1, port, failing), node(2, port)];
  await Promise.all([one, two].map((each) => each.join([1, 2], 1n)));
  await casting([one, two], [true, true]);
  one.corosync.ring([1], 2n, [1, 2]);
  two.corosync.ring([2], 2n, [1, 2]);
  await casting([one, two], [false, true]);
});
