/**
 * How long it takes to read what pk12util writes: `npm run bench:pkcs12`. Files of each kind that it makes, read by our
 * reader five times, by the clock and by the CPU time of the whole process; and taken in once by the command that setup
 * tools call, with start and database beside the files.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPkcs12 } from '../../src/certs/pkcs12.ts';

const TIMES = 5;
const old = (cipher: string) => `PKCS #12 V2 PBE With SHA-1 And ${cipher}`;
const [RC2_40, RC2_128, RC4_128] = [old('40 Bit RC2 CBC'), old('128 Bit RC2 CBC'), old('128 Bit RC4')] as const;
/** Ciphers of key and certificates, as pk12util calls them; left out: what this version of it takes by itself. */
const KINDS: readonly (readonly [name: string, pairs: number, ciphers: readonly string[]])[] = [
  ['as it comes (PBES2, 600,000 rounds)', 1, []],
  ['two pairs', 2, []],
  ['AES-256 for both', 1, ['-c', 'AES-256-CBC', '-C', 'AES-256-CBC']],
  ['certificates in the clear', 1, ['-C', 'none']],
  ['old: triple DES, RC2-40 for certificates', 1, ['-c', 'DES-EDE3-CBC', '-C', 'RC2-CBC']],
  ['old: RC2-40 for both', 1, ['-c', RC2_40, '-C', RC2_40]],
  ['old: RC2-128 for both', 1, ['-c', RC2_128, '-C', RC2_128]],
  ['old: RC4-128 for both', 1, ['-c', RC4_128, '-C', RC4_128]],
  ['old: RC2-128 for both, two pairs', 2, ['-c', RC2_128, '-C', RC2_128]],
];

const scratch = mkdtempSync(join(tmpdir(), 'qdevice-bench-pkcs12-'));
const database = join(scratch, 'nssdb');
const answering = (input: string, program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { input, stdio: ['pipe', 'pipe', 'pipe'] });
const run = (program: string, ...args: readonly string[]) => answering('', program, ...args);

function pair(serial: number): void {
  const common = ['-d', database, '-f', join(scratch, 'password'), '-z', join(scratch, 'noise')];
  run(
    'certutil',
    '-S',
    ...common,
    '-n',
    'Cluster Cert',
    '-s',
    'CN=lab',
    '-c',
    'QNet CA',
    '-t',
    ',,',
    '-m',
    `${serial}`,
  );
}

function milliseconds(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

try {
  mkdirSync(database);
  writeFileSync(join(scratch, 'password'), '');
  writeFileSync(join(scratch, 'noise'), 'not secret, of a benchmark');
  run('certutil', '-N', '-d', database, '-f', join(scratch, 'password'));
  const common = ['-d', database, '-f', join(scratch, 'password'), '-z', join(scratch, 'noise'), '-2'];
  const authority = ['-S', ...common, '-n', 'QNet CA', '-s', 'CN=QNet CA', '-x', '-t', 'CT,,', '-m', '101'];
  answering('y\n0\ny\n', 'certutil', ...authority);
  console.log(`${'file'.padEnd(44)}${['read', 'at worst', 'CPU', '-m'].map((head) => head.padStart(10)).join('')}`);
  let pairs = 0;
  for (const [name, wanted, ciphers] of KINDS.toSorted((a, b) => a[1] - b[1])) {
    while (pairs < wanted) pair(102 + pairs++);
    const file = join(scratch, 'cluster.p12');
    rmSync(file, { force: true });
    run(
      'pk12util',
      '-o',
      file,
      '-d',
      database,
      '-n',
      'Cluster Cert',
      '-k',
      join(scratch, 'password'),
      '-W',
      '',
      ...ciphers,
    );
    const bytes = readFileSync(file);
    const times: number[] = [];
    const cpuBefore = process.cpuUsage();
    for (let time = 0; time < TIMES; time += 1) {
      const startedMs = performance.now();
      const { keys } = await readPkcs12(bytes);
      times.push(performance.now() - startedMs);
      if (keys.length < wanted) throw new Error(`${name}: ${keys.length} keys`);
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    const node = join(scratch, 'node');
    rmSync(node, { recursive: true, force: true });
    const program = fileURLToPath(new URL('../../dist/cli/bin/corosync-qdevice-net-certutil.js', import.meta.url));
    const command = (...args: readonly string[]) => run(process.execPath, program, '--state', node, ...args);
    writeFileSync(join(scratch, 'ca.pem'), run('certutil', '-d', database, '-L', '-n', 'QNet CA', '-a'));
    command('-i', '-c', join(scratch, 'ca.pem'));
    const commandMs = milliseconds(() => command('-m', '-c', file));
    const cpuMs = (user + system) / 1_000 / TIMES;
    const cells = [times.toSorted((a, b) => a - b)[TIMES >> 1] ?? 0, Math.max(...times), cpuMs, commandMs];
    console.log(`${name.padEnd(44)}${cells.map((ms) => `${Math.round(ms)} ms`.padStart(10)).join('')}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
