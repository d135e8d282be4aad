/** The archive for hosts without apt: code, libraries, units, manual, and scripts that install and uninstall them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changelogDateS } from './debian-package.ts';
import { pages } from './manual/pages.ts';
import { roff } from './manual/roff.ts';
import { productionModules } from './node-modules.ts';
import { codeEntries, describe, programLinks } from './programs.ts';
import { buildTar } from './tar.ts';
import { type Entry, file, filesBelow, PROGRAM } from './tree.ts';

const HERE = fileURLToPath(new URL('tarball/', import.meta.url));
const DEBIAN = fileURLToPath(new URL('debian/', import.meta.url));
const HOME = '/usr/lib/qdevice';

/** Returns its path. */
export async function archive(project: string, outDirectory: string): Promise<string> {
  const { version } = await describe(project);
  const path = join(outDirectory, `qdevice-${version}-linux.tar.gz`);
  const dateS = await changelogDateS();
  const entries: Entry[] = [
    ...(await codeEntries(project, '', undefined)),
    ...(await productionModules(project, '', true)),
    ...(await filesBelow(join(project, 'systemd'), 'systemd', (name) => name.endsWith('.service'))),
    ...pages().map((page) => file(`man/${page.name}.${page.section}`, roff(page, { version, dateS }))),
    ...(await Promise.all(
      ['corosync-qnetd', 'corosync-qdevice'].map(async (name) =>
        file(`default/${name}`, await readFile(join(DEBIAN, `${name}.default`))),
      ),
    )),
    file('install', await readFile(join(HERE, 'install')), PROGRAM),
    file('uninstall', await readFile(join(HERE, 'uninstall')), PROGRAM),
    file('README', await readFile(join(HERE, 'README'))),
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
