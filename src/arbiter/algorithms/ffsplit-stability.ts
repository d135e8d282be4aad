/**
 * May an evaluation decide yet? Only when the connected nodes do not contradict each other: one configuration, and
 * within every claimed partition one ring and one member list. Nodes that are not connected never stand in the way.
 */

import { sameRing } from '../node-list.ts';
import type { Picture, View } from './ffsplit-view.ts';

export function isStable({ views }: Picture): boolean {
  const config = views[0]?.config.key;
  if (views.some((view) => view.config.key !== config)) return false;
  const numbers = new Map<string, number>();
  const claims = views.map((view): Claim => ({ view, list: numberOf(view.members.key, numbers) }));
  const byNode = new Map(claims.map((claim) => [claim.view.nodeId, claim]));
  return claims.every((claim) => agreesWithItsPartition(claim, byNode));
}

/** Equal lists have equal numbers: each is then compared with each in one step, however long the lists are. */
interface Claim {
  readonly view: View;
  readonly list: number;
}

function numberOf(key: string, numbers: Map<string, number>): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

/**
 * A node's own id is always in its own list (checked when the list arrives), so "every id of mine is in yours", asked
 * in both directions, is equality of the two sets.
 */
function agreesWithItsPartition({ view, list }: Claim, byNode: ReadonlyMap<number, Claim>): boolean {
  for (const [nodeId, other] of byNode) {
    if (!view.members.ids.has(nodeId)) continue;
    if (list !== other.list || !sameRing(view.ringId, other.view.ringId)) return false;
  }
  return true;
}
