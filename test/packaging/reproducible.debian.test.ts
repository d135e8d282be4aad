/** What `npm run package` builds: the same bytes from the same sources, and nothing in it that a host does not need. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { buildInCopy, digestOf } from './build.ts';

const [first, second] = await Promise.all([buildInCopy(), buildInCopy({ TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8' })]);
const built = readdirSync(first.out).sort();
const deb = join(first.out, built.find((name) => /^qdevice_.*\.deb$/.test(name)) ?? '');

after(() => {
  for (const { copy } of [first, second]) rmSync(copy, { recursive: true });
});

function output(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('built in two places, the files are the same', () => {
  assert.deepEqual(readdirSync(second.out).sort(), built);
  for (const name of built) assert.equal(digestOf(join(first.out, name)), digestOf(join(second.out, name)), name);
});

test('what is built is a package and an archive', () => {
  assert.equal(built.filter((name) => /^qdevice_[\d.]+_all\.deb$/.test(name)).length, 1);
  assert.equal(built.filter((name) => name.endsWith(`-linux-${process.arch}.tar.gz`)).length, 1);
});

test('every file belongs to root, and nobody else may write it', () => {
  for (const line of output('dpkg-deb', ['--contents', deb]).trim().split('\n')) {
    const [mode, owner] = line.split(/\s+/);
    assert.equal(owner, 'root/root', line);
    assert.match(mode ?? '', /^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--|lrwxrwxrwx)$/, line);
  }
});

test('no path of the machine that built it is inside, and native code for Debian alone', () => {
  const tree = mkdtempSync(join(tmpdir(), 'package-tree-'));
  try {
    output('dpkg-deb', ['--raw-extract', deb, tree]);
    const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 300);
    for (const { parentPath, name } of files) {
      const content = readFileSync(join(parentPath, name), 'latin1');
      for (const place of [first.copy, second.copy]) assert.ok(!content.includes(place), join(parentPath, name));
    }
    const native = files.filter(({ name }) => name.endsWith('.node')).map(({ parentPath }) => basename(parentPath));
    assert.deepEqual(native.sort(), ['linux_arm64', 'linux_x64']);
  } finally {
    rmSync(tree, { recursive: true });
  }
});

test('systemd judges the units as they are installed: what each is exposed to', () => {
  const tree = mkdtempSync(join(tmpdir(), 'package-units-'));
  try {
    output('dpkg-deb', ['--extract', deb, tree]);
    for (const [name, most] of [
      ['corosync-qnetd', 15],
      ['corosync-qdevice', 31],
    ]) {
      const unit = join(tree, `usr/lib/systemd/system/${name}.service`);
      output('systemd-analyze', ['security', '--offline=yes', '--no-pager', `--threshold=${most}`, unit]);
    }
  } finally {
    rmSync(tree, { recursive: true });
  }
});
