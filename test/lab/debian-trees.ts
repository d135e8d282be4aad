/**
 * Debian 13 as directories to lay hosts over: a plain one as debootstrap makes it, one with what a cluster is run with, and
 * one more for each set of packages that is put in on top. Made once and kept outside the repository; what they are made by is
 * part of their name, so another recipe makes another one. All packages that a test installs in a host lie in the plain tree's
 * archive, as hosts reach no network.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mountSystem } from './namespaces.ts';
import { run } from './processes.ts';

const CACHE = process.env['LAB_CACHE'] ?? '/var/cache/qdevice-test';
const SUITE = 'trixie';
/** Made anew after this: packages of a suite get security updates, and the mirror forgets the old ones. */
const AGE_MS_MAX = 7 * 24 * 60 * 60 * 1000;
const BUILD_MS_MAX = 10 * 60_000;

/** What any machine with Debian on it has beside the smallest set. */
const USUAL = ['ca-certificates', 'systemd', 'iproute2', 'openssh-server', 'procps', 'psmisc', 'cpio'];
/** What our package and Debian's are for and need; no tools of NSS. */
const NODE = ['corosync', 'nodejs'];
/** Set clusters up. Recommended packages are left out, and named where a tool does not work without. pcs brings NSS's. */
const TOOLS = ['pacemaker', 'pcs', 'crmsh', 'csync2', 'rpm', 'sudo', 'dbus'];
/** For hosts that install them while they run. */
const AT_HAND = ['corosync-qnetd', 'corosync-qdevice', 'libnss3-tools'];

/** Directories for an overlay, the topmost first. */
export type Layers = readonly string[];

const SETTINGS = `
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab
echo 'APT::Install-Recommends "false"; Binary::apt::APT::Keep-Downloaded-Packages "true";' >/etc/apt/apt.conf.d/lab
rm -f /etc/ssh/ssh_host_*
ssh-keygen -A
`;
const DOWNLOAD = `apt-get -q -y update && apt-get -q -y --download-only install ${[...NODE, ...TOOLS, ...AT_HAND].join(' ')}`;

/** As debootstrap makes it, with the packages of later installations in its archive. */
export function plainTree(): Promise<Layers> {
  return made('plain', [SUITE, ...USUAL, SETTINGS, DOWNLOAD], [], async (directory) => {
    mkdirSync(join(directory, 'upper'));
    const options = ['--variant=minbase', `--include=${USUAL.join(',')}`];
    await run(['debootstrap', ...options, SUITE, join(directory, 'upper'), mirror()], '', BUILD_MS_MAX);
    await inside([join(directory, 'upper')], directory, `${SETTINGS}${DOWNLOAD}`);
  });
}

/** With corosync, and with what our package and Debian's depend on; nothing of a quorum device. */
export async function nodeTree(): Promise<Layers> {
  return await withPackages('node', await plainTree(), NODE);
}

/** The same with the tools that people set clusters up with. */
export async function toolsTree(): Promise<Layers> {
  return await withPackages('tools', await nodeTree(), TOOLS);
}

/** A tree with packages on top, by name from the archive or as files of this machine. */
export function withPackages(name: string, layers: Layers, packages: readonly string[]): Promise<Layers> {
  const files = packages.filter((one) => existsSync(one));
  const recipe = [...layers, ...packages, ...files.map(digestOf)];
  return made(name, recipe, layers, async (directory) => {
    const words = packages.map((one) => (files.includes(one) ? `/run/${one.split('/').at(-1) ?? ''}` : one));
    const copies = files.map((file) => `cp '${file}' "$root/run/"`);
    await inside(layers, directory, `apt-get -q -y install ${words.join(' ')}`, copies);
  });
}

async function made(
  name: string,
  recipe: readonly string[],
  layers: Layers,
  build: (directory: string) => Promise<void>,
): Promise<Layers> {
  const directory = join(CACHE, `${name}-${createHash('sha256').update(recipe.join('\n')).digest('hex').slice(0, 16)}`);
  const upper = join(directory, 'upper');
  if (existsSync(directory) && Date.now() - statSync(directory).mtimeMs < AGE_MS_MAX) return [upper, ...layers];
  mkdirSync(CACHE, { recursive: true, mode: 0o755 });
  const draft = mkdtempSync(join(CACHE, `.${name}-`));
  try {
    await build(draft);
    sweep();
    rmSync(directory, { recursive: true, force: true });
    renameSync(draft, directory);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return [upper, ...layers];
}

/** Layers of packages that were built long ago are asked for by nobody any more. */
function sweep(): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    if (Date.now() - statSync(path).mtimeMs > AGE_MS_MAX) rmSync(path, { recursive: true, force: true });
  }
}

/** Runs a script in the tree, changes kept in `directory`; the network is this machine's, as packages come from it. */
async function inside(
  layers: Layers,
  directory: string,
  script: string,
  before: readonly string[] = [],
): Promise<void> {
  const [only = ''] = layers;
  const isItself = only === join(directory, 'upper');
  const root = isItself ? only : join(directory, 'root');
  const mounts = isItself
    ? [`mount -t proc proc '${root}/proc'`, `mount -t tmpfs run '${root}/run'`]
    : [`mkdir '${root}'`, ...mountSystem(layers, directory, root)];
  const lines = ['set -e', ...mounts, `root='${root}'`, ...before, 'exec chroot "$root" sh -e'];
  const environment = ['env', '-i', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'];
  const namespaces = ['unshare', '-m', '-p', '-f', '--propagation', 'private'];
  await run([...environment, ...namespaces, 'sh', '-c', lines.join('\n')], script, BUILD_MS_MAX);
}

/** The one that this machine's own packages come from. */
function mirror(): string {
  const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'];
  for (const file of sources.filter((one) => existsSync(one))) {
    const found = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s*)?)(\S+\/debian)\/?\s*$/m.exec(
      readFileSync(file, 'utf8').replaceAll(/(\/debian\/?) .*$/gm, '$1'),
    );
    if (found?.[1] !== undefined) return found[1];
  }
  throw new Error(`none of ${sources.join(', ')} names a mirror of Debian`);
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
