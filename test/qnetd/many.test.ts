/** One arbiter for many: a cluster of twenty nodes and a crowd of pairs, all over TLS with certificates of their own. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { NodeClient } from './node-client.ts';
import { authority, expectAnswer, initOptions, Rig } from './rig.ts';

const PAIRS = 12;
const TWENTY = Array.from({ length: 20 }, (_, index) => index + 1);

interface Voter {
  readonly nodeId: number;
  readonly client: NodeClient;
  vote: string;
}

const nodeInfo = (ids: readonly number[]) => ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));

async function joined(rig: Rig, cluster: string, ids: readonly number[]): Promise<Voter[]> {
  const pair = authority.issue({ commonName: cluster });
  return await Promise.all(
    ids.map(async (nodeId) => {
      const client = await rig.secured(pair, cluster);
      client.send('init', initOptions(nodeId));
      assert.equal((await expectAnswer(client, 'initReply')).replyErrorCode, 0);
      const configVersion = 1n;
      client.send('nodeList', {
        msgSeqNumber: 4,
        nodeListType: 'initialConfig',
        configVersion,
        nodeInfo: nodeInfo(ids),
      });
      return { nodeId, client, vote: 'none' };
    }),
  );
}

function reports(voter: Voter, ids: readonly number[], seq: bigint): void {
  const ringId = { nodeId: ids[0] ?? 0, seq };
  voter.vote = 'none';
  voter.client.send('nodeList', { msgSeqNumber: 5, nodeListType: 'membership', ringId, nodeInfo: nodeInfo(ids) });
}

/** Reads votes for the ring with this sequence and confirms them, until the node has been told what it should be. */
async function until(voter: Voter, vote: string, seq: bigint): Promise<void> {
  while (voter.vote !== vote) {
    const answer = await voter.client.answer();
    assert.ok(answer !== undefined, `node ${voter.nodeId} is still served`);
    if (answer.name !== 'voteInfo') continue;
    if (answer.options.ringId?.seq === seq) voter.vote = answer.options.vote ?? 'none';
    voter.client.send('voteInfoReply', { msgSeqNumber: answer.options.msgSeqNumber ?? 0 });
  }
}

async function settles(
  t: TestContext,
  voters: readonly Voter[],
  winners: readonly number[],
  seq: bigint,
): Promise<void> {
  await Promise.all(voters.map((voter) => until(voter, winners.includes(voter.nodeId) ? 'ack' : 'nack', seq)));
  const holders = voters.filter(({ vote }) => vote === 'ack').length;
  t.diagnostic(`ring sequence ${seq}: ${holders} of ${voters.length} nodes hold the vote`);
}

test('twenty nodes split in halves and heal, beside pairs that each decide for themselves', async (t) => {
  const rig = await Rig.start();
  t.after(() => rig.stop());
  const twenty = await joined(rig, 'twenty', TWENTY);
  const pairs = await Promise.all(Array.from({ length: PAIRS }, (_, index) => joined(rig, `pair-${index}`, [1, 2])));
  for (const voter of twenty) reports(voter, TWENTY, 8n);
  for (const voter of pairs.flat()) reports(voter, [1, 2], 8n);
  await Promise.all([twenty, ...pairs].map((voters) => settles(t, voters, TWENTY, 8n)));

  const odd = TWENTY.filter((nodeId) => nodeId % 2 === 1);
  const even = TWENTY.filter((nodeId) => nodeId % 2 === 0);
  for (const voter of twenty) reports(voter, odd.includes(voter.nodeId) ? odd : even, 12n);
  for (const voter of pairs.slice(1).flat()) reports(voter, [voter.nodeId], 12n);
  await Promise.all([settles(t, twenty, odd, 12n), ...pairs.slice(1).map((voters) => settles(t, voters, [1], 12n))]);
  const untouched = rig.snapshot().clusters.find(({ name }) => name === 'pair-0');
  assert.deepEqual(
    untouched?.nodes.map(({ granted }) => granted),
    [true, true],
  );

  for (const voter of twenty) reports(voter, TWENTY, 16n);
  await settles(t, twenty, TWENTY, 16n);
  assert.equal(rig.snapshot().clusters.length, PAIRS + 1);
  assert.deepEqual(rig.warnings(), []);
});
