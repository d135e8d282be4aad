/** The borders between the folders of src: what the linter refuses, each tried with a file that crosses it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIOME = join(ROOT, 'node_modules/.bin/biome');
/** Of setup, what decides is pure and the rest a shell. */
const PURE = ['protocol', 'arbiter', 'member', 'status', 'setup/conf', 'setup/rules'];
const PORTS = ['certs', 'runtime', 'corosync'];
const SHELLS = ['qnetd', 'qdevice', 'demo', 'setup'];
const FOLDERS = [...PURE, ...PORTS, ...SHELLS, 'cli', 'packaging'];

/** What a folder may import from the others; a port's types may go where its interface is declared. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  arbiter: ['protocol'],
  member: ['protocol', 'status'],
  status: ['protocol', 'arbiter', 'member'],
  certs: ['arbiter', 'runtime'],
  runtime: ['status'],
  corosync: ['protocol', 'runtime'],
  qnetd: ['protocol', 'arbiter', 'status', 'certs', 'runtime'],
  qdevice: ['protocol', 'arbiter', 'member', 'status', 'certs', 'runtime', 'corosync'],
  demo: [...PURE.filter((folder) => !folder.startsWith('setup/')), ...PORTS, 'qnetd', 'qdevice'],
  setup: [...PURE, ...PORTS],
  'setup/conf': ['setup/rules'],
  'setup/rules': ['setup/conf'],
  cli: [...PURE, ...PORTS, ...SHELLS],
  packaging: ['cli', 'runtime'],
};

interface Trial {
  readonly folder: string;
  readonly line: string;
  readonly refused: boolean;
}

function trials(): Trial[] {
  const from = (name: string) => `export { x } from '${name}';`;
  return FOLDERS.flatMap((folder) => [
    ...FOLDERS.filter((other) => other !== folder).map((other) => ({
      folder,
      line: from(`./${relative(folder, other)}/x.ts`.replace('./..', '..')),
      refused: !MAY_IMPORT[folder]?.includes(other),
    })),
    { folder, line: from('node-forge'), refused: folder !== 'certs' },
    { folder, line: from('node-forge/lib/pki.js'), refused: folder !== 'certs' },
    { folder, line: from('koffi'), refused: folder !== 'corosync' },
    { folder, line: from('node:fs'), refused: PURE.includes(folder) },
    { folder, line: from('node:fs/promises'), refused: PURE.includes(folder) },
    { folder, line: "export const x = () => import('node:crypto');", refused: PURE.includes(folder) },
    { folder, line: from('node:assert'), refused: false },
    ...['Date.now()', 'performance.now()', 'setTimeout(x)', 'process.env', 'crypto.randomUUID()', 'globalThis'].map(
      (use) => ({ folder, line: `export const x = (): unknown => ${use};`, refused: PURE.includes(folder) }),
    ),
    { folder, line: 'export const x = Math.max(1, 2);', refused: false },
  ]);
}

test('an import or a global that crosses a border is refused, and nothing else is', async () => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'borders-')));
  try {
    await copyFile(join(ROOT, 'biome.json'), join(directory, 'biome.json'));
    await copyFile(join(ROOT, '.gitignore'), join(directory, '.gitignore'));
    const expected = new Map<string, Trial>();
    for (const [at, trial] of trials().entries()) {
      const path = join('src', trial.folder, `trial-${at}.ts`);
      expected.set(path, trial);
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), `${trial.line}\n`);
    }
    const refused = await refusedIn(directory);
    const wrong = [...expected].filter(([path, trial]) => refused.has(path) !== trial.refused);
    assert.deepEqual(
      wrong.map(([, trial]) => trial),
      [],
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** Paths of the files with an error of one of the two rules. */
async function refusedIn(directory: string): Promise<Set<string>> {
  const rules = ['--only=style/noRestrictedImports', '--only=style/noRestrictedGlobals'];
  const output = await new Promise<string>((resolve) => {
    const told = ['lint', ...rules, '--reporter=github', '--max-diagnostics=none', '.'];
    execFile(BIOME, told, { cwd: directory, maxBuffer: 1 << 26 }, (_error, stdout) => resolve(stdout));
  });
  return new Set(
    Array.from(output.matchAll(/^::error .*?\bfile=([^,]+)/gm), ([, path]) => relative(directory, path ?? '')),
  );
}

test('the folders are those of the table', async () => {
  const entries = await readdir(join(ROOT, 'src'), { withFileTypes: true });
  const found = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  assert.deepEqual(found.sort(), FOLDERS.filter((folder) => !folder.includes('/')).sort());
});

/** The linter can forbid a global, but not one function of it. */
test('a pure folder draws no random number', async () => {
  for (const folder of PURE) {
    const files = await readdir(join(ROOT, 'src', folder), { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.ts'))) {
      const source = await readFile(join(ROOT, 'src', folder, file), 'utf8');
      assert.doesNotMatch(
        source,
        /\bMath\s*(?:\??\.\s*|\[\s*['"`])random\b|\bMath\s*\[\s*[^'"`\s]/,
        `${folder}/${file}`,
      );
    }
  }
});
