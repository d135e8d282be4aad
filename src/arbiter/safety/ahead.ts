/**
 * Writes the record of a change before the change is decided. A record takes longer than all the rest of a decision, and
 * an ACK waits for it; while the last reports and the losers' confirmations are still to come the disk can be at work.
 * Nothing is granted by it: an ACK leaves when the record covers it, however it came to be written.
 */

import type { Cluster } from '../cluster.ts';
import { isRecorded, type Ledger, startWriting } from './ledger.ts';
import { areDisjoint, type Safety } from './state.ts';

type Writing = Ledger & { readonly writing: NonNullable<Ledger['writing']> };

/** The ledger with a write for the partition `likely` under way; undefined: there is no use in one, or it would do harm. */
export function writeAhead(
  safety: Safety,
  cluster: Cluster,
  likely: ReadonlySet<number>,
  nowMs: number,
): Writing | undefined {
  const { ledger, grants, unknown, pending } = safety;
  if (ledger.writing !== undefined || pending.length > 0 || (ledger.failure?.retryAtMs ?? 0) > nowMs) return undefined;
  // Once there is a record a restart takes it for all there is to know.
  if (unknown !== undefined) return undefined;
  // Those who lose it now and those who get it then would both be in it, and a restart would make each wait for the other.
  if (grants.some(({ members }) => areDisjoint(members, likely))) return undefined;
  const winners = cluster.members.filter(({ nodeId }) => likely.has(nodeId));
  const [first] = winners;
  if (first === undefined || winners.every((member) => isRecorded(ledger, member, likely))) return undefined;
  return startWriting(ledger, grants, first, cluster, likely);
}
