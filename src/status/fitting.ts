/**
 * The JSON document within the limit of a reply. Node lists are what grows without end, with the square of a cluster's
 * size: they go first, from the largest clusters, so that one of them does not keep an operator from seeing the others.
 */
import type { ClusterStatus, LeftOutList, StatusDocument } from './json.ts';

/** ASCII, so that a character is a byte on the local socket. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, unicodeEscape);
}

/** As much of the document as fits; undefined if it does not fit without any list either. */
export function fittingJson(document: StatusDocument, bytesMax: number): string | undefined {
  const frame = asciiJson({ ...document, clusters: [] });
  const texts = document.clusters.map(asciiJson);
  let bytes = frame.length + texts.reduce((sum, text) => sum + text.length + ','.length, 0);
  for (const shorter of [withoutNodeLists, withoutLists]) {
    for (const at of largestFirst(texts)) {
      if (bytes <= bytesMax) break;
      const cluster = document.clusters[at];
      if (cluster === undefined) continue;
      bytes -= texts[at]?.length ?? 0;
      texts[at] = asciiJson(shorter(cluster));
      bytes += texts[at].length;
    }
  }
  if (bytes > bytesMax) return undefined;
  // `clusters` is the last field of the frame, which ends `[]}`.
  return `${frame.slice(0, -']}'.length)}${texts.join(',')}]}`;
}

function largestFirst(texts: readonly string[]): number[] {
  const sizes = texts.map((text, at) => ({ at, bytes: text.length }));
  return sizes.sort((one, other) => other.bytes - one.bytes).map(({ at }) => at);
}

function withoutNodeLists(cluster: ClusterStatus): ClusterStatus {
  const nodes = cluster.nodes.map((node) => ({ ...node, configNodes: [], members: [] }));
  return { ...cluster, nodes, leftOut: ['configNodes', 'members'] };
}

/** The ids that are left are those of connected nodes, once or twice each. */
function withoutLists(cluster: ClusterStatus): ClusterStatus {
  const short = withoutNodeLists(cluster);
  const leftOut: LeftOutList[] = [...(short.leftOut ?? []), 'partitions', 'notConnected', 'winner'];
  return { ...short, partitions: [], notConnected: [], vote: { ...short.vote, winner: [] }, leftOut };
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
