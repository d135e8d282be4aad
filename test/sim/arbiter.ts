/** One run of the arbiter: the real core and the real order of effects, on a simulated network. */
import { ALGORITHMS } from '../../src/arbiter/algorithms/all.ts';
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import type { Effect } from '../../src/arbiter/effects.ts';
import type { ArbiterEvent, ClientId } from '../../src/arbiter/events.ts';
import type { Report } from '../../src/arbiter/reports.ts';
import type { RecordedGrant } from '../../src/arbiter/safety/ledger.ts';
import type { ArbiterSettings } from '../../src/arbiter/settings.ts';
import { type LinkPort, runEffects } from '../../src/qnetd/run-effects.ts';
import type { Connection, Ending, Endpoint } from './network.ts';
import { Process } from './process.ts';
import type { ProcessClock, VirtualTime } from './virtual-time.ts';

export interface ArbiterWorld {
  readonly time: VirtualTime;
  readonly clock: ProcessClock;
  readonly settings: ArbiterSettings;
  readonly report: (report: Report) => void;
  readonly disk: Disk;
}

/** What is written of each cluster. A write takes a while; one that was under way at the end may be there or not. */
export interface Disk {
  readonly written: Map<string, readonly RecordedGrant[]>;
  readonly writeMs: () => number;
  /** Whether a write comes to its end although its process does not. */
  readonly outlives: () => boolean;
}

/** As max_client_send_buffers. */
const MESSAGES_WAITING_MAX = 32;
/** What the kernel takes besides, in small messages; much less than a real one, so that it matters. */
const KERNEL_MESSAGES = 64;

/** All nodes have upstream's one certificate. */
const CERTIFICATE = { commonName: 'sim', dnsNames: [], ipAddresses: [], fingerprint: 'sim' };

const NEVER = new Promise<void>(() => undefined);

export class SimArbiter extends Process {
  readonly core: Arbiter;
  readonly #world: ArbiterWorld;
  readonly #links = new Map<ClientId, LinkPort>();
  readonly #connections = new Map<ClientId, Connection>();
  #clients = 0;

  constructor(world: ArbiterWorld) {
    super(world.time, world.clock);
    this.#world = world;
    const byCluster = new Map(world.disk.written);
    this.core = new Arbiter(world.settings, ALGORITHMS, { byCluster, startedAtMs: world.clock.nowMs() });
  }

  accept(connection: Connection): Endpoint {
    this.#clients += 1;
    const client = this.#clients;
    this.#connections.set(client, connection);
    return {
      opened: () =>
        this.do(() => {
          this.#links.set(client, this.#link(client, connection));
          this.#handle({ kind: 'connected', client, address: `192.0.2.${connection.nodeId}:${client}` });
          this.#handle({ kind: 'secured', client, certificate: CERTIFICATE });
        }),
      bytes: (bytes) =>
        this.do(() => {
          if (this.#links.has(client)) this.#handle({ kind: 'bytes', client, bytes });
        }),
      ended: (how) => {
        this.#connections.delete(client);
        this.do(() => this.#disconnected(client, how));
      },
    };
  }

  /** As by SIGKILL. */
  die(): void {
    this.end();
    for (const connection of this.#connections.values()) connection.close('arbiter');
  }

  /** With its host. */
  vanish(): void {
    this.end();
    for (const connection of this.#connections.values()) connection.vanish('arbiter');
  }

  /** As by SIGTERM. */
  stop(): void {
    if (!this.frozen) this.#handle({ kind: 'shutdown' });
    this.die();
  }

  protected nextDeadlineMs(): number | undefined {
    return this.core.nextDeadlineMs();
  }

  protected tick(): void {
    this.#handle({ kind: 'tick' });
  }

  #disconnected(client: ClientId, how: Ending): void {
    if (!this.#links.delete(client)) return;
    this.#handle({ kind: 'disconnected', client, reason: `the connection is ${how}`, finished: how === 'finished' });
  }

  #handle(event: ArbiterEvent): void {
    const waiting: ArbiterEvent[] = [event];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const effects = this.core.handle(next, this.clock.nowMs());
      for (const effect of effects) this.#toDisk(effect);
      runEffects(effects, {
        links: this.#links,
        report: this.#world.report,
        // Promises have no place here: see #toDisk.
        records: { write: () => NEVER, remove: () => NEVER },
        later: () => undefined,
        overflowed: (blame) => {
          const link = this.#links.get(blame);
          if (link === undefined) return;
          link.close();
          this.#links.delete(blame);
          waiting.push({ kind: 'disconnected', client: blame, reason: 'a message that it caused could not be queued' });
        },
      });
    }
  }

  #toDisk(effect: Effect): void {
    const { disk, time } = this.#world;
    if (effect.kind === 'forgetRecord') disk.written.delete(effect.cluster);
    if (effect.kind !== 'record') return;
    const { cluster, version, grants } = effect;
    time.after(disk.writeMs(), () => {
      if (!this.alive && !disk.outlives()) return;
      disk.written.set(cluster, grants);
      this.do(() => this.#handle({ kind: 'recorded', cluster, version, failure: undefined }));
    });
  }

  #link(client: ClientId, connection: Connection): LinkPort {
    return {
      send: (bytes) => {
        if (connection.waiting('arbiter') > MESSAGES_WAITING_MAX + KERNEL_MESSAGES) return false;
        connection.send('arbiter', bytes);
        return true;
      },
      startTls: () => undefined,
      flush: () => undefined,
      pauseReading: () => undefined,
      resumeReading: () => undefined,
      close: () => {
        connection.close('arbiter');
        this.#connections.delete(client);
      },
    };
  }
}
