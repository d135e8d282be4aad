/**
 * Namespaces that make one machine look like several: a bridge in a network namespace of its own, and per host a network, mount,
 * UTS and PID namespace. Nothing is created in the machine's own network stack.
 *
 * Every name carries the process that owns the lab and the tick at which that process started, so several labs live side by side
 * and a later one can tell, without a lock, which leftovers have no owner any more. The first process of a host reads a pipe of
 * its owner: when the owner dies, however it dies, the pipe closes, that process ends, and the kernel ends all others of the host.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onlyChildOf, run, tryRun } from './processes.ts';

const PREFIX = 'qdlab';
const NAMED_NAMESPACES = '/run/netns';
let labsMade = 0;

/** A name for a new lab of this process. */
export function newLabName(): string {
  labsMade += 1;
  return `${PREFIX}-${process.pid}-${startTick(process.pid)}-${labsMade}`;
}

/** Where a lab keeps the directories of its hosts. */
export function labDirectory(labName: string): string {
  return join(tmpdir(), labName);
}

/** Removes what labs left behind whose process is gone. */
export async function sweepDeadLabs(): Promise<void> {
  for (const name of entries(NAMED_NAMESPACES)) {
    if (isOrphan(name)) await deleteNetwork(name);
  }
  for (const name of entries(tmpdir())) {
    if (isOrphan(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

export async function createBridge(network: string): Promise<void> {
  await run(['ip', 'netns', 'add', network]);
  await run(['ip', '-n', network, '-batch', '-'], 'link set lo up\nlink add br0 type bridge\nlink set br0 up\n');
}

/** A host's network: one cable into the bridge, one address. `port` must be unique on the bridge. */
export async function createNetwork(network: string, bridge: string, port: string, cidr: string): Promise<void> {
  await run(['ip', 'netns', 'add', network]);
  const cable = `link add ${port} type veth peer name eth0 netns ${network}\nlink set ${port} master br0 up\n`;
  await run(['ip', '-n', bridge, '-batch', '-'], cable);
  await run(['ip', '-n', network, '-batch', '-'], `link set lo up\naddr add ${cidr} dev eth0\nlink set eth0 up\n`);
}

/** Ends, by id, whatever still runs in the network, then removes it. A network that is gone already is fine. */
export async function deleteNetwork(network: string): Promise<void> {
  const { stdout } = await tryRun(['ip', 'netns', 'pids', network]);
  for (const line of stdout.split('\n')) {
    if (line !== '') endProcess(Number(line));
  }
  const removed = await tryRun(['ip', 'netns', 'delete', network]);
  if (removed.exitCode !== 0 && entries(NAMED_NAMESPACES).includes(network)) throw new Error(removed.stderr);
}

export interface Container {
  /** Prefix of a command line that runs inside. */
  readonly enter: readonly string[];
  /** Where this machine sees its files. */
  readonly root: string;
  close(): Promise<void>;
}

/**
 * Mount, UTS and PID namespace around a network, with shared memory of its own. `bindings` lie over the machine's directories inside; directories that the
 * machine does not have cannot be covered and are an error of the caller.
 */
export function openContainer(
  network: string,
  hostName: string,
  bindings: ReadonlyMap<string, string>,
): Promise<Container> {
  const script = [`hostname ${hostName}`];
  for (const [inside, outside] of bindings) script.push(`mount --bind '${outside}' '${inside}'`);
  script.push('mount -t tmpfs -o mode=1777 shm /dev/shm'); // rings of corosync's clients: megabytes that no disk should see
  return hold(network, script);
}

export interface System {
  /** Directories, the topmost first. */
  readonly layers: readonly string[];
  /** Where it is put together; to be an empty directory of this machine. */
  readonly mountPoint: string;
  /** Directories of this machine by where they are seen inside, as a storage that hosts share. */
  readonly shared: ReadonlyMap<string, string>;
}

/** The same with a system of its own, of which nothing is this machine's; what is written goes to memory. */
export function openSystem(network: string, hostName: string, system: System): Promise<Container> {
  const { layers, mountPoint, shared } = system;
  const script = [
    `hostname ${hostName}`,
    `mount -t tmpfs -o mode=755 own '${mountPoint}'`,
    `mkdir '${mountPoint}/written' '${mountPoint}/root'`,
    ...mountSystem(layers, `${mountPoint}/written`, `${mountPoint}/root`),
    ...[...shared].map(
      ([inside, outside]) =>
        `mkdir -p '${mountPoint}/root${inside}'; mount --bind '${outside}' '${mountPoint}/root${inside}'`,
    ),
    `cd '${mountPoint}/root'`,
    'mkdir .before && pivot_root . .before && cd / && umount -l /.before && rmdir /.before',
  ];
  return hold(network, script);
}

/**
 * Lines of a shell script that make a system out of directories, the topmost first; what is changed lands in `written`. Devices
 * are those that a program without hardware needs, and /run says, as on a host with systemd, that systemd is there.
 */
export function mountSystem(layers: readonly string[], written: string, root: string): string[] {
  const options = `lowerdir=${layers.join(':')},upperdir=${written}/upper,workdir=${written}/work`;
  return [
    `mkdir -p '${written}/upper' '${written}/work'`,
    `mount -t overlay -o '${options}' overlay '${root}'`,
    `mount -t proc proc '${root}/proc'`,
    `mount -t sysfs -o ro sysfs '${root}/sys'`,
    `mount -t tmpfs -o mode=755 dev '${root}/dev'`,
    `for n in null zero full random urandom tty; do : >'${root}/dev'/$n; mount --bind /dev/$n '${root}/dev'/$n; done`,
    `mkdir '${root}/dev/pts' '${root}/dev/shm'`,
    `mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts '${root}/dev/pts'`,
    `mount -t tmpfs -o mode=1777 shm '${root}/dev/shm'`,
    `ln -s pts/ptmx '${root}/dev/ptmx'; ln -s /proc/self/fd '${root}/dev/fd'; ln -s fd/0 '${root}/dev/stdin'; ln -s fd/1 '${root}/dev/stdout'; ln -s fd/2 '${root}/dev/stderr'`,
    `mount -t tmpfs -o mode=755 run '${root}/run'`,
    `mkdir -p '${root}/run/lock' '${root}/run/lab-log'`,
  ];
}

/** Runs the script in new namespaces around a network and keeps them. */
async function hold(network: string, lines: readonly string[]): Promise<Container> {
  const script = ['set -e', ...lines, 'echo open', 'exec cat'];
  const enterNetwork = ['nsenter', `--net=${NAMED_NAMESPACES}/${network}`];
  const unshare = ['unshare', '-m', '-u', '-p', '-f', '--mount-proc', '--propagation', 'private'];
  const [program = '', ...args] = [...enterNetwork, ...unshare, 'sh', '-c', script.join('\n')];
  const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  holder.stdin.on('error', () => undefined); // the holder may be ended from outside
  await Promise.race([once(holder.stdout, 'data'), ended.then(() => failed(holder))]);
  const firstPid = await onlyChildOf(holder);
  return {
    enter: ['nsenter', '-t', String(firstPid), '-n', '-m', '-u', '-p'],
    root: `/proc/${firstPid}/root`,
    close: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}

function failed(holder: ChildProcess): never {
  throw new Error(`the first process of a host ended with ${holder.exitCode ?? holder.signalCode}`);
}

function isOrphan(name: string): boolean {
  const match = /^qdlab-(\d+)-(\d+)-\d+(-.*)?$/.exec(name);
  return match !== null && startTick(Number(match[1])) !== match[2];
}

/** Start of a process in clock ticks since boot: with the id it names a process for good, ids alone are used again. */
function startTick(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined; // no such process
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ended by itself meanwhile
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // nobody has made a named namespace yet
  }
}
