/**
 * Node lists as decisions see them: sets of node ids. Data centre, node state and order are kept for display and never
 * decide anything. Sizes count entries, repeated ones included, as upstream does.
 */

import type { NodeInfo, RingId } from '../protocol/values.ts';

export interface NodeList {
  /** As received. */
  readonly nodes: readonly NodeInfo[];
  readonly ids: ReadonlySet<number>;
  /** Equal exactly if the id sets are equal. */
  readonly key: string;
}

export const EMPTY_NODE_LIST: NodeList = { nodes: [], ids: new Set(), key: '' };

export function nodeListOf(nodes: readonly NodeInfo[]): NodeList {
  const ids = new Set(nodes.map((node) => node.nodeId));
  return { nodes, ids, key: [...ids].sort((a, b) => a - b).join(' ') };
}

export const isEmpty = (list: NodeList): boolean => list.nodes.length === 0;

export const sameRing = (a: RingId, b: RingId): boolean => a.nodeId === b.nodeId && a.seq === b.seq;
