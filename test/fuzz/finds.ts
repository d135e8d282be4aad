/** Inputs that a target failed on, kept as hexadecimal text: they are played again by every test run, for good. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIRECTORY = fileURLToPath(new URL('../fixtures/fuzz', import.meta.url));
const BYTES_PER_LINE = 40;

/** By file name. */
export function findsOf(target: string): Map<string, Uint8Array> {
  if (!existsSync(DIRECTORY)) return new Map();
  const names = readdirSync(DIRECTORY).filter((name) => name.startsWith(`${target}-`) && isHash(name, target));
  return new Map(names.map((name) => [name, readFind(join(DIRECTORY, name))]));
}

/** The same input is one file. */
export function writeFind(target: string, input: Uint8Array, problem: string): string {
  mkdirSync(DIRECTORY, { recursive: true });
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 8);
  const path = join(DIRECTORY, `${target}-${hash}.hex`);
  const hex =
    Buffer.from(input)
      .toString('hex')
      .match(new RegExp(`.{1,${2 * BYTES_PER_LINE}}`, 'g')) ?? [];
  writeFileSync(path, [`# ${problem.split('\n')[0]?.slice(0, 100)}`, ...hex, ''].join('\n'));
  return path;
}

/** Names of targets may begin alike. */
function isHash(name: string, target: string): boolean {
  return /^[0-9a-f]{8}\.hex$/.test(name.slice(target.length + 1));
}

function readFind(path: string): Uint8Array {
  return Uint8Array.from(Buffer.from(readFileSync(path, 'utf8').replace(/#.*|\s/g, ''), 'hex'));
}
