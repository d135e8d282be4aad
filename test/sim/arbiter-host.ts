/** The arbiter's machine: the process may end, freeze and come back, and its host may lose its power. */
import { Chance } from '../../src/demo/random.ts';
import { type Disk, SimArbiter } from './arbiter.ts';
import type { Fault } from './faults.ts';
import type { DecisionLog } from './log.ts';
import type { Listener, Network } from './network.ts';
import type { Safety } from './runs.ts';
import { arbiterSettings, type Shape } from './shape.ts';
import { ProcessClock, type VirtualTime } from './virtual-time.ts';

export type ArbiterFault = Extract<Fault, { do: 'freezeArbiter' | 'killArbiter' | 'stopArbiter' | 'powerOffArbiter' }>;

export interface ArbiterHostWorld {
  readonly time: VirtualTime;
  readonly safety: Safety;
  readonly shape: Shape;
  readonly log: DecisionLog | undefined;
}

export class ArbiterHost {
  network: Network | undefined;
  readonly #world: ArbiterHostWorld;
  readonly #chance: Chance;
  #process: SimArbiter | undefined;
  #hasPower = false;
  readonly #disk: Disk = {
    written: new Map(),
    writeMs: () => 0.5 + this.#chance.below(this.#chance.below(10) === 0 ? 2_000 : 20),
    outlives: () => this.#chance.below(2) === 0,
  };

  constructor(world: ArbiterHostWorld, seed: number) {
    this.#world = world;
    this.#chance = new Chance(seed);
  }

  readonly listener: Listener = {
    host: () => (this.#hasPower ? (this.#running === undefined ? 'down' : 'up') : 'off'),
    accept: (connection) => {
      if (this.#running === undefined) throw new Error('nobody accepts');
      return this.#running.accept(connection);
    },
  };

  get #running(): SimArbiter | undefined {
    return this.#process?.alive === true ? this.#process : undefined;
  }

  powerOn(losesRecord: boolean): void {
    if (!this.#hasPower) this.network?.hostBack('arbiter');
    this.#hasPower = true;
    this.#start(losesRecord);
  }

  apply(fault: ArbiterFault): void {
    const { time } = this.#world;
    const process = this.#running;
    this.#world.log?.line(`${fault.do}${process === undefined ? ', which does not run' : ''}`);
    switch (fault.do) {
      case 'freezeArbiter':
        if (process === undefined || process.frozen) return;
        process.freeze();
        time.after(fault.forMs, () => {
          if (fault.clockStops && process.frozen) process.clock.missed(fault.forMs);
          process.thaw(fault.timersFirst);
        });
        return;
      case 'stopArbiter':
        process?.stop();
        break;
      case 'killArbiter':
        process?.die();
        break;
      case 'powerOffArbiter':
        process?.vanish();
        this.#hasPower = false;
        break;
    }
    time.after(fault.backAfterMs, () => this.powerOn(fault.losesRecord));
  }

  repair(): void {
    this.#running?.thaw(true);
    this.powerOn(false);
  }

  #start(losesRecord: boolean): void {
    if (this.#running !== undefined) return;
    if (losesRecord) this.#disk.written.clear();
    const { time, shape, safety, log } = this.#world;
    const rate = 1 + (shape.driftPerMille * (this.#chance.below(201) - 100)) / 100_000;
    const clock = new ProcessClock(time, rate, this.#chance.below(1_000_000));
    this.#process = new SimArbiter({
      time,
      clock,
      settings: arbiterSettings(safety),
      report: (report) => log?.arbiter(report),
      disk: this.#disk,
    });
    log?.line('the arbiter starts');
  }
}
