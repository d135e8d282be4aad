/**
 * One host of the lab: an address, private directories, and the daemons that were started on it. File contents are exchanged
 * through the directories as this machine sees them, which stands for an operator's copying.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Container, createNetwork, deleteNetwork, openContainer, openSystem } from './namespaces.ts';
import { type CommandResult, Daemon, run, tryRun } from './processes.ts';

/** Over each of these lies a directory of the host's own: configuration, state, sockets and locks. */
const PRIVATE_DIRECTORIES = ['/etc/corosync', '/var/lib/corosync', '/run'];
/** What packages and service managers would have made in there. */
const EXPECTED_DIRECTORIES = [
  '/etc/corosync/qnetd',
  '/etc/corosync/qdevice/net',
  '/etc/corosync/uidgid.d',
  '/run/lock',
  '/run/corosync',
  '/run/corosync-qnetd',
  '/run/corosync-qdevice',
];
const LOG_DIRECTORY = '/run/lab-log';
/** A command inside must end before the one that waits for it outside gives up, else it would be left running. */
const COMMAND_SECONDS_MAX = 25;
const LOG_LINES_SHOWN = 12;

/** What a host has of its own beside what every host has. */
export interface HostExtras {
  /** Each a copy of this machine's directory, so that accounts and settings can differ. */
  readonly copied?: readonly string[];
  readonly empty?: readonly string[];
  /** Programs that take the place of this machine's: path and script. */
  readonly programs?: ReadonlyMap<string, string>;
}

export class Host {
  readonly name: string;
  readonly address: string;
  readonly network: string;
  readonly #directory: string;
  readonly #covered: readonly string[];
  readonly #container: Container;
  readonly #daemons = new Map<string, Daemon>();
  readonly #logs = new Set<string>();

  private constructor(
    name: string,
    address: string,
    network: string,
    directory: string,
    covered: readonly string[],
    container: Container,
  ) {
    this.name = name;
    this.address = address;
    this.network = network;
    this.#directory = directory;
    this.#covered = covered;
    this.#container = container;
  }

  static async create(
    labName: string,
    directory: string,
    name: string,
    address: string,
    extras: HostExtras = {},
  ): Promise<Host> {
    const network = `${labName}-${name}`;
    const own = join(directory, name);
    const { copied = [], empty = [], programs = new Map() } = extras;
    const covered = [...copied, ...empty, ...PRIVATE_DIRECTORIES];
    const bindings = new Map(covered.map((inside) => [inside, join(own, inside)]));
    for (const path of copied) {
      mkdirSync(dirname(join(own, path)), { recursive: true });
      const filter = (file: string) => !PRIVATE_DIRECTORIES.includes(file);
      cpSync(path, join(own, path), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, filter });
    }
    for (const path of empty) mkdirSync(join(own, path), { recursive: true, mode: 0o755 });
    for (const [path, script] of programs) {
      const file = join(own, 'programs', path.replaceAll('/', '_'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, script, { mode: 0o755 });
      bindings.set(path, file);
    }
    for (const path of [...PRIVATE_DIRECTORIES, ...EXPECTED_DIRECTORIES, LOG_DIRECTORY]) {
      mkdirSync(join(own, path), { recursive: true, mode: 0o755 });
    }
    await createNetwork(network, `${labName}-bridge`, `p${address.split('.').at(-1)}`, `${address}/24`);
    return new Host(name, address, network, own, covered, await openContainer(network, name, bindings));
  }

  /** A host with a system of its own, made of `layers`, where everything is private and nothing but that was installed. */
  static async withSystem(
    labName: string,
    directory: string,
    name: string,
    address: string,
    layers: readonly string[],
    shared: ReadonlyMap<string, string> = new Map(),
  ): Promise<Host> {
    const network = `${labName}-${name}`;
    const mountPoint = join(directory, name);
    mkdirSync(mountPoint, { recursive: true });
    await createNetwork(network, `${labName}-bridge`, `p${address.split('.').at(-1)}`, `${address}/24`);
    const container = await openSystem(network, name, { layers, mountPoint, shared });
    return new Host(name, address, network, container.root, [''], container);
  }

  /** Prefix of a command line that runs on this host. */
  get enter(): readonly string[] {
    return this.#container.enter;
  }

  exec(...argv: readonly string[]): Promise<string> {
    return run([...this.enter, 'timeout', '-s', 'KILL', String(COMMAND_SECONDS_MAX), ...argv]);
  }

  tryExec(...argv: readonly string[]): Promise<CommandResult> {
    return tryRun([...this.enter, 'timeout', '-s', 'KILL', String(COMMAND_SECONDS_MAX), ...argv]);
  }

  /** A file in one of the private directories. */
  read(path: string): Buffer {
    return readFileSync(this.outside(path));
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.outside(path)), { recursive: true });
    writeFileSync(this.outside(path), content, { mode: 0o600 });
  }

  /** Where this machine sees a file of one of the private directories. */
  outside(path: string): string {
    if (!this.#covered.some((directory) => path === directory || path.startsWith(`${directory}/`))) {
      throw new Error(`${path} is not private to the host`);
    }
    return join(this.#directory, path);
  }

  /** Path of a log as the host's own programs see it. */
  logPath(name: string): string {
    this.#logs.add(name);
    return `${LOG_DIRECTORY}/${name}.log`;
  }

  async start(name: string, argv: readonly string[]): Promise<Daemon> {
    if (this.isRunning(name)) throw new Error(`${name} already runs on ${this.name}`);
    const daemon = await Daemon.start(this.enter, argv, this.outside(this.logPath(name)));
    this.#daemons.set(name, daemon);
    return daemon;
  }

  daemon(name: string): Daemon {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`${name} was never started on ${this.name}`);
    return daemon;
  }

  isRunning(name: string): boolean {
    return this.#daemons.get(name)?.running === true;
  }

  /** Power failure: everything that was started ends at once, without a chance to say so. */
  async crash(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop('SIGKILL')));
  }

  /** A machine that is paused: its daemons stand still, its connections stay open. */
  freeze(): void {
    for (const daemon of this.#daemons.values()) {
      if (daemon.running) daemon.freeze();
    }
  }

  thaw(): void {
    for (const daemon of this.#daemons.values()) {
      if (daemon.running) daemon.thaw();
    }
  }

  /** Ends of all logs, for a failure message. */
  logTails(): string {
    return [...this.#logs].map((name) => `--- ${this.name} ${name}\n${this.#tail(name)}`).join('\n');
  }

  async destroy(): Promise<void> {
    await this.#container.close();
    await deleteNetwork(this.network);
  }

  #tail(name: string): string {
    try {
      const lines = this.read(this.logPath(name)).toString('utf8').trimEnd().split('\n');
      return lines.slice(-LOG_LINES_SHOWN).join('\n');
    } catch {
      return '(no log)';
    }
  }
}
