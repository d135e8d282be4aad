/**
 * Hosts with a Debian of their own and nothing on them but packages: an arbiter and nodes, reachable for each other by name and
 * by SSH. The command that a tool gives to systemctl goes to the stand-in, and that starts what the installed units say.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Layers, nodeTree, plainTree, toolsTree, withPackages } from '../lab/debian-trees.ts';
import { Host } from '../lab/host.ts';
import { createBridge, deleteNetwork, labDirectory, newLabName, sweepDeadLabs } from '../lab/namespaces.ts';
import { run } from '../lab/processes.ts';
import { command } from './command.ts';
import { packageFiles } from './deb.ts';

const STAND_IN = fileURLToPath(new URL('systemctl.pl', import.meta.url));
const DEBIANS = ['corosync-qnetd', 'corosync-qdevice', 'libnss3-tools'];
const ARBITER_NUMBER = 1;
const FIRST_NODE_NUMBER = 11;

/**
 * What is installed: our package, with the empty ones of Debian's names or without; ours on a plain Debian, as a machine for an
 * arbiter has it; Debian's; or nothing on a plain Debian.
 */
export type Software = 'ours' | 'ours with names' | 'ours alone' | 'debian' | 'plain';

export interface HostsOptions {
  readonly nodes: number;
  readonly software: Software;
  /** Left out: the same. */
  readonly arbiterSoftware?: Software;
  /** pcs, crmsh and pacemaker are there as well: on all hosts, or on the nodes of these numbers. */
  readonly tools?: 'everywhere' | readonly number[];
  /** Where all nodes see one and the same directory. */
  readonly sharedDirectory?: string;
}

export class Hosts {
  readonly arbiter: Host;
  readonly nodes: readonly Host[];
  readonly #labName: string;

  private constructor(labName: string, arbiter: Host, nodes: readonly Host[]) {
    this.#labName = labName;
    this.arbiter = arbiter;
    this.nodes = nodes;
  }

  static async create(options: HostsOptions): Promise<Hosts> {
    const { nodes: size, software, arbiterSoftware = software, tools = [] } = options;
    if (process.getuid?.() !== 0) throw new Error('the lab makes namespaces. Run it as root.');
    await sweepDeadLabs();
    const treeWith = (hasTools: boolean) => (hasTools ? toolsTree() : nodeTree());
    const arbiterLayers = await layersWith(await treeWith(tools === 'everywhere'), arbiterSoftware);
    const nodeLayers: Layers[] = [];
    for (let id = 1; id <= size; id += 1) {
      nodeLayers.push(await layersWith(await treeWith(tools === 'everywhere' || tools.includes(id)), software));
    }
    const labName = newLabName();
    mkdirSync(labDirectory(labName), { mode: 0o755 });
    await createBridge(`${labName}-bridge`);
    const shared = new Map<string, string>();
    if (options.sharedDirectory !== undefined) {
      const directory = join(labDirectory(labName), 'shared');
      mkdirSync(directory);
      shared.set(options.sharedDirectory, directory);
    }
    const create = (name: string, number: number, layers: Layers, along = shared) =>
      Host.withSystem(labName, labDirectory(labName), name, `192.0.2.${number}`, layers, along);
    const arbiter = await create('tiebreaker', ARBITER_NUMBER, arbiterLayers, new Map());
    const nodes: Host[] = [];
    for (const [at, layers] of nodeLayers.entries()) {
      nodes.push(await create(`node-${at + 1}`, FIRST_NODE_NUMBER + at, layers));
    }
    const hosts = new Hosts(labName, arbiter, nodes);
    try {
      await hosts.#furnish();
    } catch (error) {
      await hosts.destroy();
      throw error;
    }
    return hosts;
  }

  get all(): readonly Host[] {
    return [this.arbiter, ...this.nodes];
  }

  node(id: number): Host {
    const host = this.nodes[id - 1];
    if (host === undefined) throw new Error(`there is no node ${id}`);
    return host;
  }

  /** For a failure message. */
  logs(): string {
    const units = ['corosync', 'corosync-qdevice', 'corosync-qnetd', 'pcsd', 'pacemaker'];
    for (const host of this.all) for (const unit of units) host.logPath(unit);
    return this.all.map((host) => host.logTails()).join('\n');
  }

  async destroy(): Promise<void> {
    await Promise.all(this.all.map((host) => host.destroy()));
    await deleteNetwork(`${this.#labName}-bridge`);
    rmSync(labDirectory(this.#labName), { recursive: true, force: true });
  }

  async #furnish(): Promise<void> {
    const names = this.all.map((host) => `${host.address} ${host.name}\n`).join('');
    const key = await makeKey();
    for (const host of this.all) {
      await prepare(host);
      host.write('/etc/hosts', `127.0.0.1 localhost\n${names}`);
      host.write('/etc/hostname', `${host.name}\n`);
      await command(host, ['chmod', '0644', '/etc/hosts', '/etc/hostname']);
      host.write('/root/.ssh/id_rsa', key.secret);
      host.write('/root/.ssh/id_rsa.pub', key.open);
      host.write('/root/.ssh/authorized_keys', key.open);
      const hostKey = host.read('/etc/ssh/ssh_host_ed25519_key.pub').toString();
      host.write('/root/.ssh/known_hosts', `* ${hostKey}`);
      await command(host, ['systemctl', 'start', 'ssh']);
    }
  }
}

/** The stand-in takes the place of systemctl, and maintainer scripts may start services as they may on any host. */
export async function prepare(host: Host): Promise<void> {
  await command(host, ['dpkg-divert', '--local', '--rename', '--add', '/usr/bin/systemctl']);
  host.write('/usr/bin/systemctl', readFileSync(STAND_IN));
  await command(host, ['chmod', '0755', '/usr/bin/systemctl']);
  await command(host, ['rm', '-f', '/usr/sbin/policy-rc.d']);
  await command(host, ['mkdir', '-p', '/run/systemd/system', '/run/sshd']);
}

async function layersWith(tree: Layers, software: Software): Promise<Layers> {
  switch (software) {
    case 'plain':
      return await plainTree();
    case 'debian':
      return await withPackages('debian', tree, DEBIANS);
    case 'ours':
      return await withPackages('ours', tree, [(await packageFiles()).main]);
    case 'ours alone':
      return await withPackages('ours-alone', await plainTree(), [(await packageFiles()).main]);
    case 'ours with names': {
      const { main, names } = await packageFiles();
      return await withPackages('ours-with-names', tree, [main, ...names]);
    }
  }
}

async function makeKey(): Promise<{ readonly secret: string; readonly open: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'lab-key-'));
  try {
    const file = join(directory, 'key');
    await run(['ssh-keygen', '-q', '-t', 'rsa', '-N', '', '-C', 'lab', '-f', file]);
    return { secret: readFileSync(file, 'utf8'), open: readFileSync(`${file}.pub`, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
