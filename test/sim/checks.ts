/** What must hold in a simulated cluster, seen from votequorum on every node, whoever decides and however. */
import type { TwinCluster } from '../../src/corosync/twin/cluster.ts';

interface Side {
  readonly nodeId: number;
  readonly members: readonly number[];
}

interface Sides {
  readonly casting: readonly Side[];
  readonly quorate: readonly Side[];
}

/**
 * Within a synchronisation no program on the node is told anything and the flags are those of before: the node counts
 * again when it ends. Without a token corosync does not even count its own votes anew, and moves no message either.
 */
function sidesOf(cluster: TwinCluster, nodeIds: readonly number[]): Sides {
  const casting: Side[] = [];
  const quorate: Side[] = [];
  for (const nodeId of nodeIds) {
    const engine = cluster.node(nodeId)?.engine;
    if (engine === undefined || engine.synchronising) continue;
    const side = { nodeId, members: engine.view.nodeIds };
    if (engine.view.quorate && cluster.hasToken(nodeId)) quorate.push(side);
    if (engine.casts) casting.push(side);
  }
  return { casting, quorate };
}

/** A node counts anew when its own word has come back to it; both sides are quorate only if they still are after that. */
const COUNTED_MS = 5;

/** S2: never two partitions without a common node that both cast the arbiter's vote, or are both quorate. */
export class TwoSides {
  readonly #cluster: TwinCluster;
  readonly #nodeIds: readonly number[];
  #quorateSinceMs: number | undefined;

  constructor(cluster: TwinCluster, nodeIds: readonly number[]) {
    this.#cluster = cluster;
    this.#nodeIds = nodeIds;
  }

  seenAt(nowMs: number): string | undefined {
    const { casting, quorate } = sidesOf(this.#cluster, this.#nodeIds);
    const caught = disjoint(casting);
    if (caught !== undefined) return `two sides cast the vote: ${caught}`;
    const both = disjoint(quorate);
    this.#quorateSinceMs = both === undefined ? undefined : (this.#quorateSinceMs ?? nowMs);
    const isCounted = nowMs - (this.#quorateSinceMs ?? nowMs) > COUNTED_MS;
    return both !== undefined && isCounted ? `two sides are quorate: ${both}` : undefined;
  }
}

export function castingNodes(cluster: TwinCluster, nodeIds: readonly number[]): number[] {
  return sidesOf(cluster, nodeIds).casting.map(({ nodeId }) => nodeId);
}

function disjoint(sides: readonly Side[]): string | undefined {
  for (const [at, a] of sides.entries()) {
    for (const b of sides.slice(at + 1)) {
      if (a.members.some((nodeId) => b.members.includes(nodeId))) continue;
      return `node ${a.nodeId} in [${a.members}] and node ${b.nodeId} in [${b.members}]`;
    }
  }
  return undefined;
}
