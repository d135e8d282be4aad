/**
 * Puts each defect of the list into a scratch copy and runs the suites on it:
 * `npm run mutate -- [--only TEXT] [--first] [--list]`. Prints which suite catches which defect; exit 1 if one survives,
 * or if a suite fails on the copy as it is. `--first` stops at the first suite that catches a defect.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    first: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

const ROOT = resolve(import.meta.dirname, '../..');
/** Long enough for a machine that is busy otherwise. */
const SUITE_MS_MAX = 600_000;

const testsIn = (folder: string): string[] =>
  readdirSync(join(ROOT, 'test', folder), { encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !/\.(debian|lab)\.test\.ts$/.test(name))
    .map((name) => `test/${folder}/${name}`);

interface Suite {
  readonly name: string;
  readonly files: readonly string[];
}

const pure = [...testsIn('arbiter'), ...testsIn('arbiter/safety'), ...testsIn('member')];
/** These draw schedules and take longer than all the others. */
const drawsSchedules = (file: string): boolean => file.endsWith('/one-vote.test.ts');

/** The quickest first. */
const SUITES: readonly Suite[] = [
  { name: 'scenarios', files: testsIn('scenarios') },
  { name: 'pure', files: pure.filter((file) => !drawsSchedules(file)) },
  { name: 'schedules', files: pure.filter(drawsSchedules) },
  { name: 'search', files: testsIn('search') },
  { name: 'simulation', files: testsIn('sim') },
];

function copyOfProject(): string {
  const directory = mkdtempSync(join(tmpdir(), 'qdevice-mutate-'));
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}

/** A suite that hangs has noticed as well, and it is said that it was so. */
function outcomeOf({ files }: Suite, directory: string): 'passes' | 'fails' | 'hangs' {
  const options = ['--import', 'tsx', '--test', '--test-concurrency=2', `--test-timeout=${SUITE_MS_MAX}`];
  const { status } = spawnSync(process.execPath, [...options, ...files], {
    cwd: directory,
    // On CI the search takes its time; here it is asked dozens of times.
    env: { ...process.env, CI: '' },
    stdio: 'ignore',
    timeout: SUITE_MS_MAX,
  });
  if (status === null) return 'hangs';
  return status === 0 ? 'passes' : 'fails';
}

function mutated(text: string, { name, file, search, replacement }: Mutation): string {
  const count = text.split(search).length - 1;
  if (count === 1) return text.replace(search, () => replacement);
  throw new Error(`"${name}": the text to replace is ${count} times in ${file}: ${search}`);
}

function caughtBy(mutation: Mutation, directory: string): string[] {
  const path = join(directory, mutation.file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(original, mutation));
  const caught: string[] = [];
  try {
    for (const suite of SUITES) {
      const outcome = outcomeOf(suite, directory);
      if (outcome !== 'passes') caught.push(outcome === 'hangs' ? `${suite.name} (hangs)` : suite.name);
      if (values.first && caught.length > 0) break;
    }
  } finally {
    writeFileSync(path, original);
  }
  return caught;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const chosen = MUTATIONS.filter(({ name }) => name.includes(values.only));
if (chosen.length === 0) throw new Error(`no defect of the list has "${values.only}" in its name`);
for (const mutation of MUTATIONS) mutated(readFileSync(join(ROOT, mutation.file), 'utf8'), mutation);
if (values.list) {
  for (const { name, file } of chosen) say(`${name} (${file})`);
} else {
  const directory = copyOfProject();
  try {
    const failing = SUITES.filter((suite) => outcomeOf(suite, directory) !== 'passes').map(({ name }) => name);
    if (failing.length > 0) throw new Error(`fails without any defect: ${failing.join(', ')}`);
    let survivors = 0;
    for (const mutation of chosen) {
      const caught = caughtBy(mutation, directory);
      if (caught.length === 0) survivors += 1;
      say(
        `${caught.length === 0 ? 'SURVIVES' : 'caught  '}  ${mutation.name}: ${caught.join(', ') || 'nobody noticed'}`,
      );
    }
    say(`${chosen.length - survivors} of ${chosen.length} caught`);
    process.exitCode = survivors === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
