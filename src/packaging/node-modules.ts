/**
 * The libraries that the programs need at run time, exactly as the lockfile pins them, for every kind of machine that
 * the package is for. npm checks each against the digest in the lockfile.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';
import { type Entry, filesBelow } from './tree.ts';

/** What npm calls the kinds of machine. */
const CPUS = ['x64', 'arm64'] as const;

/** What is there for those who build or read the libraries. Licences stay. */
const LEFT_OUT: readonly RegExp[] = [
  /(^|\/)\./,
  /(^|\/)(test|tests|docs|doc|benchmarks|examples?|coverage|vendor|__tests__)\//,
  /\.(md|markdown|map|tsbuildinfo|ts|mts|cts|cc|cpp|c|hh|h|S|asm|inc|def|yml|yaml|sh|swf|zip|png|flow)$/,
  /(^|\/)(bench|test|gulpfile|eslint\.config|rollup\.config)[^/]*\.(js|cjs|mjs)$/,
  /(^|\/)(tsconfig[^/]*|package-lock|tslint|jsr|deno)\.json$/,
  /^node-forge\/(dist|flash)\//,
  /^koffi\/(lib|cnoke\.cjs)/,
  /^\.package-lock\.json$/,
];
/** Native code that is for another C library, or for another kind of machine. */
const MUSL = /^@koromix\/[^/]+\/musl_/;
const OF_MACHINE = /^@koromix\/koffi-linux-([^/]+)\//;

/** What npm put there for each project, in this run. */
const installed = new Map<string, Promise<Entry[]>>();

/**
 * Entries below `at`/node_modules. `project` is where package.json and its lockfile are; `kind`: for every host, for those
 * with glibc, or for those with glibc of one kind of machine, by npm's name for it.
 */
export async function productionModules(project: string, at: string, kind: string): Promise<Entry[]> {
  const all = installed.get(project) ?? installProduction(project);
  installed.set(project, all);
  return (await all)
    .filter(({ path }) => kind === 'every' || !MUSL.test(path))
    .filter(({ path }) => ['every', 'glibc', OF_MACHINE.exec(path)?.[1] ?? kind].includes(kind))
    .map((entry) => ({ ...entry, path: join(at, 'node_modules', entry.path) }));
}

async function installProduction(project: string): Promise<Entry[]> {
  const byPath = new Map<string, Entry>();
  for (const entries of await Promise.all(CPUS.map((cpu) => modulesFor(project, cpu)))) {
    for (const entry of entries) byPath.set(entry.path, entry);
  }
  return [...byPath.values()];
}

async function modulesFor(project: string, cpu: string): Promise<Entry[]> {
  const directory = await mkdtemp(join(tmpdir(), `qdevice-${cpu}-`));
  try {
    for (const name of ['package.json', 'package-lock.json'])
      await copyFile(join(project, name), join(directory, name));
    const wanted = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    await run('npm', [...wanted, '--os=linux', `--cpu=${cpu}`, '--libc=glibc'], { cwd: directory });
    return await filesBelow(join(directory, 'node_modules'), '', (path) => !path.includes('.bin/') && !isLeftOut(path));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function isLeftOut(path: string): boolean {
  return LEFT_OUT.some((pattern) => pattern.test(path));
}
