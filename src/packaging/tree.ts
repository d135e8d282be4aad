/**
 * A tree of files as it will be on the host: what a package or an archive is made from. It is a list before it is a
 * directory, so that order, modes and times are ours and not those of the machine that builds.
 */
import { chmod, lutimes, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FileEntry {
  readonly kind: 'file';
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

export interface LinkEntry {
  readonly kind: 'link';
  readonly path: string;
  /** Relative or absolute, as it is to stand in the link. */
  readonly target: string;
}

export type Entry = FileEntry | LinkEntry;

export const PLAIN = 0o644;
export const PROGRAM = 0o755;

export function file(path: string, content: string | Uint8Array, mode = PLAIN): FileEntry {
  return { kind: 'file', path, mode, content: typeof content === 'string' ? Buffer.from(content) : content };
}

export function link(path: string, target: string): LinkEntry {
  return { kind: 'link', path, target };
}

/** The files below a directory, at their place below `at`; `wanted` is asked with the path relative to the directory. */
export async function filesBelow(
  directory: string,
  at: string,
  wanted: (path: string) => boolean = () => true,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const found of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const source = join(found.parentPath, found.name);
    const path = source.slice(directory.length + 1);
    if (found.isDirectory() || !wanted(path)) continue;
    if (found.isSymbolicLink()) entries.push(link(join(at, path), await readlink(source)));
    else entries.push(file(join(at, path), await readFile(source)));
  }
  return entries;
}

export function sorted(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Writes it below `root`, which has to be empty or missing. Every time in it is `epochS`. */
export async function writeTree(root: string, entries: readonly Entry[], epochS: number): Promise<void> {
  const directories = new Set<string>([root]);
  for (const entry of sorted(entries)) {
    const path = join(root, entry.path);
    for (let parent = dirname(path); parent.length > root.length; parent = dirname(parent)) directories.add(parent);
    await mkdir(dirname(path), { recursive: true });
    if (entry.kind === 'link') {
      await symlink(entry.target, path);
    } else {
      await writeFile(path, entry.content, { flag: 'wx' });
      await chmod(path, entry.mode);
    }
    await lutimes(path, epochS, epochS);
  }
  for (const directory of [...directories].toSorted().toReversed()) {
    await chmod(directory, PROGRAM);
    await lutimes(directory, epochS, epochS);
  }
}
