/**
 * Stands in for pmxcfs: /etc/pve is one directory on all nodes, read-only where a node has no quorum, and each node
 * copies corosync.conf out of it when its version is higher than that of its own.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Host } from '../../lab/host.ts';
import { run } from '../../lab/processes.ts';

const LOOP = `
version() { sed -n 's/^ *config_version: *//p' "$1"; }
while sleep 0.2; do
  if corosync-quorumtool -s >/dev/null 2>&1; then mode=rw; else mode=ro; fi
  [ "$mode" = "$last" ] || mount -o remount,bind,$mode /etc/pve
  last=$mode
  [ "$(version /etc/pve/corosync.conf)" -gt "$(version /etc/corosync/corosync.conf)" ] 2>/dev/null || continue
  cp /etc/pve/corosync.conf /etc/corosync/corosync.conf.tmp && mv /etc/corosync/corosync.conf.tmp /etc/corosync/corosync.conf
done`;

export async function shareClusterFiles(directory: string, nodes: readonly Host[], conf: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/corosync.conf`, conf);
  for (const node of nodes) {
    await run([...node.enter, 'mkdir', '-p', '/etc/pve']);
    await run([...node.enter, 'mount', '--bind', directory, '/etc/pve']);
    await followClusterFiles(node);
  }
}

/** On a node that has the directory mounted already. */
export async function followClusterFiles(node: Host): Promise<void> {
  await node.start('pmxcfs', ['sh', '-c', LOOP]);
}
