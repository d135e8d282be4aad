/** The embedded cluster by hand-driven time: what the scripts on the real corosync do not reach. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Corosync } from '../../../src/corosync/port.ts';
import { TwinCluster } from '../../../src/corosync/twin/cluster.ts';
import { clusterKeys } from '../../../src/corosync/twin/cluster-keys.ts';
import { ManualScheduler } from '../../../src/corosync/twin/scheduler.ts';
import { type Heard, listenerFor } from '../agent-commands.ts';

const NODE_IDS = [1, 2, 3, 4];
const T_MS = 10_000;
const S_MS = 30_000;

function keysOf(nodeId: number) {
  const device = { 'device.model': 'net', 'device.votes': 1, 'device.timeout': T_MS, 'device.sync_timeout': S_MS };
  return clusterKeys({ clusterName: 'twin', nodeIds: NODE_IDS, quorum: device }, nodeId);
}

/** A daemon of few words: it casts what it is told for every ring that it hears of, until it is told to be silent. */
class Voter {
  readonly heard: Heard[] = [];
  readonly corosync: Corosync;
  casts: boolean | 'silent' = true;

  constructor(corosync: Corosync) {
    this.corosync = corosync;
  }

  follow(): void {
    this.corosync.track({
      ...listenerFor((heard) => this.heard.push(heard)),
      onNodeList: (ringId, nodeIds) => {
        this.heard.push({ event: 'nodeList', leader: ringId.nodeId, seq: String(ringId.seq), nodeIds });
        if (this.casts !== 'silent') this.corosync.castVote(ringId, this.casts);
      },
    });
  }

  since(index: number): string[] {
    return this.heard.slice(index).map(({ event }) => event);
  }
}

async function running(nodeIds: readonly number[]) {
  const scheduler = new ManualScheduler();
  const cluster = new TwinCluster(scheduler);
  for (const nodeId of nodeIds) cluster.start(nodeId, keysOf(nodeId));
  await scheduler.advance(3000);
  const voters = new Map<number, Voter>();
  const join = async (nodeId: number) => {
    const voter = new Voter(await cluster.connect(nodeId, { maxTryAgain: 0 }));
    const registered = voter.corosync.register('Qdevice');
    await scheduler.advance(10);
    await registered;
    voter.follow();
    voters.set(nodeId, voter);
    await scheduler.advance(10);
    return voter;
  };
  for (const nodeId of nodeIds) await join(nodeId);
  const voter = (nodeId: number): Voter => {
    const found = voters.get(nodeId);
    assert(found !== undefined);
    return found;
  };
  return { scheduler, cluster, voter, join };
}

const quorate = (cluster: TwinCluster, nodeId: number) => /^Quorate: +Yes$/m.test(cluster.quorumtool(nodeId, '-'));

test('four nodes, split in halves: the half with the vote goes on, also after the heal', async () => {
  const { scheduler, cluster, voter } = await running(NODE_IDS);
  assert(NODE_IDS.every((nodeId) => quorate(cluster, nodeId)));
  for (const nodeId of [3, 4]) voter(nodeId).casts = false;
  cluster.split([
    [1, 2],
    [3, 4],
  ]);
  await scheduler.advance(5000);
  assert.deepEqual(
    NODE_IDS.map((nodeId) => quorate(cluster, nodeId)),
    [true, true, false, false],
  );
  assert.equal(voter(1).corosync.info(0)?.totalVotes, 3);
  assert.equal(voter(3).corosync.info(0)?.totalVotes, 2);
  for (const nodeId of [3, 4]) voter(nodeId).casts = true;
  cluster.heal();
  await scheduler.advance(5000);
  assert(NODE_IDS.every((nodeId) => quorate(cluster, nodeId)));
});

test('one silent device holds up the whole ring, for the sync timeout and not longer', async () => {
  const { scheduler, cluster, voter } = await running(NODE_IDS);
  voter(2).casts = 'silent';
  const from = voter(1).heard.length;
  cluster.kill(4);
  await scheduler.advance(2200 + S_MS - 100);
  assert.deepEqual(voter(1).since(from), ['nodeList'], 'node 1 has voted and waits for node 2');
  assert.throws(() => voter(1).corosync.get('totem.cluster_name'), /waits for our vote/);
  await scheduler.advance(500);
  assert.deepEqual(voter(1).since(from), ['nodeList', 'quorum']);
  assert.equal(voter(1).corosync.get('totem.cluster_name'), 'twin');
  assert.equal(voter(2).corosync.info(0)?.deviceAlive, false);
});

test('a vote is refused for a ring that is not the newest, and the registration waits for the next ring', async () => {
  const { scheduler, cluster, voter, join } = await running([1, 2, 3]);
  const oldRing = voter(1).heard.findLast((heard) => heard.event === 'nodeList');
  assert(oldRing !== undefined);
  cluster.start(4, keysOf(4));
  await scheduler.advance(3000);
  assert.equal(voter(1).corosync.castVote({ nodeId: oldRing.leader, seq: BigInt(oldRing.seq) }, true), 'outdatedRing');
  cluster.split([[1, 2, 3], [4]]);
  const fourth = await cluster.connect(4, { maxTryAgain: 0 });
  let registered = false;
  const registration = fourth.register('Qdevice').then(() => {
    registered = true;
  });
  await scheduler.advance(1000);
  assert.equal(registered, false, 'the ring with four members carries nothing any more');
  await scheduler.advance(2000);
  await registration;
  assert.equal(fourth.info(0)?.deviceRegistered, true);
  await assert.rejects((await join(4)).corosync.register('QDevice'), /under another name/);
});

test('whoever is connected to a node that dies is told once, and has no further use of it', async () => {
  const { scheduler, cluster, voter } = await running([1, 2]);
  const { heard, corosync } = voter(2);
  const pending = cluster.connect(2, { maxTryAgain: 0 }).then((other) => other.register(''));
  await assert.rejects(pending, /does not accept/);
  cluster.kill(2);
  await scheduler.advance(20_000);
  assert.equal(heard.filter(({ event }) => event === 'lost').length, 1);
  assert.throws(() => corosync.info(0), /corosync is not running/);
  corosync.unregister();
  await assert.rejects(cluster.connect(2, { maxTryAgain: 3 }), /OperatorError|Corosync is not running on this node\./);
});

test('keys may be read whenever the listener was told so, and keys of a reload are told once', async () => {
  const { scheduler, cluster, voter } = await running([1, 2]);
  const from = voter(1).heard.length;
  cluster.kill(2);
  await scheduler.advance(2201);
  cluster.setKey(1, 'logging.debug', 'on');
  await scheduler.advance(100);
  assert.deepEqual(voter(1).since(from), ['nodeList'], 'the key has to wait for the end of the synchronisation');
  await scheduler.advance(1000);
  assert.deepEqual(voter(1).since(from), ['nodeList', 'quorum', 'keys']);
  cluster.reload(1, (nodeId) => ({ ...keysOf(nodeId), 'totem.config_version': 2n, 'quorum.device.timeout': 5000 }));
  await scheduler.advance(1000);
  const keys = ['logging.debug', 'quorum.device.timeout', 'totem.config_version'];
  assert.deepEqual(
    voter(1)
      .heard.filter(({ event }) => event === 'keys')
      .at(-1),
    { event: 'keys', keys },
  );
});

test('features that the twin lacks and configurations that corosync refuses are refused', () => {
  const start = (more: Readonly<Record<string, number>>) => {
    new TwinCluster(new ManualScheduler()).start(1, { ...keysOf(1), ...more });
  };
  assert.throws(() => start({ 'quorum.last_man_standing': 1 }), /does not know quorum.last_man_standing/);
  assert.throws(() => start({ 'quorum.two_node': 1 }), /corosync does not start: two_node/);
  assert.throws(() => start({ 'quorum.expected_votes': 2 }), /corosync does not start: .*too high/);
});

test('whatever happens, rings only grow, every node list ends in a quorum, and without the device only three of four are quorate', async () => {
  const anyIsland = fc.constantFrom(
    [NODE_IDS],
    [
      [1, 2],
      [3, 4],
    ],
    [[1], [2, 3, 4]],
    [
      [1, 3],
      [2, 4],
    ],
    [[1], [2], [3], [4]],
  );
  const anyFault = fc.oneof(
    fc.record({ split: anyIsland }),
    fc.record({ restart: fc.constantFrom(...NODE_IDS) }),
    fc.record({ pauseMs: fc.integer({ min: 1, max: 4000 }) }),
  );
  const script = fc.array(anyFault, { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(script, async (faults) => {
      const { scheduler, cluster, voter, join } = await running(NODE_IDS);
      for (const nodeId of NODE_IDS) voter(nodeId).casts = false;
      for (const fault of faults) {
        if ('split' in fault) cluster.split(fault.split);
        else if ('pauseMs' in fault) await scheduler.advance(fault.pauseMs);
        else {
          cluster.kill(fault.restart);
          cluster.start(fault.restart, keysOf(fault.restart));
          await scheduler.advance(5000);
          (await join(fault.restart)).casts = false;
        }
      }
      await scheduler.advance(60_000);
      for (const nodeId of NODE_IDS) {
        const { heard, corosync } = voter(nodeId);
        const rings = heard.filter((one) => one.event === 'nodeList').map(({ seq }) => BigInt(seq));
        assert(rings.every((seq, index) => index === 0 || seq > (rings[index - 1] ?? seq)));
        assert(['quorum', 'expectedVotes'].includes(heard.at(-1)?.event ?? ''));
        const info = corosync.info(0);
        assert(info !== undefined);
        assert.equal(info.quorate, info.totalVotes >= info.quorum);
        assert.equal(info.quorum, 3);
      }
      for (const nodeId of NODE_IDS) voter(nodeId).corosync.close();
    }),
    { numRuns: 30 },
  );
});
