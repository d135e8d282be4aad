/** Packages built from a copy of the sources, in a directory of their own. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const SOURCES = [
  'src',
  'certs',
  'systemd',
  'LICENSE',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** Compiles and packs as `npm run package` does; returns the directory with what was built. */
export async function buildInCopy(
  environment: NodeJS.ProcessEnv = {},
): Promise<{ readonly copy: string; readonly out: string }> {
  const copy = mkdtempSync(join(tmpdir(), 'package-build-'));
  for (const name of SOURCES) cpSync(join(PROJECT, name), join(copy, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(copy, 'node_modules'));
  const out = join(copy, 'out');
  mkdirSync(out);
  const env = { ...process.env, ...environment };
  for (const args of [
    ['node_modules/.bin/tsc', '-p', 'tsconfig.build.json'],
    ['--import', 'tsx', 'src/packaging/main.ts', '--out', out],
  ]) {
    await promisify(execFile)(process.execPath, args, { cwd: copy, env });
  }
  return { copy, out };
}

export function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
