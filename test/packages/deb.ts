/** The package under test, built from the compiled code as `npm run package` does. The same code gives the same bytes. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianPackages } from '../../src/packaging/debian-package.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['dist', 'src/packaging', 'src/cli/manual', 'certs', 'systemd', 'package.json', 'package-lock.json'];

export interface PackageFiles {
  readonly main: string;
  /** The empty ones that have Debian's names. */
  readonly names: readonly string[];
}

let built: Promise<PackageFiles> | undefined;

export function packageFiles(): Promise<PackageFiles> {
  built ??= build();
  return built;
}

/** Packing takes seconds, and several test files in a row need the same. */
async function build(): Promise<PackageFiles> {
  const out = join(PROJECT, 'var/package');
  mkdirSync(out, { recursive: true });
  const ready = readdirSync(out).filter((name) => name.endsWith('.deb'));
  const isFresh = ready.length > 0 && Math.min(...ready.map((name) => madeMs(join(out, name)))) > newestSourceMs();
  const debs = isFresh ? ready.map((name) => join(out, name)) : await packInto(out);
  const main = debs.find((path) => basename(path).startsWith('qdevice_'));
  if (main === undefined) throw new Error(`nothing was built in ${out}`);
  return { main, names: debs.filter((path) => path !== main) };
}

/** Nobody else sees a package that is half written. */
async function packInto(out: string): Promise<string[]> {
  const draft = mkdtempSync(join(out, '.draft-'));
  try {
    const drafts = await debianPackages(PROJECT, draft);
    return drafts.map((file) => {
      const path = join(out, basename(file));
      renameSync(file, path);
      return path;
    });
  } finally {
    rmSync(draft, { recursive: true });
  }
}

function newestSourceMs(): number {
  const files = SOURCES.flatMap((source) => {
    const path = join(PROJECT, source);
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
  });
  return Math.max(...files.map(madeMs));
}

function madeMs(path: string): number {
  return statSync(path).mtimeMs;
}
