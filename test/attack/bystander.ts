/** A cluster of two that is nobody's enemy: it splits and heals while others are attacked, and counts who may vote. */
import assert from 'node:assert/strict';
import type { NodeClient } from '../qnetd/node-client.ts';
import { authority, clusterPair } from '../qnetd/rig.ts';
import { initOptions } from '../qnetd/wire-options.ts';

const BOTH = [1, 2];
const nodeInfo = (ids: readonly number[]) => ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));

export class Bystander {
  readonly #nodes: readonly NodeClient[];
  #ringSeq = 4n;

  /** `introduced` connects a client that has said PREINIT for this cluster. */
  static async join(introduced: () => Promise<NodeClient>): Promise<Bystander> {
    const nodes: NodeClient[] = [];
    for (const nodeId of BOTH) {
      const client = await introduced();
      client.send('startTls', { msgSeqNumber: 2 });
      await client.secure({ caPem: authority.certPem, pair: clusterPair });
      client.send('init', initOptions(nodeId, 120_000));
      assert.equal((await client.answer())?.options.replyErrorCode, 0);
      const nodeListType = 'initialConfig';
      client.send('nodeList', { msgSeqNumber: 4, nodeListType, configVersion: 1n, nodeInfo: nodeInfo(BOTH) });
      nodes.push(client);
    }
    const bystander = new Bystander(nodes);
    await bystander.heal();
    return bystander;
  }

  private constructor(nodes: readonly NodeClient[]) {
    this.#nodes = nodes;
  }

  /** Node 1 wins by the tie-breaker. Resolves when both know, with the time that took. */
  async split(): Promise<number> {
    return await this.#report([[1], [2]], ['ack', 'nack']);
  }

  async heal(): Promise<number> {
    return await this.#report([BOTH, BOTH], ['ack', 'ack']);
  }

  leave(): void {
    for (const node of this.#nodes) node.destroy();
  }

  async #report(memberships: readonly number[][], votes: readonly string[]): Promise<number> {
    this.#ringSeq += 4n;
    const seq = this.#ringSeq;
    const startedMs = performance.now();
    for (const [at, client] of this.#nodes.entries()) {
      const members = memberships[at] ?? [];
      const ringId = { nodeId: members[0] ?? 0, seq };
      const nodeListType = 'membership';
      client.send('nodeList', { msgSeqNumber: 5, nodeListType, ringId, nodeInfo: nodeInfo(members) });
    }
    await Promise.all(this.#nodes.map((client, at) => hears(client, votes[at] ?? '', seq)));
    return performance.now() - startedMs;
  }
}

async function hears(client: NodeClient, vote: string, seq: bigint): Promise<void> {
  for (;;) {
    const answer = await client.answer();
    assert.ok(answer !== undefined, 'the node is still served');
    if (answer.name !== 'voteInfo') continue;
    client.send('voteInfoReply', { msgSeqNumber: answer.options.msgSeqNumber ?? 0 });
    if (answer.options.ringId?.seq !== seq) continue;
    if (answer.options.vote === vote) return;
    assert.notEqual(answer.options.vote, 'ack', 'nobody is told ACK who is to lose');
  }
}
