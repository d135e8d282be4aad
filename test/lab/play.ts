/**
 * One cluster on stage: each method is a step that does something to it and waits for what follows by the rules. It keeps the
 * situation, so that a test reads as the story of what happened.
 */
import assert from 'node:assert/strict';
import { type Cluster, DEVICE_TIMEOUT_MS } from './cluster.ts';
import {
  type DeviceState,
  expectedLines,
  type Partition,
  parsePartitions,
  partitionWithVote,
  type Situation,
} from './expected.ts';
import { type Expectation, expecting, type Trial } from './trial.ts';
import { heuristicsSay, markWell, wellFile } from './wellness.ts';

type Signal = 'SIGTERM' | 'SIGKILL';

/** The last reading may have begun just before the timer ended, and the next one may be late on a busy machine. */
const READING_SLACK_MS = 500;
const QDEVICE_END_MS_MAX = 10_000;

/** What a cold start may begin with. */
export type Part = 'arbiter' | { readonly daemon: 'corosync' | 'qdevice'; readonly node: number };

interface Change extends Partial<Situation> {
  /** Who may hold the vote afterwards, where the rules leave it open. */
  readonly holders?: readonly Partition[];
  readonly doubleQuorumMsMax?: number;
}

export class Play {
  readonly cluster: Cluster;
  readonly #trial: Trial;
  readonly #bystanders: readonly Play[];
  #situation: Situation;

  constructor(trial: Trial, cluster: Cluster, bystanders: readonly Play[] = []) {
    this.cluster = cluster;
    this.#trial = trial;
    this.#bystanders = bystanders;
    const { tieBreaker } = cluster.settings;
    this.#situation = {
      partitions: [cluster.nodeIds],
      down: [],
      apart: new Map(),
      tieBreaker,
      active: [],
      wellness: new Map(),
    };
  }

  /** What each node must show now. */
  get expectation(): Expectation {
    return expecting(this.cluster, expectedLines(this.#situation));
  }

  start(): Promise<void> {
    return this.#step('cold start', () => this.cluster.start(), {});
  }

  split(text: string): Promise<void> {
    const partitions = parsePartitions(text);
    const act = (): Promise<void> => this.#network.split(this.cluster, partitions);
    return this.#step(`split ${text}`, act, { partitions: this.#alive(partitions, this.#situation.down) });
  }

  heal(): Promise<void> {
    const partitions = this.#alive([this.cluster.nodeIds], this.#situation.down);
    return this.#step('heal', () => this.#network.heal(this.cluster), { partitions });
  }

  /** Nodes die with all their daemons, at the same time. */
  crash(...nodes: readonly number[]): Promise<void> {
    const down = [...this.#situation.down, ...nodes];
    const act = (): Promise<unknown> => Promise.all(nodes.map((node) => this.cluster.host(node).crash()));
    return this.#step(`crash of ${nodes}`, act, { down, partitions: this.#alive(this.#situation.partitions, down) });
  }

  /** Crashed nodes start again; `text` says where in the network they find themselves. */
  comeBack(nodes: readonly number[], text: string): Promise<void> {
    const partitions = parsePartitions(text);
    const down = this.#situation.down.filter((node) => !nodes.includes(node));
    const act = async (): Promise<void> => {
      await this.#network.split(this.cluster, partitions);
      await Promise.all(nodes.map((node) => this.cluster.startNode(node)));
    };
    return this.#step(`return of ${nodes} into ${text}`, act, { down, partitions: this.#alive(partitions, down) });
  }

  /** The whole node stands still and says goodbye to nobody: only the arbiter's patience with a silent peer frees the vote. */
  freeze(node: number): Promise<void> {
    const down = [...this.#situation.down, node];
    const act = async (): Promise<void> => this.cluster.host(node).freeze();
    return this.#step(`node ${node} frozen`, act, { down, partitions: this.#alive(this.#situation.partitions, down) });
  }

  thaw(node: number): Promise<void> {
    const down = this.#situation.down.filter((id) => id !== node);
    const act = async (): Promise<void> => this.cluster.host(node).thaw();
    return this.#step(`node ${node} goes on`, act, { down, partitions: this.#alive([this.cluster.nodeIds], down) });
  }

  /** The node is lost to the others. Its daemon runs, and waits for corosync at its next vote. */
  freezeCorosync(node: number): Promise<void> {
    const down = [...this.#situation.down, node];
    const act = async (): Promise<void> => this.cluster.freezeCorosync(node);
    const partitions = this.#alive(this.#situation.partitions, down);
    return this.#step(`corosync of ${node} frozen`, act, { down, partitions });
  }

  thawCorosync(node: number): Promise<void> {
    const down = this.#situation.down.filter((id) => id !== node);
    const act = async (): Promise<void> => this.cluster.thawCorosync(node);
    return this.#step(`corosync of ${node} goes on`, act, {
      down,
      partitions: this.#alive([this.cluster.nodeIds], down),
    });
  }

  freezeQdevice(node: number): Promise<void> {
    const act = async (): Promise<void> => this.cluster.freezeQdevice(node);
    return this.#step(`qdevice of ${node} frozen`, act, { apart: this.#apart([node], 'lost') });
  }

  thawQdevice(node: number): Promise<void> {
    const act = async (): Promise<void> => this.cluster.thawQdevice(node);
    return this.#step(`qdevice of ${node} goes on`, act, { apart: this.#together([node]) });
  }

  /** An orderly stop leaves nothing behind; after a kill votequorum believes in the device until its time is up. */
  stopQdevice(node: number, signal: Signal): Promise<void> {
    const apart = this.#apart([node], signal === 'SIGTERM' ? 'unregistered' : 'lost');
    return this.#step(`${signal} to qdevice of ${node}`, () => this.cluster.stopQdevice(node, signal), { apart });
  }

  /**
   * Kills the qdevice of a node that holds the vote while the cluster is split. votequorum goes on counting the dead device's last
   * vote until its time is up. Upstream's arbiter gives the vote to the other side at once, and both have it for one device timeout
   * at most; ours waits, and never do both.
   */
  async killHolder(node: number): Promise<void> {
    const isOurs = this.#trial.lab.arbiter.program.name === 'ours';
    const doubleQuorumMsMax = isOurs ? 0 : DEVICE_TIMEOUT_MS + READING_SLACK_MS;
    const change = { apart: this.#apart([node], 'lost'), doubleQuorumMsMax };
    const title = `SIGKILL to qdevice of ${node}, which holds the vote`;
    await this.#step(title, () => this.cluster.stopQdevice(node, 'SIGKILL'), change);
  }

  startQdevice(node: number): Promise<void> {
    return this.#step(`start of qdevice of ${node}`, () => this.cluster.startQdevice(node), {
      apart: this.#together([node]),
    });
  }

  /** The node's daemons and its neighbours are well, only the way to the arbiter is gone. */
  loseArbiter(node: number): Promise<void> {
    const act = (): Promise<void> => this.#network.cut(this.cluster.host(node), this.#trial.lab.arbiter.host);
    return this.#step(`node ${node} cut from the arbiter`, act, { apart: this.#apart([node], 'withheld') });
  }

  regainArbiter(node: number): Promise<void> {
    const act = (): Promise<void> => this.#network.join(this.cluster.host(node), this.#trial.lab.arbiter.host);
    return this.#step(`node ${node} reaches the arbiter again`, act, { apart: this.#together([node]) });
  }

  /** Its memory of who held the vote goes with it. */
  stopArbiter(signal: Signal): Promise<void> {
    const apart = this.#apart(this.#running, 'withheld');
    return this.#step(`${signal} to the arbiter`, () => this.#trial.lab.arbiter.stop(signal), { apart, active: [] });
  }

  /** A new arbiter knows nothing. If active partitions are kept, the half whose node reconnects first may keep the vote. */
  startArbiter(): Promise<void> {
    const { partitions, down } = this.#situation;
    const halves = partitions.filter((partition) => partition.length * 2 === partitions.flat().length + down.length);
    const apart = this.#together(this.#running);
    const open = this.cluster.settings.keepActivePartition && halves.length === 2;
    const change = open ? { apart, holders: halves } : { apart };
    return this.#step('start of the arbiter', () => this.#trial.lab.arbiter.start(), change);
  }

  freezeArbiter(): Promise<void> {
    const apart = this.#apart(this.#running, 'withheld');
    return this.#step('arbiter frozen', async () => this.#trial.lab.arbiter.freeze(), { apart });
  }

  thawArbiter(): Promise<void> {
    const apart = this.#together(this.#running);
    return this.#step('arbiter goes on', async () => this.#trial.lab.arbiter.thaw(), { apart, active: [] });
  }

  async reconfigure(changes: Parameters<Cluster['reconfigure']>[0]): Promise<void> {
    const tieBreaker = changes.tieBreaker ?? this.#situation.tieBreaker;
    const title = `reconfigured ${JSON.stringify(changes)}`;
    await this.#step(title, () => this.cluster.reconfigure(changes), { tieBreaker, active: [] });
  }

  /** Everything loses power, then its parts come back one after another in the order given. */
  coldStart(order: readonly Part[]): Promise<void> {
    const { arbiter } = this.#trial.lab;
    const act = async (): Promise<void> => {
      await Promise.all([arbiter.host.crash(), ...this.cluster.nodeIds.map((node) => this.cluster.host(node).crash())]);
      for (const part of order) {
        if (part === 'arbiter') await arbiter.start();
        else if (part.daemon === 'corosync') await this.cluster.startCorosync(part.node);
        else await this.cluster.startQdevice(part.node);
      }
    };
    const names = order.map((part) => (part === 'arbiter' ? part : `${part.daemon} ${part.node}`));
    return this.#step(`cold start: ${names.join(', ')}`, act, { active: [] });
  }

  /** corosync alone dies. Its qdevice must end with a failure, so that the service manager starts both again. */
  killCorosync(node: number): Promise<void> {
    const down = [...this.#situation.down, node];
    const act = async (): Promise<void> => {
      await this.cluster.killCorosync(node);
      const outcome = await this.cluster.qdevice(node).end(QDEVICE_END_MS_MAX);
      assert.equal(outcome, 1, `qdevice without corosync ended with ${outcome}`);
    };
    const partitions = this.#alive(this.#situation.partitions, down);
    return this.#step(`SIGKILL to corosync of ${node}`, act, { down, partitions });
  }

  /** A crashed node whose qdevice is started first: it must say so by its exit code, not wait. */
  startQdeviceAlone(node: number): Promise<void> {
    const act = async (): Promise<void> => {
      const { exitCode, stderr } = await this.cluster.runQdevice(node);
      assert.equal(exitCode, 1, `qdevice started without corosync ended with ${exitCode}: ${stderr}`);
    };
    return this.#step(`start of qdevice of ${node} without corosync`, act, {});
  }

  /** A reload turns heuristics on, or changes their command, under running daemons: only these nodes are well. */
  reloadHeuristics(name: string, well: readonly number[]): Promise<void> {
    const file = wellFile(name);
    const act = async (): Promise<void> => {
      markWell(this.cluster, file, well);
      await this.cluster.reload({ heuristics: `/usr/bin/test -s ${file}` });
      await heuristicsSay(this.cluster, well);
    };
    return this.#step(`reload: heuristics "${name}", well: ${well}`, act, { wellness: this.#wellness(well) });
  }

  /** Nodes fall ill or recover; the next run of their heuristics tells the arbiter. */
  changeWellness(name: string, well: readonly number[]): Promise<void> {
    const act = async (): Promise<void> => {
      markWell(this.cluster, wellFile(name), well);
      await heuristicsSay(this.cluster, well);
    };
    return this.#step(`heuristics "${name}" change, well: ${well}`, act, { wellness: this.#wellness(well) });
  }

  reloadWithoutHeuristics(): Promise<void> {
    const act = (): Promise<void> => this.cluster.reload({ heuristics: '' });
    return this.#step('reload: no heuristics', act, { wellness: new Map() });
  }

  /** A reload tells running daemons of one more node, which is not started yet. */
  grow(): Promise<void> {
    const down = [...this.#situation.down, this.cluster.nodeIds.length + 1];
    const act = (): Promise<unknown> => this.#trial.lab.growCluster(this.cluster);
    return this.#step(`reload: node ${down.at(-1)} is added`, act, { down });
  }

  async #step(title: string, act: () => Promise<unknown>, change: Change): Promise<void> {
    const { holders, doubleQuorumMsMax, ...news } = change;
    const next = { ...this.#situation, ...news };
    const oneOf = holders ?? [partitionWithVote(next)];
    const expectation = expecting(this.cluster, ...oneOf.map((holder) => expectedLines(next, holder)));
    const undisturbed = this.#bystanders.map((play) => play.expectation);
    await this.#trial.step({
      title,
      act,
      expect: [expectation],
      undisturbed,
      doubleQuorumMsMax: doubleQuorumMsMax ?? 0,
    });
    const holder = oneOf.find((candidate) => shows(this.cluster, expectedLines(next, candidate)));
    const active = this.cluster.settings.keepActivePartition && holder !== undefined ? holder : [];
    this.#situation = { ...next, active };
  }

  get #network(): Trial['lab']['network'] {
    return this.#trial.lab.network;
  }

  get #running(): number[] {
    return this.#situation.partitions.flat();
  }

  #wellness(well: readonly number[]): Map<number, boolean> {
    return new Map(this.cluster.nodeIds.map((node) => [node, well.includes(node)]));
  }

  #alive(partitions: readonly Partition[], down: readonly number[]): Partition[] {
    const alive = partitions.map((partition) => partition.filter((node) => !down.includes(node)));
    return alive.filter((partition) => partition.length > 0);
  }

  #apart(nodes: readonly number[], state: DeviceState): Map<number, DeviceState> {
    return new Map([...this.#situation.apart, ...nodes.map((node) => [node, state] as const)]);
  }

  #together(nodes: readonly number[]): Map<number, DeviceState> {
    return new Map([...this.#situation.apart].filter(([node]) => !nodes.includes(node)));
  }
}

function shows(cluster: Cluster, lines: ReadonlyMap<number, string>): boolean {
  return cluster.nodeIds.every((node) => cluster.watch.line(node, 0) === lines.get(node));
}
