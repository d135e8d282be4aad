/** Manual and completion against the programs that they are about, and against the viewer and the shell that read them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { declaredBy } from '../../src/cli/manual/recorder.ts';
import { QDEVICE_SETTINGS } from '../../src/cli/qdevice-settings.ts';
import { bashCompletion } from '../../src/packaging/manual/completion.ts';
import { PROGRAMS, pages, TABLES } from '../../src/packaging/manual/pages.ts';
import { roff } from '../../src/packaging/manual/roff.ts';
import * as described from '../../src/packaging/manual/settings.ts';
import { QNETD_SETTINGS } from '../../src/runtime/advanced-settings.ts';
import { PROJECT } from './build.ts';

const scratch = mkdtempSync(join(tmpdir(), 'manual-'));
after(() => rmSync(scratch, { recursive: true }));

function help(program: string, args: readonly string[]): string {
  const argv = ['--import', 'tsx', join(PROJECT, `src/cli/bin/${program}.ts`), ...args];
  return spawnSync(process.execPath, argv, { encoding: 'utf8', cwd: PROJECT }).stdout.replaceAll(/\s+/g, ' ');
}

function shown(name: string): string {
  const page = pages().find((one) => one.name === name);
  assert.ok(page !== undefined, name);
  const file = join(scratch, `${name}.${page.section}`);
  writeFileSync(file, roff(page, { version: '1.2.3', dateS: 1_700_000_000 }));
  const env = { ...process.env, MANWIDTH: '1000', LC_ALL: 'C', MANROFFOPT: '-rHY=0' };
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], { encoding: 'utf8', env });
  assert.equal(stderr, '', name);
  assert.equal(status, 0, name);
  return stdout.replaceAll(/\s+/g, ' ');
}

test('every program has a page, and the viewer has nothing to complain about', () => {
  assert.deepEqual(
    pages()
      .map(({ name, section }) => `${name}.${section}`)
      .sort(),
    [...TABLES.map(({ name }) => `${name}.8`), 'qdevice.1', 'qnetd.1'].sort(),
  );
  for (const { name, summary } of pages()) assert.ok(shown(name).includes(`${name} - ${summary}`), name);
});

test('what a switch is for reads the same in usage and manual', () => {
  for (const program of ['corosync-qnetd-certutil', 'corosync-qdevice-net-certutil']) {
    const table = TABLES.find(({ name }) => name === program);
    const [usage, page] = [help(program, ['-h']), shown(program)];
    for (const { letter, describe } of table?.switches ?? []) {
      assert.ok(usage.includes(`-${letter}`) && usage.includes(describe), `${letter} in the usage of ${program}`);
      assert.ok(page.includes(`-${letter}`) && page.includes(describe), `${letter} in the manual of ${program}`);
    }
  }
});

test('what a command says of itself reads the same in --help and manual', () => {
  for (const [name, { commands }] of Object.entries(PROGRAMS)) {
    const page = shown(name);
    const [first] = commands;
    const overview = help(name, ['--help']);
    const own = help(name, [first?.usage ?? '', '--help']);
    for (const { usage, describe } of commands) {
      assert.ok(overview.includes(`${name} ${usage} ${describe}`), `${usage} in the help of ${name}`);
      assert.ok(page.includes(`${usage}: ${describe}`), `${usage} in the manual of ${name}`);
    }
    for (const { names, describe } of first?.options ?? []) {
      assert.ok(own.includes(`${names.join(', ')} ${describe}`), `${names.join()} in the help`);
      assert.ok(page.includes(describe), `${names.join()} in the manual`);
    }
  }
});

test('every advanced setting is described, and no other', () => {
  const names = (rows: readonly { readonly term: string }[]) => rows.map(({ term }) => term).sort();
  assert.deepEqual(names(described.QNETD_SETTINGS), Object.keys(QNETD_SETTINGS).sort());
  assert.deepEqual(names(described.QDEVICE_SETTINGS), Object.keys(QDEVICE_SETTINGS).sort());
});

test('bash completes commands, options, choices and switches', () => {
  const file = join(scratch, 'completion');
  writeFileSync(file, bashCompletion(PROGRAMS, TABLES));
  const complete = (...words: string[]) => {
    const [before = '', word = ''] = words.slice(-2);
    const list = words.map((one) => `'${one}'`).join(' ');
    const name = `_${words[0]?.replaceAll('-', '_')}`;
    const script = `. '${file}'; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; ${name} '${words[0]}' '${word}' '${before}'; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { status, stdout, stderr } = spawnSync('bash', ['-euc', script], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim().split('\n');
  };
  assert.deepEqual(complete('qdevice', 'se'), ['setup']);
  assert.deepEqual(complete('qdevice', 'setup', '192.0.2.9', '--al'), ['--algorithm']);
  assert.deepEqual(complete('qdevice', 'setup', '192.0.2.9', '--algorithm', 'f'), ['ffsplit']);
  assert.deepEqual(complete('qnetd', 'certs', 'ren'), ['renew']);
  assert.deepEqual(complete('corosync-qnetd-tool', '-'), ['-H', '-h', '-l', '-s', '-v', '-c', '-p']);
});

test('what stands below the options in the help stands in the manual, and what only yargs wants is passed over', () => {
  const { commands } = declaredBy((parser) => {
    parser.command('one', 'does it', (command) =>
      command.strict().option('name', { type: 'string', describe: 'its name' }).epilogue('In two\n  lines.'),
    );
  });
  assert.deepEqual(commands[0]?.notes, ['In two lines.']);
  assert.deepEqual(
    commands[0]?.options.map(({ names }) => names),
    [['--name']],
  );
  for (const [name, { commands: all }] of Object.entries(PROGRAMS)) {
    for (const note of all.flatMap(({ notes }) => notes)) assert.ok(shown(name).includes(note), note);
  }
});
