/**
 * Upstream's lost grant, which our arbiter has under vote_safety=upstream alone: a node that wins in the very moment in which its confirmation
 * of an earlier NACK is still under way is not told ACK, and nothing tells it until something else happens. It takes
 * memberships that follow each other within milliseconds, which corosync does produce on its way to a split. The vote is
 * missing then, never double. The remedy is an operator's: restart qdevice on the node that was left out.
 */

interface Listed {
  readonly nodeId: number;
  readonly ring: string;
  readonly lastAckNack: string;
}

/** The nodes that sit in a ring with a holder of the vote and were told NACK last, from `corosync-qnetd-tool -l -v`. */
export function leftOut(list: string, cluster: string): number[] {
  const nodes = listed(list, cluster);
  const holders = new Set(nodes.filter((node) => node.lastAckNack === 'ACK').map((node) => node.ring));
  return nodes.filter((node) => node.lastAckNack === 'NACK' && holders.has(node.ring)).map((node) => node.nodeId);
}

/** Every node was told NACK last. */
export function isWithoutHolder(list: string, cluster: string): boolean {
  const nodes = listed(list, cluster);
  return nodes.length > 0 && nodes.every((node) => node.lastAckNack === 'NACK');
}

function listed(list: string, cluster: string): Listed[] {
  const blocks = list.split(/^Cluster "/m).slice(1);
  const block = blocks.find((each) => each.startsWith(`${cluster}":`)) ?? '';
  return block
    .split(/^ {4}Node ID /m)
    .slice(1)
    .map((node) => ({
      nodeId: Number.parseInt(node, 10),
      ring: /^ +Ring ID:\s+(\S+)/m.exec(node)?.[1] ?? '',
      lastAckNack: /^ +Vote:\s+.*?(NACK|ACK)\)?$/m.exec(node)?.[1] ?? '',
    }));
}
