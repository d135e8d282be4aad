/**
 * Who will probably win once everybody has reported. In a split the first report comes some milliseconds before the last,
 * and the time between them is of use to whoever has to get something ready for the decision. Decides nothing.
 */

import { type NodeList, nodeListOf } from '../node-list.ts';
import { selectPartition } from './ffsplit-selection.ts';
import type { Picture } from './ffsplit-view.ts';

/** `nodeId` has just reported: its partition is believed, and everybody else is thought to be without it. */
export function likelyWinner(picture: Picture, nodeId: number): ReadonlySet<number> {
  const claim = picture.views.find((view) => view.nodeId === nodeId)?.members;
  if (claim === undefined) return new Set();
  const others = new Map<string, NodeList>();
  const expected = ({ key, nodes }: NodeList): NodeList => {
    const list = others.get(key) ?? nodeListOf(nodes.filter((node) => !claim.ids.has(node.nodeId)));
    others.set(key, list);
    return list;
  };
  const views = picture.views.map((view) => ({
    ...view,
    members: claim.ids.has(view.nodeId) ? claim : expected(view.members),
  }));
  return selectPartition({ ...picture, views }).winner;
}
