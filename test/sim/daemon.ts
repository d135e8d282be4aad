/** One run of the node daemon: the real core and the real order of effects, between a simulated corosync and network. */
import { errorName } from '../../src/corosync/errors.ts';
import type { TwinNode } from '../../src/corosync/twin/node.ts';
import type { VotequorumEvent } from '../../src/corosync/votequorum.ts';
import type { Chance } from '../../src/demo/random.ts';
import type { MemberAlgorithm } from '../../src/member/algorithms/algorithm.ts';
import type { MemberReport } from '../../src/member/effects.ts';
import type { LinkId, MemberEvent } from '../../src/member/events.ts';
import { Member } from '../../src/member/member.ts';
import type { MemberSettings } from '../../src/member/settings.ts';
import { type EffectPorts, type LinkPort, runEffects } from '../../src/qdevice/run-effects.ts';
import type { Connection, Ending, Endpoint, Network } from './network.ts';
import { Process } from './process.ts';
import type { ProcessClock, VirtualTime } from './virtual-time.ts';

export const DEVICE_NAME = 'Qdevice';

export interface DaemonWorld {
  readonly time: VirtualTime;
  readonly clock: ProcessClock;
  readonly chance: Chance;
  readonly network: Network;
  readonly twin: TwinNode;
  readonly report: (report: MemberReport) => void;
  readonly exited: (code: 0 | 1) => void;
  readonly runHeuristics: () => { readonly afterMs: number; readonly result: 'pass' | 'fail' };
}

const HARMLESS: ReadonlySet<string> = new Set(['ok', 'tryAgain', 'messageError']);

export class SimDaemon extends Process {
  readonly member: Member;
  readonly #world: DaemonWorld;
  readonly #links = new Map<LinkId, LinkPort>();
  readonly #connections = new Set<Connection>();
  readonly #tracker = {
    notify: (event: VotequorumEvent): void => this.#onCorosync(event),
    lost: (): void => this.die(),
  };

  constructor(world: DaemonWorld, settings: MemberSettings, algorithm: MemberAlgorithm) {
    super(world.time, world.clock);
    this.#world = world;
    this.member = new Member(settings, algorithm);
    const { twin } = world;
    twin.connections.add(this.#tracker);
    twin.engine.register(DEVICE_NAME, (code) => {
      if (!this.alive) return;
      if (errorName(code) !== 'ok') {
        this.die();
        world.exited(1);
        return;
      }
      twin.trackers.add(this.#tracker);
      this.#onCorosync(twin.engine.nodeListEvent());
      this.#onCorosync(twin.engine.quorumEvent());
    });
  }

  feed(event: MemberEvent): void {
    this.do(() => this.#handle(event));
  }

  /** As by SIGKILL: the kernel closes its sockets, corosync is not told. */
  die(): void {
    this.#leave();
    for (const connection of this.#connections) connection.close('node');
  }

  /** With its host: nobody is told anything. */
  vanish(): void {
    this.#leave();
    for (const connection of this.#connections) connection.vanish('node');
  }

  /** A connection of it that stands, if there is one. */
  get connection(): Connection | undefined {
    return [...this.#connections].find(({ ends }) => ends.node !== undefined && ends.arbiter !== undefined);
  }

  protected nextDeadlineMs(): number | undefined {
    return this.member.nextDeadlineMs();
  }

  protected tick(): void {
    this.#handle({ kind: 'tick', jitter: this.#jitter() });
  }

  #leave(): void {
    this.end();
    this.#world.twin.connections.delete(this.#tracker);
    this.#world.twin.trackers.delete(this.#tracker);
  }

  #jitter(): number {
    return this.#world.chance.below(1_000) / 1_000;
  }

  /** Told from its own event loop, a moment later. */
  #onCorosync(event: VotequorumEvent): void {
    this.time.after(0, () => this.feed(event));
  }

  #handle(event: MemberEvent): void {
    const waiting: MemberEvent[] = [event];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const failure = runEffects(this.member.handle(next, this.clock.nowMs()), this.#ports);
      if (failure !== undefined) waiting.unshift({ kind: 'castFailed', detail: failure });
      if (!this.alive) return;
    }
  }

  readonly #ports: EffectPorts = {
    links: this.#links,
    connect: (link) => this.#connect(link),
    castVote: (ringId, cast) => {
      const code = this.#world.twin.engine.poll(DEVICE_NAME, cast, ringId);
      if (!HARMLESS.has(errorName(code))) throw new Error(`votequorum_qdevice_poll: ${errorName(code)}`);
      return errorName(code) === 'ok';
    },
    runHeuristics: (run) => {
      const { afterMs, result } = this.#world.runHeuristics();
      this.time.after(afterMs, () => this.feed({ kind: 'heuristicsDone', run, result }));
    },
    abandonHeuristics: () => undefined,
    report: (report) => this.#world.report(report),
    exit: (code) => {
      this.#world.twin.engine.unregister(DEVICE_NAME);
      this.die();
      this.#world.exited(code);
    },
  };

  #connect(link: LinkId): LinkPort {
    const ended = (how: Ending): void => {
      this.#connections.delete(connection);
      this.do(() => {
        if (!this.#links.delete(link)) return;
        const cause = how === 'refused' ? 'connectFailed' : 'arbiterClosed';
        this.#handle({ kind: 'disconnected', link, cause, detail: '', jitter: this.#jitter() });
      });
    };
    const endpoint: Endpoint = {
      opened: () => this.feed({ kind: 'connected', link }),
      bytes: (bytes) => this.feed({ kind: 'bytes', link, bytes }),
      ended,
    };
    const connection = this.#world.network.connect(this.member.settings.nodeId, endpoint);
    this.#connections.add(connection);
    const queued: Uint8Array[] = [];
    const flush = (): void => {
      for (const bytes of queued.splice(0)) connection.send('node', bytes);
    };
    return {
      send: (bytes) => queued.push(bytes),
      startTls: () => undefined,
      flush,
      close: () => {
        flush();
        connection.close('node');
        this.#connections.delete(connection);
      },
    };
  }
}
