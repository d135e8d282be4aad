/** The programs: where tools look for them on a host, and the code behind them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Entry, file, filesBelow, type LinkEntry, link, PROGRAM } from './tree.ts';

/** Upstream's paths, which setup tools have written into them. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  qnetd: '/usr/bin/qnetd',
  'corosync-qnetd': '/usr/bin/corosync-qnetd',
  'corosync-qnetd-tool': '/usr/bin/corosync-qnetd-tool',
  'corosync-qnetd-certutil': '/usr/bin/corosync-qnetd-certutil',
  qdevice: '/usr/bin/qdevice',
  'corosync-qdevice': '/usr/sbin/corosync-qdevice',
  'corosync-qdevice-tool': '/usr/sbin/corosync-qdevice-tool',
  'corosync-qdevice-net-certutil': '/usr/sbin/corosync-qdevice-net-certutil',
};

export interface Description {
  readonly version: string;
  readonly description: string;
}

/** The part of package.json that a package takes over. */
export async function describe(project: string): Promise<Description> {
  const { version, description } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Description;
  return { version, description };
}

const DEMO = /^(demo\/|corosync\/twin\/|cli\/demo\.js|cli\/bin\/qdevice-demo\.js)/;
const SHEBANG = /^#!\/usr\/bin\/env (-S )?node/;

/** The compiled code below `at`, started by the Node.js at `node`, or the one in PATH; `project` has to be built. */
export async function codeEntries(project: string, at: string, node: string | undefined): Promise<Entry[]> {
  const code = await filesBelow(
    join(project, 'dist'),
    join(at, 'dist'),
    (path) => path.endsWith('.js') && !DEMO.test(path),
  );
  const { version, description } = await describe(project);
  const manifest = { name: 'qdevice', version, description, license: 'MIT', type: 'module', private: true };
  return [
    ...code.map((entry) => (entry.path.startsWith(join(at, 'dist/cli/bin/')) ? asProgram(entry, node) : entry)),
    ...(await filesBelow(join(project, 'certs'), join(at, 'certs'))),
    file(join(at, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`),
  ];
}

export function programLinks(at: string, names: readonly string[] = Object.keys(PROGRAMS)): LinkEntry[] {
  return names.map((name) =>
    link(PROGRAMS[name] ?? `/usr/bin/${name}`, relativeTo(join(at, `dist/cli/bin/${name}.js`))),
  );
}

/** Both /usr/bin and /usr/sbin are two levels down. */
function relativeTo(path: string): string {
  return path.replace(/^\/usr\//, '../');
}

function asProgram(entry: Entry, node: string | undefined): Entry {
  if (entry.kind === 'link') return entry;
  const text = Buffer.from(entry.content).toString('utf8');
  // The kernel hands all that follows over as one word: options of Node.js have to be taken apart by env.
  const started = (_: string, apart: string | undefined) =>
    apart === undefined ? `#!${node}` : `#!/usr/bin/env -S ${node}`;
  return file(entry.path, node === undefined ? text : text.replace(SHEBANG, started), PROGRAM);
}
