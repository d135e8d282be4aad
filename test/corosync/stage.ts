/** Two nodes, real or of the twin, under one set of words, so that one script can be played on both. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Corosync } from '../../src/corosync/port.ts';
import { TwinCluster } from '../../src/corosync/twin/cluster.ts';
import { clusterKeys } from '../../src/corosync/twin/cluster-keys.ts';
import type { Keys } from '../../src/corosync/twin/key-table.ts';
import { REAL_SCHEDULER } from '../../src/corosync/twin/scheduler.ts';
import { type Command, type Heard, METHODS } from './agent-commands.ts';
import { Hosts, type HostsOptions } from './hosts.ts';
import { RealNode } from './real-node.ts';

export interface Settings {
  readonly device: Readonly<Record<string, string | number>>;
  readonly quorum?: Readonly<Record<string, string | number>>;
}

export interface Stage {
  start(nodeId: number): Promise<void>;
  kill(nodeId: number): Promise<void>;
  split(): Promise<void>;
  heal(): Promise<void>;
  connect(nodeId: number): Promise<void>;
  ask(nodeId: number, ...command: Command): Promise<unknown>;
  heard(nodeId: number): readonly Heard[];
  setKey(nodeId: number, key: string, value: string): Promise<void>;
  reload(settings: Settings | 'unparsable', version: number): Promise<void>;
  quorumtool(nodeId: number): Promise<string>;
  close(): Promise<void>;
}

export class RealStage implements Stage {
  readonly #hosts: Hosts;
  readonly #nodes = new Map<number, RealNode>();

  private constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  static async create(settings: Settings): Promise<RealStage> {
    return new RealStage(await Hosts.create(hostsOptions(settings)));
  }

  async start(nodeId: number): Promise<void> {
    // The answer may wait for the vote that the script gives next.
    await Promise.race([this.#hosts.host(nodeId).startCorosync(), pause(600)]);
  }

  kill(nodeId: number): Promise<void> {
    return this.#hosts.host(nodeId).stopCorosync('SIGKILL');
  }

  split(): Promise<void> {
    return this.#hosts.split(1, 2);
  }

  heal(): Promise<void> {
    return this.#hosts.heal(1, 2);
  }

  async connect(nodeId: number): Promise<void> {
    await this.#nodes.get(nodeId)?.end();
    const node = RealNode.start(this.#hosts.host(nodeId));
    this.#nodes.set(nodeId, node);
    await node.ask('connect');
  }

  ask(nodeId: number, ...command: Command): Promise<unknown> {
    return this.#node(nodeId).ask(...command);
  }

  heard(nodeId: number): readonly Heard[] {
    return this.#nodes.get(nodeId)?.heard ?? [];
  }

  async setKey(nodeId: number, key: string, value: string): Promise<void> {
    await this.#hosts.host(nodeId).tryExec('corosync-cmapctl', '-s', key, 'str', value);
  }

  async reload(settings: Settings | 'unparsable', version: number): Promise<void> {
    if (settings !== 'unparsable') this.#hosts.configure(hostsOptions(settings), version);
    else for (const host of this.#hosts.all) host.write('/etc/corosync/corosync.conf', 'totem {\nnonsense\n');
    await this.#hosts.host(1).tryExec('corosync-cfgtool', '-R');
  }

  quorumtool(nodeId: number): Promise<string> {
    return this.#hosts.host(nodeId).quorumtool();
  }

  async close(): Promise<void> {
    await this.#hosts.close(); // ends the agents too
  }

  #node(nodeId: number): RealNode {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) throw new Error(`nobody is connected to node ${nodeId}`);
    return node;
  }
}

export class TwinStage implements Stage {
  readonly #cluster = new TwinCluster(REAL_SCHEDULER, { lossMs: 60, mergeMs: 40, syncStepMs: 20 });
  readonly #connections = new Map<number, Corosync>();
  readonly #heard = new Map<number, Heard[]>();
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async start(nodeId: number): Promise<void> {
    this.#cluster.start(nodeId, this.#keys(this.#settings, 1, nodeId));
    await pause(20);
  }

  async kill(nodeId: number): Promise<void> {
    this.#cluster.kill(nodeId);
  }

  async split(): Promise<void> {
    this.#cluster.split([[1], [2]]);
  }

  async heal(): Promise<void> {
    this.#cluster.heal();
  }

  async connect(nodeId: number): Promise<void> {
    this.#connections.set(nodeId, await this.#cluster.connect(nodeId, { maxTryAgain: 10 }));
    this.#heard.set(nodeId, []);
  }

  async ask(nodeId: number, ...[method, ...args]: Command): Promise<unknown> {
    const corosync = this.#connections.get(nodeId);
    if (corosync === undefined) throw new Error(`nobody is connected to node ${nodeId}`);
    const [first, second, third] = args;
    return await METHODS[method](corosync, (heard) => this.#heard.get(nodeId)?.push(heard), first, second, third);
  }

  heard(nodeId: number): readonly Heard[] {
    return this.#heard.get(nodeId) ?? [];
  }

  async setKey(nodeId: number, key: string, value: string): Promise<void> {
    this.#cluster.setKey(nodeId, key, value);
  }

  async reload(settings: Settings | 'unparsable', version: number): Promise<void> {
    const file = (nodeId: number) => (settings === 'unparsable' ? settings : this.#keys(settings, version, nodeId));
    this.#cluster.reload(1, file);
  }

  async quorumtool(nodeId: number): Promise<string> {
    return this.#cluster.quorumtool(nodeId, 'Sun Nov 22 12:00:00 2026');
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close();
    for (const nodeId of this.#cluster.runningNodeIds) this.#cluster.kill(nodeId);
  }

  #keys({ device, quorum }: Settings, version: number, nodeId: number): Keys {
    const devices = Object.entries({ model: 'net', votes: 1, ...device });
    return clusterKeys(
      {
        clusterName: 'qdc',
        nodeIds: [1, 2],
        configVersion: BigInt(version),
        quorum: { ...quorum, ...Object.fromEntries(devices.map(([key, value]) => [`device.${key}`, value])) },
      },
      nodeId,
    );
  }
}

function hostsOptions({ device, quorum }: Settings): HostsOptions {
  return quorum === undefined ? { count: 2, device } : { count: 2, device, quorum };
}
