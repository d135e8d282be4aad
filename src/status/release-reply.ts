/** Whether an operator may say that a node casts nothing any more, from what the status shows: asked first, then done. */
import type { ArbiterSnapshot } from '../arbiter/snapshot.ts';
import type { ServerFacts } from './facts.ts';
import { error, type IpcReply, ok } from './ipc-answer.ts';
import type { IpcRequest } from './ipc-request.ts';
import { shownName } from './json.ts';

/** The answer to a request that is granted. */
export interface Release {
  readonly nodeId: number;
  /** Who waits for that node. */
  readonly partition: readonly number[];
  readonly reason: 'lease' | 'unknown';
  /** How long it would be waited for without this; null: until it is back. */
  readonly remainingMs: number | null;
  /** False: it was only asked. */
  readonly released: boolean;
}

type Asked = Extract<IpcRequest, { readonly kind: 'release' }>;

interface Facts {
  readonly server: ServerFacts;
  readonly snapshot: ArbiterSnapshot;
  readonly maxSendBytes: number;
}

export function releaseReply({ cluster, nodeId, dryRun }: Asked, facts: Facts): IpcReply {
  const { server, snapshot, maxSendBytes } = facts;
  const refused = (problem: string) => error(problem, maxSendBytes);
  if (nodeId === undefined) return refused('That is no node id');
  if (server.voteSafety !== 'strict') return refused('With vote_safety=upstream nobody is waited for');
  const known = snapshot.clusters.find(({ name }) => shownName(name) === shownName(cluster));
  if (known === undefined) return refused('No node of such a cluster is connected, so nobody waits');
  if (known.nodes.some((node) => node.nodeId === nodeId)) {
    return refused(`Node ${nodeId} is connected: it says itself what it casts`);
  }
  const { held } = known.vote;
  const waited = held?.waitsFor.find((each) => each.nodeId === nodeId);
  if (held === undefined || waited === undefined || waited.reason === 'confirmation') {
    return refused(`Nobody waits for node ${nodeId}`);
  }
  const { reason, remainingMs } = waited;
  const release: Release = {
    nodeId,
    partition: held.partition,
    reason,
    remainingMs: remainingMs === undefined ? null : Math.ceil(remainingMs),
    released: !dryRun,
  };
  const reply = ok(`${JSON.stringify(release)}\n`, 'QNetd release', maxSendBytes);
  return dryRun || reply.tooLong ? reply : { ...reply, release: { cluster: known.name, nodeId } };
}

/** undefined: nothing that this program knows. */
export function readRelease(text: string): Release | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRelease(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isRelease(value: unknown): value is Release {
  if (typeof value !== 'object' || value === null || !('nodeId' in value && 'partition' in value)) return false;
  if (!('reason' in value && 'remainingMs' in value && 'released' in value)) return false;
  const { nodeId, partition, reason, remainingMs, released } = value;
  if (typeof nodeId !== 'number' || typeof released !== 'boolean' || !Array.isArray(partition)) return false;
  if (!partition.every((id) => typeof id === 'number')) return false;
  return (reason === 'lease' || reason === 'unknown') && (remainingMs === null || typeof remainingMs === 'number');
}
