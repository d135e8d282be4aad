/** A cluster node of the simulated world: its corosync, its daemon, and what an operator or systemd does to them. */
import type { TwinCluster } from '../../src/corosync/twin/cluster.ts';
import { Chance } from '../../src/demo/random.ts';
import type { MemberReport } from '../../src/member/effects.ts';
import { SimDaemon } from './daemon.ts';
import type { Network } from './network.ts';
import { algorithmOf, keysOf, memberSettings, type Shape } from './shape.ts';
import { ProcessClock, type VirtualTime } from './virtual-time.ts';

export interface HostWorld {
  readonly time: VirtualTime;
  readonly cluster: TwinCluster;
  readonly network: Network;
  readonly shape: Shape;
  readonly report: (nodeId: number, report: MemberReport) => void;
}

const SETTLED_POLL_MS = 500;
const RESTART_MS = 1_000;

export class Host {
  readonly nodeId: number;
  readonly #world: HostWorld;
  readonly #chance: Chance;
  readonly #clock: ProcessClock;
  #configured: readonly number[];
  #up = false;
  /** What systemd is to keep running. */
  #wanted = false;
  #daemon: SimDaemon | undefined;
  #heuristics: 'pass' | 'fail' = 'pass';

  constructor(world: HostWorld, nodeId: number, seed: number) {
    this.#world = world;
    this.nodeId = nodeId;
    this.#chance = new Chance(seed);
    const { driftPerMille, nodeIds } = world.shape;
    const rate = 1 + (driftPerMille * (this.#chance.below(201) - 100)) / 100_000;
    this.#clock = new ProcessClock(world.time, rate, this.#chance.below(1_000_000));
    this.#configured = nodeIds;
  }

  get isUp(): boolean {
    return this.#up;
  }

  get daemon(): SimDaemon | undefined {
    return this.#daemon?.alive === true ? this.#daemon : undefined;
  }

  powerOn(): void {
    if (this.#up) return;
    const { cluster, network, shape } = this.#world;
    this.#up = true;
    cluster.start(this.nodeId, keysOf(shape, this.nodeId, this.#configured));
    network.hostBack('node', this.nodeId);
    this.startDaemon();
  }

  powerOff(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#wanted = false;
    this.daemon?.vanish();
    this.#world.cluster.kill(this.nodeId);
  }

  /** It registers only where the membership stands still. */
  startDaemon(): void {
    if (!this.#up) return;
    this.#wanted = true;
    const twin = this.#world.cluster.node(this.nodeId);
    if (twin === undefined || this.daemon !== undefined) return;
    const isSettled = twin.answers && !twin.engine.synchronising;
    if (!isSettled) {
      this.#world.time.after(SETTLED_POLL_MS, () => {
        if (this.#wanted) this.startDaemon();
      });
      return;
    }
    const { time, network, shape, report } = this.#world;
    const settings = memberSettings(shape, this.nodeId, this.#configured);
    const ports = {
      time,
      clock: this.#clock,
      chance: this.#chance,
      network,
      twin,
      report: (each: MemberReport) => report(this.nodeId, each),
      exited: (code: 0 | 1) => this.#exited(code),
      runHeuristics: () => ({ afterMs: 5 + this.#chance.below(1_500), result: this.#heuristics }),
    };
    this.#daemon = new SimDaemon(ports, settings, algorithmOf(shape, this.nodeId));
  }

  killDaemon(): void {
    this.#wanted = false;
    this.daemon?.die();
  }

  stopDaemon(): void {
    this.#wanted = false;
    this.daemon?.feed({ kind: 'stop' });
  }

  setHeuristics(result: 'pass' | 'fail'): void {
    this.#heuristics = result;
  }

  /** The file is there at once; corosync reads it, and the daemon hears of it when corosync lets it. */
  configure(configured: readonly number[], lateMs: number): void {
    this.#configured = configured;
    const { time, shape, cluster } = this.#world;
    const twin = cluster.node(this.nodeId);
    if (twin === undefined) return;
    twin.keys.reload(keysOf(shape, this.nodeId, configured));
    const tell = (): void => {
      const { daemon } = this;
      if (daemon === undefined || cluster.node(this.nodeId) !== twin) return;
      if (twin.engine.synchronising) {
        time.after(SETTLED_POLL_MS, tell);
        return;
      }
      daemon.feed({ kind: 'settings', settings: memberSettings(shape, this.nodeId, this.#configured) });
    };
    time.after(lateMs, tell);
  }

  #exited(code: 0 | 1): void {
    if (code === 0) return;
    this.#world.time.after(RESTART_MS, () => {
      if (this.#wanted) this.startDaemon();
    });
  }
}
