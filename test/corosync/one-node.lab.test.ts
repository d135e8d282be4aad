/** The port on a real corosync that is alone: registration, votes, keys, reloads, and the end of corosync. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Hosts, type HostsOptions } from './hosts.ts';
import { shown } from './quorumtool-text.ts';
import { RealNode } from './real-node.ts';

const OPTIONS: HostsOptions = { count: 1, device: { timeout: 1000, sync_timeout: 6000 } };
let hosts: Hosts;

before(async () => {
  hosts = await Hosts.create(OPTIONS);
});

after(() => hosts.close());

const host = () => hosts.host(1);
const rows = async () => shown(await host().quorumtool()).rows;

async function connected(): Promise<RealNode> {
  const node = RealNode.start(host());
  await node.ask('connect');
  return node;
}

test('without corosync the answer is a sentence that says what to do', async () => {
  const node = RealNode.start(host());
  await assert.rejects(node.ask('connect'), /OperatorError: Corosync is not running on this node\. Start/);
  await node.end();
  await host().startCorosync();
});

test('who may not talk to corosync is told so', async () => {
  const node = RealNode.start(host(), 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups');
  await assert.rejects(node.ask('connect'), /OperatorError: Corosync does not allow this user to connect\./);
  await node.end();
});

test('keys arrive with the type that corosync gives them', async () => {
  const node = await connected();
  assert.equal(await node.ask('get', 'totem.config_version'), '1n');
  assert.equal(await node.ask('get', 'totem.cluster_name'), 'qdc');
  assert.equal(await node.ask('get', 'runtime.votequorum.this_node_id'), 1);
  assert.equal(await node.ask('get', 'runtime.votequorum.two_node'), 0);
  assert.equal(await node.ask('get', 'no.such.key'), undefined);
  assert.deepEqual(await node.ask('list', 'quorum.device.'), [
    ['quorum.device.model', 'net'],
    ['quorum.device.sync_timeout', 6000],
    ['quorum.device.timeout', 1000],
    ['quorum.device.votes', 1],
  ]);
  await node.end();
});

test('a device registers, votes, changes its vote, falls silent and goes', async () => {
  const node = await connected();
  assert.equal((await rows())[0], '1 1', 'no column before anybody registered');
  await node.ask('register', 'Qdevice');
  assert.deepEqual(await rows(), ['1 1 NA,NV,NMW', '0 0 Qdevice (votes 1)']);
  await node.ask('track');
  await node.until('both first notifications', (heard) => heard.length === 2);
  assert.deepEqual(node.heard, [
    { event: 'nodeList', leader: 1, seq: node.ring[1], nodeIds: [1] },
    { event: 'quorum', quorate: false, nodes: ['1 member'] },
  ]);

  assert.equal(await node.ask('castVote', ...node.ring, true), 'ok');
  await node.until('quorum', (heard) => heard.some(({ event }) => event === 'quorum'), 2);
  assert.deepEqual(node.heard[2], { event: 'quorum', quorate: true, nodes: ['1 member'] });
  assert.deepEqual(shown(await host().quorumtool()), {
    quorate: true,
    expectedVotes: 2,
    totalVotes: 2,
    flags: ['Quorate', 'Qdevice'],
    rows: ['1 1 A,V,NMW', '0 1 Qdevice'],
  });
  assert.deepEqual(await node.ask('info', 0), {
    nodeId: 1,
    nodeVotes: 1,
    expectedVotes: 2,
    totalVotes: 2,
    quorum: 2,
    quorate: true,
    deviceVotes: 1,
    deviceRegistered: true,
    deviceAlive: true,
    deviceCasts: true,
  });
  assert.equal(await node.ask('info', 99), undefined);

  await node.ask('setMasterWins', true);
  assert.deepEqual(await rows(), ['1 1 A,V,MW', '0 1 Qdevice']);
  await node.ask('setMasterWins', false);

  const [leader, seq] = node.ring;
  assert.equal(await node.ask('castVote', leader, String(BigInt(seq) + 4n), false), 'outdatedRing');
  assert.equal(await node.ask('castVote', leader, seq, false), 'ok');
  await node.until('the loss of quorum', (heard) => heard.length === 1, 3);
  assert.deepEqual(await rows(), ['1 1 A,NV,NMW', '0 0 Qdevice (votes 1)']);

  await node.ask('castVote', leader, seq, true);
  await node.until('quorum until the device is silent for too long', (heard) => heard.length === 2, 4);
  assert.deepEqual(await rows(), ['1 1 NA,NV,NMW', '0 0 Qdevice (votes 1)']);

  await node.ask('unregister');
  assert.deepEqual(await rows(), ['1 1']);
  await assert.rejects(node.ask('castVote', leader, seq, true), /corosync knows no such thing/);
  await node.ask('unregister');
  await node.end();
});

test('the registration outlives the process; the next one takes it over, but not under another name', async () => {
  const first = await connected();
  await first.ask('register', 'Qdevice');
  await first.kill();
  const second = await connected();
  assert.deepEqual(await rows(), ['1 1 NA,NV,NMW', '0 0 Qdevice (votes 1)']);
  await assert.rejects(second.ask('register', 'QDevice'), /CorosyncError: .*under another name/);
  await second.ask('register', 'Qdevice');
  await second.ask('track');
  await second.until('a ring', (heard) => heard.length === 2);
  assert.equal(await second.ask('castVote', ...second.ring, true), 'ok');
  assert.deepEqual(await rows(), ['1 1 A,V,NMW', '0 1 Qdevice']);
  await second.ask('unregister');
  await second.ask('close');
  assert.deepEqual(await rows(), ['1 1']);
  await second.end();
});

test('a good reload is told once, a bad one not at all, and neither hides later changes', async () => {
  const node = await connected();
  await node.ask('track');
  await node.until('the first notifications', (heard) => heard.length === 2);
  const told = () => node.heard.filter((heard) => heard.event === 'keys');
  const heardKeys = (count: number) => node.until(`${count} changes`, () => told().length >= count);
  const setKey = async (value: string) => {
    const set = ['-s', 'quorum.device.heuristics.mode', 'str', value];
    assert.equal((await host().tryExec('corosync-cmapctl', ...set)).exitCode, 0);
  };

  hosts.configure({ ...OPTIONS, device: { timeout: 1500, sync_timeout: 6000 } }, 2);
  assert.equal((await host().tryExec('corosync-cfgtool', '-R')).exitCode, 0);
  await heardKeys(1);
  assert.deepEqual(told(), [{ event: 'keys', keys: ['quorum.device.timeout', 'totem.config_version'] }]);
  assert.equal(await node.ask('get', 'totem.config_version'), '2n');

  host().write('/etc/corosync/corosync.conf', 'totem {\nnonsense\n');
  await host().tryExec('corosync-cfgtool', '-R');
  assert.equal(await node.ask('get', 'config.totemconfig_reload_in_progress'), 1, 'corosync leaves it so');
  await setKey('on');
  await heardKeys(2);
  assert.deepEqual(told()[1], { event: 'keys', keys: ['quorum.device.heuristics.mode'] });

  hosts.configure(OPTIONS, 3);
  assert.equal((await host().tryExec('corosync-cfgtool', '-R')).exitCode, 0);
  await heardKeys(3);
  assert.deepEqual(told()[2], {
    event: 'keys',
    keys: ['quorum.device.heuristics.mode', 'quorum.device.timeout', 'totem.config_version'],
  });
  await setKey('sync');
  await heardKeys(4);
  assert.deepEqual(told()[3], { event: 'keys', keys: ['quorum.device.heuristics.mode'] });
  await node.end();
});

test('a vote is heard of within a fraction of a millisecond', async (context) => {
  const node = await connected();
  await node.ask('register', 'Qdevice');
  const { pollMs, untilQuorumMs } = (await node.ask('latency', 300)) as { pollMs: number[]; untilQuorumMs: number[] };
  assert.equal(untilQuorumMs.length, 300);
  const figures = (values: number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    return [0.5, 0.99, 1].map((part) => sorted[Math.ceil(part * sorted.length) - 1]?.toFixed(3)).join(' / ');
  };
  context.diagnostic(`request, ms, median / 99 % / most: ${figures(pollMs)}`);
  context.diagnostic(`until the quorum callback, ms: ${figures(untilQuorumMs)}`);
  await node.ask('unregister');
  await node.end();
});

test('the end of corosync is told once, leaves the event loop idle and fails every request', async () => {
  const node = await connected();
  await node.ask('register', 'Qdevice');
  await node.ask('track');
  await node.until('the first notifications', (heard) => heard.length === 2);
  await host().stopCorosync('SIGKILL');
  await node.until('the loss', (heard) => heard.some(({ event }) => event === 'lost'));
  const before = Number(await node.ask('cpuMs'));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const usedMs = Number(await node.ask('cpuMs')) - before;
  assert(usedMs < 500, `${usedMs} ms of processor time in a second of silence`);
  await assert.rejects(node.ask('castVote', ...node.ring, true), /CorosyncError: .*corosync is not running/);
  await assert.rejects(node.ask('get', 'totem.config_version'), /CorosyncError: .*corosync is not running/);
  await node.ask('unregister');
  assert.equal(node.heard.filter(({ event }) => event === 'lost').length, 1);
  await node.ask('close');
  await node.end();
});
