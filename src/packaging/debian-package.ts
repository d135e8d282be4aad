/**
 * The Debian package: one for arbiter and node alike, in the place of corosync-qnetd and corosync-qdevice. Maintainer
 * scripts and what lies in /etc are files in `debian/` beside this module.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { copyright } from './copyright.ts';
import { buildDeb } from './deb.ts';
import { completionEntries, manualEntries } from './manual/entries.ts';
import { EPOCH, namePackages } from './name-packages.ts';
import { productionModules } from './node-modules.ts';
import { codeEntries, describe, programLinks } from './programs.ts';
import { type Entry, file } from './tree.ts';

const DEBIAN = fileURLToPath(new URL('debian/', import.meta.url));
const HOME = '/usr/lib/qdevice';
const NODE = '/usr/bin/node';
const UNITS = ['corosync-qnetd.service', 'corosync-qdevice.service'] as const;
const CONFFILES = ['corosync-qnetd', 'corosync-qdevice'] as const;
/** Of the packages whose place it takes: whoever wants at least this version of them is content. */
const UPSTREAM_VERSION = '3.0.3';

const MAINTAINER = 'qdevice maintainers <qdevice@localhost>';

/** Returns the paths of the package and of the two that only have a name. */
export async function debianPackages(project: string, outDirectory: string): Promise<readonly string[]> {
  const { version } = await describe(project);
  const path = join(outDirectory, `qdevice_${version}_all.deb`);
  const epochS = await changelogDateS();
  const modules = await productionModules(project, HOME, 'glibc');
  const entries: Entry[] = [
    ...(await codeEntries(project, HOME, NODE)),
    ...programLinks(HOME),
    ...modules,
    ...(await unitEntries(project)),
    ...(await hostFiles()),
    ...manualEntries({ version, dateS: epochS }),
    ...completionEntries(),
    ...(await documents(modules)),
  ];
  const fields = controlFields(version);
  const conffiles = CONFFILES.map((name) => `/etc/default/${name}`);
  await buildDeb({ fields, entries, scripts: await scripts(), conffiles, epochS }, path);
  return [path, ...(await namePackages(version, MAINTAINER, epochS, outDirectory))];
}

function controlFields(version: string): Readonly<Record<string, string>> {
  const replaced = ['corosync-qnetd', 'corosync-qdevice'];
  const others = replaced.map((name) => `${name} (<< ${EPOCH}:0~)`).join(', ');
  return {
    Package: 'qdevice',
    Version: version,
    Architecture: 'all',
    Maintainer: MAINTAINER,
    Section: 'admin',
    Priority: 'optional',
    'Multi-Arch': 'foreign',
    'Pre-Depends': 'init-system-helpers (>= 1.54~)',
    Depends: 'nodejs (>= 20.19), adduser',
    Recommends: 'libvotequorum8, libcmap4, libnss3-tools',
    Suggests: 'corosync, openssh-client',
    Provides: replaced.map((name) => `${name} (= ${UPSTREAM_VERSION})`).join(', '),
    Conflicts: others,
    Replaces: others,
    Description: [
      'quorum device of corosync clusters: arbiter and node daemon',
      ' The third vote of a cluster with an even number of nodes. On a machine outside',
      ' of the clusters it is the arbiter, which gives its vote to one side of a split',
      ' cluster and never to two; on a node it is the daemon that brings the vote to',
      ' corosync. It speaks the protocol of corosync-qnetd and corosync-qdevice, has',
      ' their programs and files, and takes over their certificates.',
    ].join('\n'),
  };
}

async function scripts(): Promise<Record<string, string>> {
  const common = `${await text('common.sh')}\n${await shippedSettings()}`;
  const names = ['preinst', 'postinst', 'prerm', 'postrm'];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, `${common}\n${await text(name)}`] as const)),
  );
}

/** The files of /etc/default, for the preinst, which runs before they are unpacked. */
async function shippedSettings(): Promise<string> {
  const cases = CONFFILES.map(
    async (name) => `        /etc/default/${name}) cat <<'EOF'\n${await text(`${name}.default`)}EOF\n            ;;\n`,
  );
  return `shipped_settings() {\n    case "$1" in\n${(await Promise.all(cases)).join('')}    esac\n}\n`;
}

/** A second copy is for the postinst, which puts back what the removal of a replaced package may take along. */
async function unitEntries(project: string): Promise<Entry[]> {
  const places = ['/usr/lib/systemd/system', `${HOME}/systemd`];
  const units = await Promise.all(
    UNITS.map(async (name) => [name, await readFile(join(project, 'systemd', name))] as const),
  );
  return places.flatMap((place) => units.map(([name, content]) => file(join(place, name), content)));
}

async function hostFiles(): Promise<Entry[]> {
  const pc = (await text('corosync-qdevice.pc')).replace('@UPSTREAM_VERSION@', UPSTREAM_VERSION);
  return [
    ...(await Promise.all(CONFFILES.map(async (name) => file(`/etc/default/${name}`, await text(`${name}.default`))))),
    file('/usr/lib/tmpfiles.d/qdevice.conf', await text('tmpfiles.conf')),
    file('/usr/share/pkgconfig/corosync-qdevice.pc', pc),
  ];
}

async function documents(modules: readonly Entry[]): Promise<Entry[]> {
  const at = '/usr/share/doc/qdevice';
  return [
    file(`${at}/changelog.gz`, gzipSync(await text('changelog'), { level: 9 })),
    file(`${at}/copyright`, copyright(modules, HOME)),
  ];
}

/** The date of the newest entry: what is built from the same sources has the same times, wherever and whenever. */
export async function changelogDateS(): Promise<number> {
  const date = /^ -- .*> {2}(.+)$/m.exec(await text('changelog'))?.[1] ?? '';
  return Math.floor(Date.parse(date) / 1000);
}

async function text(name: string): Promise<string> {
  return await readFile(join(DEBIAN, name), 'utf8');
}
