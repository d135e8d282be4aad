/** What must be as before where nothing was to change: every file that a host has of its own, and its services. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../lab/host.ts';
import type { Stage } from './stage.ts';

const WATCHED = ['/etc', '/root', '/home', '/var/lib'];
/** corosync and the arbiter write here by themselves; the arbiter remembers who may be casting, of a cluster taken out too. */
const RESTLESS = ['/var/lib/corosync', '/etc/lab-enabled', '/var/lib/corosync-qnetd'];

export type Snapshot = Readonly<Record<string, string>>;

export async function snapshot(stage: Stage): Promise<Snapshot> {
  const all: Record<string, string> = {};
  for (const host of [...stage.arbiters, ...stage.nodes]) {
    for (const root of WATCHED) visit(host, root, all);
    for (const unit of stage.arbiters.includes(host) ? ['corosync-qnetd'] : ['corosync-qdevice']) {
      const active = (await host.tryExec('systemctl', 'is-active', unit)).stdout.trim();
      const enabled = (await host.tryExec('systemctl', 'is-enabled', unit)).stdout.trim();
      all[`${host.name} ${unit}`] = `${active} ${enabled}`;
    }
  }
  return all;
}

/** By what each corosync runs, as its table of keys tells; what it counts and measures is left out. */
export async function running({ nodes }: Stage): Promise<string[]> {
  const tables = await Promise.all(nodes.map((node) => node.exec('corosync-cmapctl')));
  return tables.map((table) => {
    const lines = table.split('\n').filter((line) => !/^(runtime|stats|resources|config)\.|config_version/.test(line));
    return lines.sort().join('\n');
  });
}

/** What is different, for a message that can be read. */
export function differences(before: Snapshot, after: Snapshot): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys
    .filter((key) => before[key] !== after[key])
    .map((key) => `${key}: ${before[key] ?? 'absent'} -> ${after[key] ?? 'absent'}`);
}

function visit(host: Host, path: string, all: Record<string, string>): void {
  if (RESTLESS.includes(path)) return;
  const outside = host.outside(path);
  const found = lstatSync(outside);
  const attributes = `${(found.mode & 0o7777).toString(8)} ${found.uid}:${found.gid}`;
  if (found.isDirectory()) {
    all[`${host.name} ${path}/`] = attributes;
    for (const name of readdirSync(outside)) visit(host, join(path, name), all);
  } else if (found.isFile()) {
    all[`${host.name} ${path}`] =
      `${attributes} ${createHash('sha256').update(readFileSync(outside)).digest('hex').slice(0, 12)}`;
  }
}
