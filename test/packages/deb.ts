/** The package under test, built from the compiled code as `npm run package` does. The same code gives the same bytes. */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../lab/processes.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const PACK_MS_MAX = 120_000;

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

async function build(): Promise<PackageFiles> {
  const out = join(PROJECT, 'var/package');
  mkdirSync(out, { recursive: true });
  const argv = [process.execPath, '--import', 'tsx', join(PROJECT, 'src/packaging/main.ts'), '--out', out];
  const debs = (await run(argv, '', PACK_MS_MAX)).split('\n').filter((path) => path.endsWith('.deb'));
  const main = debs.find((path) => basename(path).startsWith('qdevice_'));
  if (main === undefined) throw new Error(`${argv.join(' ')} has built no package`);
  return { main, names: debs.filter((path) => path !== main) };
}
