/** What a list of nodes may be, and what is in the way of many at once: the guard's work grows with the square of both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeMember, newCluster, newMember, withMember } from '../../../src/arbiter/cluster.ts';
import { EMPTY_NODE_LIST, nodeListOf } from '../../../src/arbiter/node-list.ts';
import { BlockersOfAll, blockersOf } from '../../../src/arbiter/safety/blockers.ts';
import { newSafety } from '../../../src/arbiter/safety/guard.ts';
import { REPLY_CODE } from '../../../src/protocol/enums.ts';
import { nodeInfos, World } from '../world.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a list of more nodes than corosync can have is refused, and the one before stays', () => {
  const world = new World({ voteSafety: 'strict' });
  world.join(1, 1);
  world.config(1, upTo(384));
  assert.equal(world.heard(1)[0]?.name, 'nodeListReply');
  world.config(1, upTo(385), true);
  assert.equal(world.code(1), REPLY_CODE.invalidConfigNodeList);
  world.membership(1, [1, 4n], upTo(385));
  assert.equal(world.code(1), REPLY_CODE.invalidMembershipNodeList);
  world.membership(1, [1, 4n], upTo(384));
  assert.equal(world.heard(1).at(-1)?.name, 'nodeListReply');
});

test('as upstream it takes lists of any length', () => {
  const world = new World({ voteSafety: 'upstream' });
  world.join(1, 1);
  world.config(1, upTo(2_000));
  assert.equal(world.heard(1)[0]?.name, 'nodeListReply');
});

test('looked for once for a partition, what is in the way is what each node finds by itself', () => {
  const alike = {
    algorithm: 'ffsplit',
    tieBreaker: { mode: 'lowest' },
    heartbeatMs: 8_000,
    castBoundMs: undefined,
    keepActivePartition: false,
    ringId: { nodeId: 1, seq: 4n },
  } as const;
  const config = nodeListOf(nodeInfos(upTo(8)));
  const halves = [nodeListOf(nodeInfos([1, 2, 3, 4])), nodeListOf(nodeInfos([5, 6, 7]))];
  let cluster = newCluster('x', true);
  for (const nodeId of upTo(7)) {
    // One has no configuration yet, one is not in its own list.
    const members = nodeId === 4 ? nodeListOf(nodeInfos([1, 2, 3])) : (halves[nodeId <= 4 ? 0 : 1] ?? EMPTY_NODE_LIST);
    const own = { config: nodeId === 3 ? EMPTY_NODE_LIST : config, members };
    cluster = withMember(cluster, { ...newMember({ ...alike, client: nodeId, nodeId }), ...own });
  }
  const grantOf = (nodeId: number, freeAtMs: number) =>
    ({ nodeId, members: new Set(upTo(4)), client: nodeId, leaseMs: 1, freeAtMs, seq: 1 }) as const;
  const none = newSafety('x', undefined, 0, 0);
  const unknown = { sinceMs: 0, cleared: new Set([1, 5]) };
  const states = [none, { ...none, unknown }, { ...none, unknown, grants: [grantOf(1, 100), grantOf(2, 9_000_000)] }];
  const all = new BlockersOfAll(10);
  const found = new Set<string>();
  for (const now of [cluster, changeMember(cluster, 6, { members: config })]) {
    for (const safety of states) {
      for (const member of [...now.members, ...now.members]) {
        const blockers = all.of(safety, now, member);
        assert.deepEqual(blockers, blockersOf(safety, now, member, 10));
        found.add(JSON.stringify(blockers));
      }
    }
  }
  assert.ok(found.size > 6, `${found.size} different answers`);
});
