/** What the nodes of a corosync.conf are called, and which of them is this machine. */
import type { ConfNode } from './conf/cluster.ts';

export function nameOf(node: ConfNode): string {
  return node.name ?? node.ringAddresses[0] ?? `node ${node.nodeId ?? '?'}`;
}

/** By the number that corosync here says it has; where it does not answer, by an address of this machine. */
export function localNode(
  nodes: readonly ConfNode[],
  nodeId: number | undefined,
  addresses: readonly string[],
): ConfNode | undefined {
  return (
    nodes.find((node) => node.nodeId !== undefined && node.nodeId === nodeId) ??
    nodes.find((node) => node.ringAddresses.some((address) => addresses.includes(address)))
  );
}
