/** A whole simulated world: nodes, their clusters' network, the arbiter, and the hand that breaks and repairs them. */
import { TwinCluster } from '../../src/corosync/twin/cluster.ts';
import { Chance } from '../../src/demo/random.ts';
import { ArbiterHost } from './arbiter-host.ts';
import { castingNodes, TwoSides } from './checks.ts';
import type { Fault } from './faults.ts';
import { Host } from './host.ts';
import type { DecisionLog } from './log.ts';
import { Network, type Side } from './network.ts';
import type { Safety } from './runs.ts';
import type { Shape } from './shape.ts';
import { VirtualTime } from './virtual-time.ts';

/** Less than any margin. */
const STOCK_STALL_MS_MAX = 300;
const BOTH: readonly Side[] = ['node', 'arbiter'];

export interface WorldWishes {
  readonly shape: Shape;
  /** Of latencies, jitter and clocks; the faults have their own. */
  readonly seed: number;
  readonly safety: Safety;
  readonly log: DecisionLog | undefined;
}

export class World {
  readonly time = new VirtualTime();
  readonly shape: Shape;
  readonly #cluster: TwinCluster;
  readonly #twoSides: TwoSides;
  readonly #network: Network;
  readonly #hosts: readonly Host[];
  readonly #arbiter: ArbiterHost;
  readonly #log: DecisionLog | undefined;
  #configured: readonly number[];
  #partitions: readonly (readonly number[])[];

  constructor({ shape, seed, safety, log }: WorldWishes) {
    this.shape = shape;
    this.#log = log;
    this.#configured = shape.nodeIds;
    this.#partitions = [shape.nodeIds];
    const chance = new Chance(seed);
    const draw = (): number => chance.below(0xffff_ffff);
    const { time } = this;
    log?.use(time);
    this.#cluster = new TwinCluster(time, { lossMs: shape.tokenLossMs });
    this.#twoSides = new TwoSides(this.#cluster, shape.nodeIds);
    this.#arbiter = new ArbiterHost({ time, safety, shape, log }, draw());
    const isUp = (nodeId: number): boolean => this.#host(nodeId).isUp;
    this.#network = new Network(time, new Chance(draw()), this.#arbiter.listener, isUp);
    this.#arbiter.network = this.#network;
    const world = {
      time,
      cluster: this.#cluster,
      network: this.#network,
      shape,
      report: (nodeId: number, report: Parameters<DecisionLog['node']>[1]) => log?.node(nodeId, report),
    };
    this.#hosts = shape.nodeIds.map((nodeId) => new Host(world, nodeId, draw()));
    this.#arbiter.powerOn(false);
    for (const host of this.#hosts) time.after(chance.below(3_000), () => host.powerOn());
  }

  get configured(): readonly number[] {
    return this.#configured;
  }

  get partitions(): readonly (readonly number[])[] {
    return this.#partitions;
  }

  /** What must never be, in words. */
  wrong(): string | undefined {
    return this.#twoSides.seenAt(this.time.nowMs());
  }

  casting(): number[] {
    return castingNodes(this.#cluster, this.shape.nodeIds);
  }

  apply(fault: Fault): void {
    const { time } = this;
    switch (fault.do) {
      case 'split':
        this.#partitions = fault.islands;
        this.#cluster.split(fault.islands);
        break;
      case 'heal':
        this.#partitions = [this.shape.nodeIds];
        this.#cluster.heal();
        break;
      case 'cutLink':
        for (const side of fault.sides) this.#network.cut(fault.node, side);
        break;
      case 'healLink':
        for (const side of fault.sides) this.#network.heal(fault.node, side);
        break;
      case 'slowLink':
        this.#network.setLatency(fault.node, fault.latencyMs);
        break;
      case 'swizzleClog':
        for (const { node, forMs } of fault.links) this.#clog(node, forMs);
        break;
      case 'halfOpen': {
        const connection = this.#host(fault.node).daemon?.connection;
        if (connection !== undefined) connection.stuck = true;
        break;
      }
      case 'orphan': {
        const connection = this.#host(fault.node).daemon?.connection;
        if (connection !== undefined) connection.stuck = true;
        this.#interrupt(fault);
        break;
      }
      case 'reset':
        this.#host(fault.node).daemon?.connection?.reset();
        break;
      case 'freezeDaemon': {
        const { daemon } = this.#host(fault.node);
        daemon?.freeze();
        time.after(fault.forMs, () => this.#thaw(fault));
        break;
      }
      case 'configuration':
        this.#configure(fault.extraNodes, fault.lateMs);
        break;
      case 'heuristics':
        this.#host(fault.node).setHeuristics(fault.result);
        break;
      case 'killDaemon':
      case 'stopDaemon':
      case 'powerOff':
      case 'reboot':
        this.#interrupt(fault);
        break;
      default:
        this.#arbiter.apply(fault);
    }
  }

  /** Everything that is broken is repaired; the nodes' network is left as `islands` says, or whole. */
  repair(islands: readonly (readonly number[])[] | undefined): void {
    this.apply(islands === undefined ? { do: 'heal' } : { do: 'split', islands });
    this.#arbiter.repair();
    for (const host of this.#hosts) {
      for (const side of BOTH) this.#network.heal(host.nodeId, side);
      this.#network.setLatency(host.nodeId, 1);
      host.powerOn();
      if (host.daemon?.frozen === true) host.killDaemon();
      host.startDaemon();
      host.configure(this.#configured, 0);
    }
  }

  #interrupt(fault: Extract<Fault, { readonly backAfterMs: number; readonly node: number }>): void {
    const host = this.#host(fault.node);
    const isHost = fault.do === 'powerOff' || fault.do === 'reboot';
    if (isHost) host.powerOff();
    else if (fault.do === 'stopDaemon') host.stopDaemon();
    else host.killDaemon();
    this.time.after(fault.backAfterMs, () => {
      if (isHost) host.powerOn();
      else host.startDaemon();
    });
  }

  /**
   * Upstream's daemon goes on after a stop of any length as if nothing had been, which no arbiter can know of; a long one
   * is therefore taken for its end.
   */
  #thaw({ node, forMs, timersFirst }: Extract<Fault, { do: 'freezeDaemon' }>): void {
    const host = this.#host(node);
    if (host.daemon?.frozen !== true) return;
    if (!this.shape.stock.includes(node) || forMs <= STOCK_STALL_MS_MAX) {
      host.daemon.thaw(timersFirst);
      return;
    }
    host.killDaemon();
    host.startDaemon();
  }

  #clog(nodeId: number, forMs: number): void {
    for (const side of BOTH) this.#network.cut(nodeId, side);
    this.time.after(forMs, () => {
      for (const side of BOTH) this.#network.heal(nodeId, side);
    });
  }

  /** Nodes are added to the configuration that never run, or taken out again. */
  #configure(extraNodes: number, lateMs: number): void {
    const { nodeIds } = this.shape;
    const extra = Array.from({ length: extraNodes }, (_, index) => nodeIds.length + 1 + index);
    this.#configured = [...nodeIds, ...extra];
    this.#log?.line(`configured: ${this.#configured.join(' ')}`);
    for (const [at, host] of this.#hosts.entries()) host.configure(this.#configured, lateMs * at);
  }

  #host(nodeId: number): Host {
    const host = this.#hosts.find((each) => each.nodeId === nodeId);
    if (host === undefined) throw new Error(`no node ${nodeId}`);
    return host;
  }
}
