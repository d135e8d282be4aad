/**
 * May an evaluation decide yet? Only when the connected nodes do not contradict each other: one configuration, and
 * within every claimed partition one ring and one member list. Nodes that are not connected never stand in the way.
 */

import { sameRing } from '../node-list.ts';
import type { Picture, View } from './ffsplit-view.ts';

export function isStable({ views }: Picture): boolean {
  const config = views[0]?.config.key;
  if (views.some((view) => view.config.key !== config)) return false;
  const byNode = new Map(views.map((view) => [view.nodeId, view]));
  return views.every((view) => agreesWithItsPartition(view, byNode));
}

/**
 * A node's own id is always in its own list (checked when the list arrives), so "every id of mine is in yours", asked
 * in both directions, is equality of the two sets.
 */
function agreesWithItsPartition(view: View, byNode: ReadonlyMap<number, View>): boolean {
  for (const nodeId of view.members.ids) {
    const other = byNode.get(nodeId);
    if (other === undefined) continue;
    if (!sameRing(view.ringId, other.ringId) || view.members.key !== other.members.key) return false;
  }
  return true;
}
