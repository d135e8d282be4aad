/**
 * The whole test suite, as `npm test` runs it. Tests named `*.debian.test.ts` hold this program against the real one and
 * need Debian's packages; tests named `*.lab.test.ts` build hosts of namespaces and need root as well. What is missing
 * is installed where that is possible. On CI a missing part is a failure; elsewhere it is said and left out.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** A program of each package, by which it is known to be there. */
const PACKAGES: Readonly<Record<string, string>> = {
  corosync: '/usr/sbin/corosync',
  'corosync-qnetd': '/usr/bin/corosync-qnetd',
  'corosync-qdevice': '/usr/sbin/corosync-qdevice',
  'libnss3-tools': '/usr/bin/pk12util',
  bsdutils: '/usr/bin/script',
  'man-db': '/usr/bin/man',
  openssl: '/usr/bin/openssl',
  iproute2: '/usr/sbin/ip',
  'util-linux': '/usr/bin/unshare',
  strace: '/usr/bin/strace',
  procps: '/usr/bin/ps',
  python3: '/usr/bin/python3',
  systemd: '/usr/bin/systemd-analyze',
  'openssh-server': '/usr/sbin/sshd',
  'openssh-client': '/usr/bin/ssh',
  sudo: '/usr/bin/sudo',
  debootstrap: '/usr/sbin/debootstrap',
};

const isRoot = process.getuid?.() === 0;
const onCi = process.env['CI'] === 'true';

const missing = () => Object.keys(PACKAGES).filter((name) => !existsSync(PACKAGES[name] ?? ''));

function installMissing(): void {
  const names = missing();
  if (names.length === 0 || !isRoot || !existsSync('/usr/bin/apt-get')) return;
  console.log(`installing ${names.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...names]]) {
    spawnSync('apt-get', ['-q', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env });
  }
}

/** What decides has to be tested whole; the rest of it are assertions that cannot fail. */
const COVERED = ['protocol', 'arbiter', 'member', 'status', 'setup/conf', 'setup/rules'].map(
  (name) => `src/${name}/**`,
);
const COVERAGE = [
  ...COVERED.flatMap((folder) => ['--include', folder]),
  '--check-coverage',
  '--lines=99',
  '--functions=100',
  '--branches=90',
];

/** A file that takes this long hangs: it fails by name, and the others still run. The longest goes on for five minutes. */
const FILE_MS_MAX = 10 * 60_000;

function options(files: readonly string[], concurrency: number): readonly string[] {
  const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${FILE_MS_MAX}`];
  return ['--import', 'tsx', '--test', ...limits, '--test-reporter=spec', ...files];
}

function runTests(label: string, files: readonly string[], covered = false): boolean {
  console.log(`\n${label}: ${files.length} files`);
  const startedMs = Date.now();
  const { status } = covered
    ? spawnSync('c8', [...COVERAGE, process.execPath, ...options(files, 2)], { stdio: 'inherit' })
    : spawnSync(process.execPath, options(files, 2), { stdio: 'inherit' });
  return finished(label, status, startedMs);
}

interface Lane {
  readonly label: string;
  readonly files: readonly string[];
  /** Computes a lot: gets what the other lanes leave. */
  readonly yields?: true;
  /** How many files run at a time, if not one. */
  readonly concurrency?: number;
  /** Printed as it goes; of the other lanes all is printed when they are through. */
  readonly isLive?: true;
}

/** Lanes run side by side; the files of most take turns. Labs build hosts of their own, so that two of them do not meet. */
async function runLane({ label, files, yields, concurrency, isLive }: Lane): Promise<boolean> {
  const headline = `\n${label}: ${files.length} files`;
  if (isLive) console.log(headline);
  const startedMs = Date.now();
  const child = spawn(process.execPath, options(files, concurrency ?? 1), {
    stdio: ['ignore', isLive ? 'inherit' : 'pipe', 'inherit'],
  });
  if (yields && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const output: Buffer[] = [];
  child.stdout?.on('data', (bytes: Buffer) => output.push(bytes));
  await once(child, 'close');
  if (!isLive) {
    console.log(headline);
    process.stdout.write(Buffer.concat(output));
  }
  return finished(label, child.exitCode, startedMs);
}

function finished(label: string, status: number | null, startedMs: number): boolean {
  console.log(`${label}: ${status === 0 ? 'passed' : 'FAILED'} after ${Math.round((Date.now() - startedMs) / 1000)} s`);
  return status === 0;
}

function leaveOut(label: string, reason: string): boolean {
  console.log(`\n${label}: not run, ${reason}`);
  return !onCi;
}

installMissing();
const absent = missing();
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
  .map((file) => `test/${file}`)
  .sort();
const ofKind = (kind: string) => files.filter((file) => file.endsWith(`.${kind}.test.ts`));
const plain = files.filter((file) => !/\.(debian|lab)\.test\.ts$/.test(file));
const isPure = (file: string) =>
  /^test\/(protocol|arbiter|member|status|scenarios|setup\/conf|setup\/rules)\//.test(file);
const isEvidence = (file: string) => /^test\/(sim|search|mutate|compare|fuzz|soak|attack)\//.test(file);
/** What goes on for a set time, however much of a core it gets. */
const isTimed = (file: string) => /^test\/(search|soak)\//.test(file);
/** Labs that wait for SSH, packages and services; the others time real clusters. */
const isOfSetup = (file: string) => file.startsWith('test/setup/');
const isOfHosts = (file: string) => isOfSetup(file) || /^test\/(packages|contract)\//.test(file);
const complete = absent.length === 0;

const lacking = `these Debian packages are missing: ${absent.join(' ')}`;
const debian: Lane = { label: 'debian', files: ofKind('debian').filter((file) => !isEvidence(file)) };
const labs: readonly Lane[] = [
  { label: 'lab', files: ofKind('lab').filter((file) => !isOfHosts(file)), isLive: true },
  { label: 'setup', files: ofKind('lab').filter(isOfSetup) },
  { label: 'packages', files: ofKind('lab').filter((file) => isOfHosts(file) && !isOfSetup(file)) },
];
const evidence = [...plain, ...(complete ? ofKind('debian') : [])].filter(isEvidence);
const results = [
  runTests('pure', plain.filter(isPure), true),
  runTests(
    'unit',
    plain.filter((file) => !isPure(file) && !isEvidence(file)),
  ),
  ...(await Promise.all([
    runLane({ label: 'evidence', files: evidence.filter((file) => !isTimed(file)), yields: true }),
    runLane({ label: 'search and soak', files: evidence.filter(isTimed), yields: true, concurrency: 2 }),
    complete ? runLane(debian) : leaveOut('debian', lacking),
    ...(complete && isRoot
      ? labs.map(runLane)
      : [leaveOut('lab', isRoot ? lacking : 'it needs root to make its hosts')]),
  ])),
];
process.exit(results.every(Boolean) ? 0 : 1);
