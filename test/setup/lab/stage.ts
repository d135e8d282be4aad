/**
 * Hosts as an operator of `qdevice setup` has them: nodes with corosync and sshd, an arbiter's machine with sshd, each
 * with an /etc and a /root of its own, and nothing of a quorum device.
 */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { hasVote, type QuorumView, readQuorum } from '../../../src/setup/facts/quorum-view.ts';
import { built } from '../../lab/arbiter.ts';
import { Host } from '../../lab/host.ts';
import { createBridge, deleteNetwork, labDirectory, newLabName, sweepDeadLabs } from '../../lab/namespaces.ts';
import { type CommandResult, type Daemon, run } from '../../lab/processes.ts';
import { until } from '../../lab/wait.ts';
import { corosyncConf } from './corosync-conf.ts';
import { ARBITER_ADDRESS, addressesOf } from './names.ts';
import { shareClusterFiles } from './proxmox.ts';
import { AGENT_SOCKET, installSsh, type Login, startSshd } from './ssh.ts';
import { SYSTEMCTL, UNITS } from './systemctl.ts';
import { atTerminal, type Conversation } from './terminal.ts';

export interface StageOptions {
  readonly nodes: number;
  readonly arbiter?: 'ours' | 'debian';
  /** `mixed`: ours on the first node alone. */
  readonly daemons?: 'ours' | 'debian' | 'mixed';
  /** Lines for the section `quorum`. */
  readonly quorumLines?: readonly string[];
  readonly addresses?: 'ipv4' | 'ipv6';
  readonly links?: 1 | 2;
  readonly login?: Login;
  readonly proxmox?: boolean;
  /** Where the arbiter listens. */
  readonly port?: number;
  /** A second arbiter at 192.0.2.2, to move to. */
  readonly spare?: boolean;
}

const COMMAND_MS_MAX = 150_000;
const QUORUM_MS_MAX = 30_000;
/** For commands that this machine has no file of, which another could be put over. */
const OWN_PROGRAMS = '/usr/local/sbin';

export class Stage {
  readonly arbiter: Host;
  readonly arbiters: readonly Host[];
  readonly nodes: readonly Host[];
  readonly options: Required<StageOptions>;
  readonly #labName: string;

  private constructor(
    labName: string,
    arbiter: Host,
    arbiters: readonly Host[],
    nodes: readonly Host[],
    options: Required<StageOptions>,
  ) {
    this.arbiters = arbiters;
    this.#labName = labName;
    this.arbiter = arbiter;
    this.nodes = nodes;
    this.options = options;
  }

  /** A quorate cluster without a device. */
  static async create(given: StageOptions): Promise<Stage> {
    if (process.getuid?.() !== 0) throw new Error('the lab makes namespaces. Run it as root.');
    if (!existsSync(built('qdevice'))) throw new Error('dist is missing. Run npm run build first.');
    const defaults = {
      arbiter: 'ours',
      daemons: 'ours',
      quorumLines: [],
      addresses: 'ipv4',
      links: 1,
      login: 'key',
      proxmox: false,
      spare: false,
      port: 5403,
    } as const;
    const options = { ...defaults, ...given };
    await sweepDeadLabs();
    const labName = newLabName();
    mkdirSync(labDirectory(labName), { mode: 0o755 });
    await createBridge(`${labName}-bridge`);
    const arbiter = await createHost(labName, 'tiebreaker', 1, arbiterPrograms(options.arbiter));
    const arbiters = [arbiter];
    if (options.spare) arbiters.push(await createHost(labName, 'spare', 2, arbiterPrograms(options.arbiter)));
    const nodes: Host[] = [];
    for (let id = 1; id <= options.nodes; id += 1) {
      nodes.push(await createHost(labName, `node-${id}`, 10 + id, nodePrograms(daemonsOf(options.daemons, id))));
    }
    const stage = new Stage(labName, arbiter, arbiters, nodes, options);
    try {
      await stage.#furnish();
    } catch (error) {
      await stage.destroy();
      throw error;
    }
    return stage;
  }

  get arbiterAddress(): string {
    return ARBITER_ADDRESS[this.options.addresses];
  }

  /** Of this project, as hosts see it. */
  get program(): string {
    return built('qdevice');
  }

  node(id: number): Host {
    const host = this.nodes[id - 1];
    if (host === undefined) throw new Error(`there is no node ${id}`);
    return host;
  }

  /** Runs `qdevice` on the first node, as root does. */
  qdevice(...args: readonly string[]): Promise<CommandResult> {
    return patiently(this.#argv(args));
  }

  /** The same on a terminal of 80 columns, with answers to what is asked. */
  onTerminal(args: readonly string[], answers: readonly (readonly [RegExp, string])[]): Promise<Conversation> {
    return atTerminal(this.#argv(args), answers);
  }

  #argv(args: readonly string[]): string[] {
    const agent = this.options.login === 'agent' ? [`SSH_AUTH_SOCK=${AGENT_SOCKET}`] : [];
    const environment = ['env', '-i', 'HOME=/root', 'LANG=C', `PATH=${process.env['PATH'] ?? ''}`, ...agent];
    return [...this.node(1).enter, ...environment, process.execPath, built('qdevice'), ...args];
  }

  /** Starts it and leaves it alone; what it prints is in the log of that name. */
  startQdevice(log: string, ...args: readonly string[]): Promise<Daemon> {
    return this.startQdeviceOn(1, log, ...args);
  }

  async startQdeviceOn(id: number, log: string, ...args: readonly string[]): Promise<Daemon> {
    const environment = ['env', 'HOME=/root', 'LANG=C'];
    return await this.node(id).start(log, [...environment, process.execPath, built('qdevice'), ...args]);
  }

  printed(log: string, id = 1): string {
    return this.node(id).read(this.node(id).logPath(log)).toString('utf8');
  }

  async quorum(id: number): Promise<QuorumView | undefined> {
    return readQuorum((await this.node(id).tryExec('corosync-quorumtool', '-s')).stdout);
  }

  /** Waits until the named nodes are quorate, each with the vote, and the others not. */
  async winners(ids: readonly number[]): Promise<void> {
    await until(
      `the nodes ${ids} win`,
      async () => {
        for (let id = 1; id <= this.nodes.length; id += 1) {
          const view = await this.quorum(id);
          const wins = view?.quorate === true && hasVote(view);
          if (wins !== ids.includes(id)) return `node ${id}: quorate ${view?.quorate}, ${view?.device}`;
        }
        return undefined;
      },
      { deadlineMs: QUORUM_MS_MAX, holdMs: 500 },
    );
  }

  /** Parts the first nodes from the rest; nobody loses the arbiter. */
  async cut(first: readonly number[]): Promise<void> {
    await this.#blackholes(first, 'add');
  }

  async heal(first: readonly number[]): Promise<void> {
    await this.#blackholes(first, 'del');
  }

  async #blackholes(first: readonly number[], verb: 'add' | 'del'): Promise<void> {
    const work = this.nodes.flatMap((host, at) => {
      const others = this.nodes.filter((_, index) => first.includes(index + 1) !== first.includes(at + 1));
      const lines = others.flatMap((other) =>
        addressesOf(other).map((address) => `route ${verb} blackhole ${address}`),
      );
      return run([...host.enter, 'ip', '-batch', '-'], `${lines.join('\n')}\n`);
    });
    await Promise.all(work);
  }

  async #furnish(): Promise<void> {
    const { options } = this;
    const hosts = [...this.arbiters, ...this.nodes];
    for (const host of hosts) {
      const extra = addressesOf(host)
        .slice(1)
        .map((address) => `addr add ${address}/${address.includes(':') ? '64 nodad' : '24'} dev eth0`);
      await run([...host.enter, 'ip', '-batch', '-'], `${extra.join('\n')}\n`);
    }
    for (const arbiter of options.arbiter === 'ours' ? this.arbiters : []) install(arbiter, 'qnetd');
    for (const [at, node] of this.nodes.entries()) {
      if (daemonsOf(options.daemons, at + 1) === 'ours') install(node, 'qdevice');
    }
    await installSsh(this.nodes, this.arbiters, options.login);
    const conf = corosyncConf(this.nodes, options);
    for (const node of this.nodes) {
      node.write('/etc/corosync/corosync.conf', conf);
      const daemons = daemonsOf(options.daemons, this.nodes.indexOf(node) + 1);
      node.write(`${UNITS}/corosync-qdevice`, `${nodeDaemon(daemons)} -f`);
      node.write(`${UNITS}/corosync-qdevice.ready`, '/run/corosync-qdevice/corosync-qdevice.sock');
      await startSshd(node);
      await node.start('corosync', ['corosync', '-f']);
    }
    if (options.proxmox) await shareClusterFiles(`${labDirectory(this.#labName)}/pve`, this.nodes, conf);
    for (const arbiter of this.arbiters) {
      arbiter.write(`${UNITS}/corosync-qnetd`, `${arbiterDaemon(options.arbiter)} -f -p ${options.port}`);
      arbiter.write(`${UNITS}/corosync-qnetd.ready`, '/run/corosync-qnetd/corosync-qnetd.sock');
      await startSshd(arbiter);
      await arbiter.exec('corosync-qnetd-certutil', '-i');
      await arbiter.exec('systemctl', 'enable', '--now', 'corosync-qnetd');
    }
    await this.settled();
  }

  /** All nodes are members and quorate, with or without a device. */
  async settled(): Promise<void> {
    await until(
      'a quorate cluster',
      async () => {
        for (let id = 1; id <= this.nodes.length; id += 1) {
          const view = await this.quorum(id);
          if (view?.quorate !== true || view.members.length !== this.nodes.length) return `node ${id} is not`;
        }
        return undefined;
      },
      { deadlineMs: QUORUM_MS_MAX },
    );
  }

  /** For a failure message. */
  logs(): string {
    const named = ['corosync-log', 'corosync-qdevice', 'corosync-qnetd', 'sshd'];
    const hosts = [...this.arbiters, ...this.nodes];
    return hosts
      .map((host) => `${named.map((name) => `${host.logPath(name)}`).join(' ')}\n${host.logTails()}`)
      .join('\n');
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.arbiters, ...this.nodes].map((host) => host.destroy()));
    await deleteNetwork(`${this.#labName}-bridge`);
    rmSync(labDirectory(this.#labName), { recursive: true, force: true });
  }
}

/** A stage for `work`, which is taken down whatever comes of it; when it fails, with what the hosts have logged. */
export async function onStage(options: StageOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await Stage.create(options);
  try {
    await work(stage);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${stage.logs()}`, { cause: error });
  } finally {
    await stage.destroy();
  }
}

function createHost(labName: string, name: string, last: number, programs: ReadonlyMap<string, string>): Promise<Host> {
  const all = new Map([...programs, ['/usr/bin/systemctl', SYSTEMCTL]]);
  const extras = { copied: ['/etc'], empty: ['/root', '/home', '/var/lib', OWN_PROGRAMS], programs: all };
  return Host.create(labName, labDirectory(labName), name, `192.0.2.${last}`, extras);
}

function install(host: Host, program: string): void {
  host.write(`${OWN_PROGRAMS}/${program}`, ours(program));
  chmodSync(host.outside(`${OWN_PROGRAMS}/${program}`), 0o755);
}

function ours(program: string): string {
  return `#!/bin/sh\nexec ${process.execPath} ${built(program)} "$@"\n`;
}

function daemonsOf(daemons: Required<StageOptions>['daemons'], id: number): 'ours' | 'debian' {
  return daemons === 'mixed' ? (id === 1 ? 'ours' : 'debian') : daemons;
}

function nodePrograms(daemons: 'ours' | 'debian'): ReadonlyMap<string, string> {
  if (daemons === 'debian') return new Map();
  const names = ['corosync-qdevice', 'corosync-qdevice-tool', 'corosync-qdevice-net-certutil'];
  return new Map(names.map((name) => [`/usr/sbin/${name}`, ours(name)]));
}

function arbiterPrograms(arbiter: 'ours' | 'debian'): ReadonlyMap<string, string> {
  if (arbiter === 'debian') return new Map();
  const names = ['corosync-qnetd', 'corosync-qnetd-tool', 'corosync-qnetd-certutil'];
  return new Map(names.map((name) => [`/usr/bin/${name}`, ours(name)]));
}

/** Not by the script in its place: the process that is signalled has to be the daemon. */
function nodeDaemon(daemons: 'ours' | 'debian'): string {
  return daemons === 'debian' ? '/usr/sbin/corosync-qdevice' : `${process.execPath} ${built('corosync-qdevice')}`;
}

function arbiterDaemon(arbiter: 'ours' | 'debian'): string {
  return arbiter === 'debian' ? '/usr/bin/corosync-qnetd' : `${process.execPath} ${built('corosync-qnetd')}`;
}

function patiently(argv: readonly string[]): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout: COMMAND_MS_MAX, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ exitCode: 0, stdout, stderr });
        if (typeof error.code === 'number') return resolve({ exitCode: error.code, stdout, stderr });
        reject(new Error(`${argv.join(' ')}: ${error.message}\n${stdout}${stderr}`));
      },
    );
    child.stdin?.end();
  });
}
