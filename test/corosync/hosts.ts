/**
 * One to a few hosts on this machine, each with a real corosync: a network, mount, UTS and PID namespace with private
 * directories, all on a bridge in a namespace of its own. Nothing is created in the machine's own network stack.
 *
 * The first process of a host reads a pipe of this one: when this process ends, however it ends, the kernel ends
 * everything in the host. Networks left by a process that was killed are removed by the next one.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const PREFIX = 'qdc';
const NETWORKS = '/run/netns';
const PRIVATE_DIRECTORIES = ['/etc/corosync', '/var/lib/corosync', '/run', '/dev/shm'];
const COMMAND_MS_MAX = 30_000;
let groupsMade = 0;

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HostsOptions {
  readonly count: number;
  /** Lines for the section quorum.device; none: no device configured. */
  readonly device?: Readonly<Record<string, string | number>>;
  /** Lines for quorum.device.net. */
  readonly net?: Readonly<Record<string, string | number>>;
  /** Lines for quorum.device.heuristics. */
  readonly heuristics?: Readonly<Record<string, string | number>>;
  readonly quorum?: Readonly<Record<string, string | number>>;
  readonly tokenMs?: number;
}

export class Hosts {
  readonly all: readonly Host[];
  readonly #name: string;
  readonly #directory: string;

  private constructor(name: string, directory: string, all: readonly Host[]) {
    this.#name = name;
    this.#directory = directory;
    this.all = all;
  }

  static async create(options: HostsOptions): Promise<Hosts> {
    await sweep();
    groupsMade += 1;
    const name = `${PREFIX}-${process.pid}-${startTick(process.pid)}-${groupsMade}`;
    const directory = mkdtempSync(join(tmpdir(), `${name}-`));
    await run(['ip', 'netns', 'add', `${name}-br`]);
    await run(['ip', '-n', `${name}-br`, '-batch', '-'], 'link add br0 type bridge\nlink set br0 up\n');
    const all: Host[] = [];
    for (let nodeId = 1; nodeId <= options.count; nodeId += 1) all.push(await Host.create(name, directory, nodeId));
    const hosts = new Hosts(name, directory, all);
    hosts.configure(options, 1);
    return hosts;
  }

  /** Writes the configuration of all hosts; corosync reads it when it starts or is told to. */
  configure(options: HostsOptions, version: number): void {
    for (const host of this.all) {
      host.write('/etc/corosync/corosync.conf', configuration(options, version, host.logFile));
    }
  }

  host(nodeId: number): Host {
    const host = this.all.find((candidate) => candidate.nodeId === nodeId);
    if (host === undefined) throw new Error(`no host ${nodeId}`);
    return host;
  }

  async split(one: number, other: number): Promise<void> {
    await this.#route('add', one, other);
  }

  async heal(one: number, other: number): Promise<void> {
    await this.#route('del', one, other);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((host) => host.close()));
    for (const { network } of this.all) await deleteNetwork(network);
    await deleteNetwork(`${this.#name}-br`);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #route(what: 'add' | 'del', one: number, other: number): Promise<void> {
    const pairs = [[this.host(one), this.host(other)] as const, [this.host(other), this.host(one)] as const];
    const routes = pairs.map(([from, to]) =>
      run(['ip', '-n', from.network, 'route', what, 'blackhole', `${to.address}/32`]),
    );
    await Promise.all(routes);
  }
}

export class Host {
  readonly nodeId: number;
  readonly network: string;
  readonly address: string;
  readonly logFile = '/run/corosync.log';
  readonly enter: readonly string[];
  readonly #directory: string;
  readonly #holder: ChildProcess;
  #corosync: { pid: number; wrapper: ChildProcess; ended: Promise<unknown> } | undefined;

  private constructor(nodeId: number, network: string, directory: string, holder: ChildProcess, firstPid: number) {
    this.nodeId = nodeId;
    this.network = network;
    this.address = addressOf(nodeId);
    this.#directory = directory;
    this.#holder = holder;
    this.enter = ['nsenter', '-t', String(firstPid), '-n', '-m', '-u', '-p'];
  }

  static async create(group: string, directory: string, nodeId: number): Promise<Host> {
    const network = `${group}-n${nodeId}`;
    const own = join(directory, `n${nodeId}`);
    for (const path of [...PRIVATE_DIRECTORIES, '/run/lock', '/run/corosync', '/etc/corosync/uidgid.d']) {
      mkdirSync(join(own, path), { recursive: true });
    }
    await run(['ip', 'netns', 'add', network]);
    const cable = `link add p${nodeId} type veth peer name eth0 netns ${network}\nlink set p${nodeId} master br0 up\n`;
    await run(['ip', '-n', `${group}-br`, '-batch', '-'], cable);
    const address = `addr add ${addressOf(nodeId)}/24 dev eth0\n`;
    await run(['ip', '-n', network, '-batch', '-'], `link set lo up\n${address}link set eth0 up\n`);
    const binds = PRIVATE_DIRECTORIES.map((path) => `mount --bind '${join(own, path)}' '${path}'`);
    const script = ['set -e', `hostname n${nodeId}`, ...binds, 'echo open', 'exec cat'].join('\n');
    const unshare = ['unshare', '-m', '-u', '-p', '-f', '--mount-proc', '--propagation', 'private', 'sh', '-c', script];
    const holder = spawn('nsenter', [`--net=${NETWORKS}/${network}`, ...unshare], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return new Host(nodeId, network, own, holder, await onlyChild(holder));
  }

  write(path: string, content: string): void {
    writeFileSync(join(this.#directory, path), content);
  }

  read(path: string): string {
    return readFileSync(join(this.#directory, path), 'utf8');
  }

  tryExec(...argv: string[]): Promise<CommandResult> {
    return tryRun([...this.enter, ...argv]);
  }

  freezeCorosync(): void {
    process.kill(this.#running.pid, 'SIGSTOP');
  }

  /** nsenter stops itself when it sees its child stopped, so both have to be woken. */
  thawCorosync(): void {
    const { pid, wrapper } = this.#running;
    process.kill(pid, 'SIGCONT');
    wrapper.kill('SIGCONT');
  }

  /** Resolves when quorumtool gets an answer, which is after the first synchronisation. */
  async startCorosync(): Promise<void> {
    const wrapper = spawn('nsenter', [...this.enter.slice(1), 'corosync', '-f'], { stdio: 'ignore' });
    const ended = once(wrapper, 'exit');
    this.#corosync = { pid: await onlyChild(wrapper), wrapper, ended };
    for (let tries = 0; tries < 200; tries += 1) {
      if (wrapper.exitCode !== null) throw new Error(`corosync ended\n${this.read(this.logFile)}`);
      const { stdout } = await this.tryExec('corosync-quorumtool', '-s');
      if (stdout.includes('Flags:')) return;
      await pause(50);
    }
    throw new Error(`corosync gives no answer\n${this.read(this.logFile)}`);
  }

  async stopCorosync(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const running = this.#corosync;
    if (running === undefined) return;
    this.#corosync = undefined;
    process.kill(running.pid, signal);
    running.wrapper.kill('SIGCONT'); // one that froze still has to report the end
    await running.ended;
  }

  async quorumtool(): Promise<string> {
    return (await this.tryExec('corosync-quorumtool', '-s')).stdout;
  }

  get #running() {
    if (this.#corosync === undefined) throw new Error(`corosync does not run on n${this.nodeId}`);
    return this.#corosync;
  }

  async close(): Promise<void> {
    await this.stopCorosync('SIGKILL');
    const ended = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await ended;
  }
}

export function addressOf(nodeId: number): string {
  return `10.77.0.${nodeId}`;
}

export function tryRun(argv: readonly string[], input = ''): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const options = { timeout: COMMAND_MS_MAX, killSignal: 'SIGKILL' as const };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ exitCode: 0, stdout, stderr });
      if (typeof error.code === 'number') return resolve({ exitCode: error.code, stdout, stderr });
      reject(new Error(`${argv.join(' ')}: ${error.message}`));
    });
    child.stdin?.on('error', () => undefined); // a command that reads nothing closes its end first
    child.stdin?.end(input);
  });
}

async function run(argv: readonly string[], input = ''): Promise<string> {
  const { exitCode, stdout, stderr } = await tryRun(argv, input);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

async function onlyChild(parent: ChildProcess): Promise<number> {
  const file = `/proc/${parent.pid}/task/${parent.pid}/children`;
  for (let tries = 0; tries < 400; tries += 1) {
    const pid = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : Number.NaN;
    if (Number.isInteger(pid)) return pid;
    await pause(5);
  }
  throw new Error(`${parent.spawnargs.join(' ')} started no child`);
}

async function deleteNetwork(network: string): Promise<void> {
  const { stdout } = await tryRun(['ip', 'netns', 'pids', network]);
  for (const line of stdout.split('\n')) {
    if (line !== '') await tryRun(['kill', '-KILL', line]);
  }
  await tryRun(['ip', 'netns', 'delete', network]);
}

/** Removes what is named after a process that is gone. */
async function sweep(): Promise<void> {
  const orphaned = (name: string): boolean => {
    const match = /^qdc-(\d+)-(\d+)-\d+-/.exec(name);
    return match !== null && startTick(Number(match[1])) !== match[2];
  };
  for (const name of existsSync(NETWORKS) ? readdirSync(NETWORKS) : []) if (orphaned(name)) await deleteNetwork(name);
  for (const name of readdirSync(tmpdir())) {
    if (orphaned(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Ids are used again; with the tick of its start an id names a process for good. */
function startTick(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function configuration(
  { count, device, net, heuristics = {}, quorum, tokenMs = 1000 }: HostsOptions,
  version: number,
  log: string,
): string {
  const nodes: string[] = [];
  for (let nodeId = 1; nodeId <= count; nodeId += 1) {
    nodes.push(section('node', { name: `n${nodeId}`, nodeid: nodeId, quorum_votes: 1, ring0_addr: addressOf(nodeId) }));
  }
  const totem = { version: 2, cluster_name: 'qdc', config_version: version, transport: 'knet', token: tokenMs };
  const nets = net === undefined ? [] : [section('net', net)];
  if (Object.keys(heuristics).length > 0) nets.push(section('heuristics', heuristics));
  const devices = device === undefined ? [] : [section('device', { model: 'net', votes: 1, ...device }, nets)];
  return [
    section('totem', { ...totem, crypto_cipher: 'none', crypto_hash: 'none' }),
    section('nodelist', {}, nodes),
    section('quorum', { provider: 'corosync_votequorum', ...quorum }, devices),
    section('system', { allow_knet_handle_fallback: 'yes', sched_rr: 'no' }),
    section('logging', { to_syslog: 'no', to_stderr: 'no', to_logfile: 'yes', logfile: log, timestamp: 'hires' }),
  ].join('');
}

function section(name: string, keys: Readonly<Record<string, string | number>>, inner: readonly string[] = []): string {
  const lines = Object.entries(keys).map(([key, value]) => `${key}: ${value}\n`);
  return `${name} {\n${lines.join('')}${inner.join('')}}\n`;
}
