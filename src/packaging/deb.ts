/** A Debian package from a tree: what dpkg-deb wants beside it, and a build that gives the same bytes each time. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';
import { type Entry, file, PROGRAM, sorted, writeTree } from './tree.ts';

export interface DebParts {
  /** Without Installed-Size, in the order in which the fields are to stand. */
  readonly fields: Readonly<Record<string, string>>;
  readonly entries: readonly Entry[];
  /** preinst, postinst and their sisters. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Absolute paths of entries that an administrator may change. */
  readonly conffiles: readonly string[];
  readonly epochS: number;
}

/** Writes the package to `out`. */
export async function buildDeb(parts: DebParts, out: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'qdevice-deb-'));
  try {
    const control = [
      file('DEBIAN/control', controlText(parts)),
      file('DEBIAN/conffiles', parts.conffiles.map((path) => `${path}\n`).join('')),
      file('DEBIAN/md5sums', md5sums(parts)),
      ...Object.entries(parts.scripts).map(([name, text]) => file(`DEBIAN/${name}`, text, PROGRAM)),
    ];
    const tree = join(root, 'tree');
    await mkdir(tree);
    await writeTree(tree, [...parts.entries, ...control], parts.epochS);
    // One thread: several cut the stream into blocks, and their number is the machine's.
    const settings = ['--root-owner-group', '-Zxz', '-z9', '--threads-max=1'];
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(parts.epochS), LC_ALL: 'C', TZ: 'UTC' };
    await run('dpkg-deb', ['--build', ...settings, tree, out], { env });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function controlText({ fields, entries }: DebParts): string {
  const kibibytes = entries.reduce(
    (sum, entry) => sum + (entry.kind === 'file' ? Math.ceil(entry.content.length / 1024) : 1),
    0,
  );
  return Object.entries({ ...fields, 'Installed-Size': String(kibibytes) })
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/** By convention without the files that an administrator may change. */
function md5sums({ entries, conffiles }: DebParts): string {
  return sorted(entries)
    .flatMap((entry) => (entry.kind === 'file' && !conffiles.includes(entry.path) ? [entry] : []))
    .map(({ path, content }) => `${createHash('md5').update(content).digest('hex')}  ${path.slice(1)}\n`)
    .join('');
}
