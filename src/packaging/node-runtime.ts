/**
 * The Node.js that an archive carries along: the one that builds it. A host without apt may be anything with glibc, so it
 * has to get by with what every such system has; one that is put together from a distribution's libraries is refused
 * rather than taken along with them, because those would be ours to renew then whenever one of them has a hole.
 */
import { access, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OperatorError } from '../runtime/errors.ts';
import { run } from './run.ts';
import { type Entry, file, PROGRAM } from './tree.ts';

/** In the archive, and below the directory that it is installed to. */
export const RUNTIME = 'node';
/** glibc, and the libraries of its compiler that any system with a package manager of its own has. */
const BASE = /^(linux-vdso|ld-linux-\S+|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+))\.so\.\d+$/;
const LICENCES = ['LICENSE', 'share/doc/nodejs/LICENSE', 'share/doc/node/LICENSE'];
const WITHOUT = 'Build with the Node.js that its makers publish, or without one: npm run package -- --without-node';

export interface NodeRuntime {
  readonly entries: readonly Entry[];
  /** What its host has to have, in words. */
  readonly needs: string;
}

/** `program` is the Node.js itself, or a link to it. */
export async function nodeRuntime(program: string): Promise<NodeRuntime> {
  const path = await realpath(program);
  const others = (await librariesOf(path)).filter((name) => !BASE.test(name));
  if (others.length > 0) {
    throw new OperatorError(
      `${path} needs libraries that not every host has: ${others.toSorted().join(', ')}.`,
      WITHOUT,
    );
  }
  const content = await readFile(path);
  return {
    entries: [
      file(`${RUNTIME}/bin/node`, content, PROGRAM),
      file(`${RUNTIME}/LICENSE`, await licenceOf(dirname(dirname(path)))),
    ],
    needs: `glibc ${newestOf(content, 'GLIBC')} and a libstdc++ with GLIBCXX ${newestOf(content, 'GLIBCXX')}`,
  };
}

/** By name, those of libraries included. */
async function librariesOf(path: string): Promise<string[]> {
  const lines = (await run('ldd', [path])).trim().split('\n');
  return lines.map((line) => basename(line.trim().split(/\s/)[0] ?? ''));
}

async function licenceOf(prefix: string): Promise<Uint8Array> {
  for (const place of LICENCES) {
    const path = join(prefix, place);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return await readFile(path);
  }
  throw new OperatorError(`The licence of Node.js is not below ${prefix}, and has to go along with it.`, WITHOUT);
}

/** The newest version of a library's symbols that the program asks for. */
function newestOf(content: Buffer, library: string): string {
  const found = content.toString('latin1').matchAll(new RegExp(`\\b${library}_(\\d+(?:\\.\\d+)+)\\0`, 'g'));
  const versions = [...found].map(([, version = '']) => version.split('.').map(Number));
  const newest = versions.reduce((a, b) => (isNewer(b, a) ? b : a), [0]);
  return newest.join('.');
}

function isNewer(a: readonly number[], b: readonly number[]): boolean {
  for (const [at, part] of a.entries()) if (part !== (b[at] ?? 0)) return part > (b[at] ?? 0);
  return false;
}
