/**
 * The archive for hosts without apt: code, libraries, units, manual, completion, and scripts that install and uninstall
 * them. It carries a Node.js along and is for one kind of machine then; without one it is for all, and small.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changelogDateS } from './debian-package.ts';
import { bashCompletion } from './manual/completion.ts';
import { PROGRAMS, pages, TABLES } from './manual/pages.ts';
import { roff } from './manual/roff.ts';
import { productionModules } from './node-modules.ts';
import { nodeRuntime } from './node-runtime.ts';
import { codeEntries, describe, programLinks } from './programs.ts';
import { buildTar } from './tar.ts';
import { type Entry, file, filesBelow, PROGRAM } from './tree.ts';

const HERE = fileURLToPath(new URL('tarball/', import.meta.url));
const DEBIAN = fileURLToPath(new URL('debian/', import.meta.url));
const HOME = '/usr/lib/qdevice';

/** What npm calls a kind of machine, and what people do. */
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86-64', arm64: 'arm64' };

/** `node`: the program to carry along; undefined: whoever installs it has one. Returns its path. */
export async function archive(project: string, outDirectory: string, node: string | undefined): Promise<string> {
  const { version } = await describe(project);
  const runtime = node === undefined ? undefined : await nodeRuntime(node);
  const machine = runtime === undefined ? '' : `-${process.arch}`;
  const path = join(outDirectory, `qdevice-${version}-linux${machine}.tar.gz`);
  const dateS = await changelogDateS();
  const needs =
    runtime === undefined
      ? `${Object.values(MACHINES).join(' or ')}, and Node.js 20.19 or newer`
      : `${MACHINES[process.arch] ?? process.arch}, ${runtime.needs};\nNode.js ${process.versions.node} is in it`;
  const entries: Entry[] = [
    ...(await codeEntries(project, '', undefined)),
    ...(runtime?.entries ?? []),
    ...(await productionModules(project, '', runtime === undefined ? 'every' : process.arch)),
    ...(await filesBelow(join(project, 'systemd'), 'systemd', (name) => name.endsWith('.service'))),
    ...pages().map((page) => file(`man/${page.name}.${page.section}`, roff(page, { version, dateS }))),
    ...(await Promise.all(
      ['corosync-qnetd', 'corosync-qdevice'].map(async (name) =>
        file(`default/${name}`, await readFile(join(DEBIAN, `${name}.default`))),
      ),
    )),
    file('install', await readFile(join(HERE, 'install')), PROGRAM),
    file('uninstall', await readFile(join(HERE, 'uninstall')), PROGRAM),
    file('README', (await readFile(join(HERE, 'README'), 'utf8')).replace('@NEEDS@', needs)),
    file('completion', bashCompletion(PROGRAMS, TABLES)),
    file('LICENSE', await readFile(join(project, 'LICENSE'))),
    file(
      'programs',
      programLinks(HOME)
        .map((entry) => `${entry.path} ${entry.target}\n`)
        .join(''),
    ),
  ];
  await buildTar(`qdevice-${version}`, entries, dateS, path);
  return path;
}
