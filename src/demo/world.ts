/** The demonstration's cluster as a plain value: who runs, who reaches whom, whether there is an arbiter. */

export type NodeIds = readonly number[];

/** As corosync.conf names them. */
export type DemoAlgorithm = 'ffsplit' | 'lms' | '2nodelms' | 'test';

export interface World {
  readonly algorithm: DemoAlgorithm;
  readonly nodeIds: NodeIds;
  /** Every node is on one island, lost ones too; only nodes of one island reach each other. */
  readonly islands: readonly NodeIds[];
  readonly lost: NodeIds;
  readonly hasArbiter: boolean;
}

export type Change =
  | { readonly kind: 'start' }
  | { readonly kind: 'split'; readonly islands: readonly NodeIds[] }
  | { readonly kind: 'heal' }
  | { readonly kind: 'loseNodes'; readonly nodeIds: NodeIds }
  | { readonly kind: 'returnNodes'; readonly nodeIds: NodeIds }
  | { readonly kind: 'loseArbiter' }
  | { readonly kind: 'returnArbiter' };

export function healthyWorld(nodeCount: number, algorithm: DemoAlgorithm = 'ffsplit'): World {
  const nodeIds = Array.from({ length: nodeCount }, (_, index) => index + 1);
  return { algorithm, nodeIds, islands: [nodeIds], lost: [], hasArbiter: true };
}

export function changed(world: World, change: Change): World {
  switch (change.kind) {
    case 'start':
      return world;
    case 'split':
      return { ...world, islands: change.islands };
    case 'heal':
      return { ...world, islands: [world.nodeIds] };
    case 'loseNodes':
      return { ...world, lost: [...world.lost, ...change.nodeIds] };
    case 'returnNodes':
      return { ...world, lost: world.lost.filter((nodeId) => !change.nodeIds.includes(nodeId)) };
    case 'loseArbiter':
      return { ...world, hasArbiter: false };
    case 'returnArbiter':
      return { ...world, hasArbiter: true };
  }
}

/** The nodes that run, as they reach each other. */
export function partitionsOf({ islands, lost }: World): readonly NodeIds[] {
  const running = islands.map((island) => island.filter((nodeId) => !lost.includes(nodeId)));
  return running.filter((partition) => partition.length > 0);
}
