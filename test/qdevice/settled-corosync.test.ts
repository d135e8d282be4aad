/** The onlooker on the embedded engine: it waits for merges, for nothing else, and leaves nothing behind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Corosync, CorosyncListener } from '../../src/corosync/port.ts';
import { TwinCluster } from '../../src/corosync/twin/cluster.ts';
import { clusterKeys } from '../../src/corosync/twin/cluster-keys.ts';
import { REAL_SCHEDULER } from '../../src/corosync/twin/scheduler.ts';
import { untilSettled } from '../../src/qdevice/settled-corosync.ts';

const keysOf = (nodeId: number) =>
  clusterKeys({ clusterName: 'x', nodeIds: [1, 2], quorum: { 'device.model': 'net', 'device.votes': 1 } }, nodeId);

test('a node that merges is waited for', async () => {
  const cluster = new TwinCluster(REAL_SCHEDULER, { mergeMs: 60, syncStepMs: 20 });
  cluster.start(1, keysOf(1));
  cluster.split([[1], [2]]);
  cluster.start(2, keysOf(2));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const rings: (readonly number[])[] = [];
  const watcher = await cluster.connect(1, { maxTryAgain: 10 });
  watcher.track({
    onNodeList: (_ringId, nodeIds) => rings.push(nodeIds),
    onQuorum: () => undefined,
    onExpectedVotes: () => undefined,
    onKeysChanged: () => undefined,
    onLost: () => undefined,
  });
  cluster.heal();
  await untilSettled(() => cluster.connect(1, { maxTryAgain: 10 }), { quietMs: 400, patienceMs: 10_000 });
  assert.deepEqual([...(rings.at(-1) ?? [])].sort(), [1, 2], 'both are together when it goes on');
  watcher.close();
});

class Hand {
  listener: CorosyncListener | undefined;
  closed = false;
  readonly corosync: Corosync;

  constructor() {
    this.corosync = {
      get: () => undefined,
      list: () => new Map(),
      register: () => assert.fail('an onlooker registers nothing'),
      unregister: () => undefined,
      track: (listener) => {
        this.listener = listener;
      },
      castVote: () => assert.fail('an onlooker casts nothing'),
      setMasterWins: () => undefined,
      info: () => undefined,
      close: () => {
        this.closed = true;
      },
    };
  }
}

test('a ring that never stands still, and a corosync that goes, end the wait', async () => {
  const restless = new Hand();
  const waiting = untilSettled(() => Promise.resolve(restless.corosync), { quietMs: 5, patienceMs: 50 });
  await Promise.resolve();
  restless.listener?.onNodeList({ nodeId: 1, seq: 1n }, [1]);
  await waiting;
  assert.ok(restless.closed);

  const gone = new Hand();
  const ending = untilSettled(() => Promise.resolve(gone.corosync), { quietMs: 5, patienceMs: 60_000 });
  await Promise.resolve();
  gone.listener?.onLost('test');
  await ending;
  assert.ok(gone.closed);
});
