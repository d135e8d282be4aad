/** What a partition that has won waits for, in words. */
import type { HeldStatus } from './json.ts';
import { printable } from './printable.ts';
import { durationText, nodesText } from './text-layout.ts';

export function heldWords({ partition, waitsFor, recordFailure }: HeldStatus): string {
  const of = (reason: HeldStatus['waitsFor'][number]['reason']) => waitsFor.filter((each) => each.reason === reason);
  const parts = [
    words(of('confirmation'), (nodes) => `${nodes} to confirm that the vote is gone`),
    words(
      of('lease'),
      (nodes, remaining) =>
        `${nodes}, gone and perhaps still casting the vote, ${remaining ?? 'to come back: without the arbiter it may cast on'}`,
    ),
    words(
      of('unknown'),
      (nodes, remaining) =>
        `${nodes}, of whom no record tells whether they had the vote, ${remaining ?? 'to be connected in one membership'}`,
    ),
  ].filter((part) => part !== undefined);
  if (recordFailure !== null)
    parts.push(`the record of who gets it, which cannot be written (${printable(recordFailure)})`);
  if (parts.length === 0) parts.push('the record of who gets it to be written');
  return `${parts.join('; ')}, before ${nodesText(partition)} may have it`;
}

/** For a node that no time ends the waiting for, should it never be back. `cluster`: its name. undefined: time does. */
export function releaseWords({ waitsFor }: HeldStatus, cluster: string): string | undefined {
  const endless = waitsFor.filter(({ reason, remainingMs }) => reason !== 'confirmation' && remainingMs === null);
  const [first] = endless;
  if (first === undefined) return undefined;
  // Nodes choose the name, and what stands here is copied into a shell.
  const name = /^[\w.@+:][\w.@%+:-]*$/.test(cluster) ? cluster : 'NAME';
  const node = endless.length === 1 ? first.nodeId : 'ID';
  const nodes = nodesText(endless.map(({ nodeId }) => nodeId));
  return `if ${nodes} will never be back: qnetd release --cluster ${name} --node ${node}`;
}

/** The one that lasts longest speaks for all. */
function words(
  waitsFor: HeldStatus['waitsFor'],
  text: (nodes: string, remaining: string | undefined) => string,
): string | undefined {
  if (waitsFor.length === 0) return undefined;
  const remaining = waitsFor.map(({ remainingMs }) => remainingMs ?? Number.POSITIVE_INFINITY);
  const longestMs = Math.max(...remaining);
  const nodes = nodesText(waitsFor.map(({ nodeId }) => nodeId));
  return text(nodes, Number.isFinite(longestMs) ? `for ${durationText(longestMs)} more` : undefined);
}
