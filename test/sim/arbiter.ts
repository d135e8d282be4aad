/** One run of the arbiter: the real core and the real order of effects, on a simulated network. */
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import type { ArbiterEvent, ClientId } from '../../src/arbiter/events.ts';
import type { Report } from '../../src/arbiter/reports.ts';
import type { ArbiterSettings } from '../../src/arbiter/settings.ts';
import { memoryRecords } from '../../src/qnetd/records.ts';
import { type LinkPort, runEffects } from '../../src/qnetd/run-effects.ts';
import type { Connection, Endpoint } from './network.ts';
import { Process } from './process.ts';
import type { ProcessClock, VirtualTime } from './virtual-time.ts';

export interface ArbiterWorld {
  readonly time: VirtualTime;
  readonly clock: ProcessClock;
  readonly settings: ArbiterSettings;
  readonly report: (report: Report) => void;
}

/** As max_client_send_buffers. */
const MESSAGES_WAITING_MAX = 32;
/** What the kernel takes besides, in small messages; much less than a real one, so that it matters. */
const KERNEL_MESSAGES = 64;

export class SimArbiter extends Process {
  readonly core: Arbiter;
  readonly #world: ArbiterWorld;
  readonly #links = new Map<ClientId, LinkPort>();
  readonly #records = memoryRecords();
  readonly #connections = new Map<ClientId, Connection>();
  #clients = 0;

  constructor(world: ArbiterWorld) {
    super(world.time, world.clock);
    this.#world = world;
    this.core = new Arbiter(world.settings);
  }

  accept(connection: Connection): Endpoint {
    this.#clients += 1;
    const client = this.#clients;
    this.#connections.set(client, connection);
    return {
      opened: () =>
        this.do(() => {
          this.#links.set(client, this.#link(client, connection));
          this.#handle({ kind: 'connected', client, address: `node ${connection.nodeId}` });
        }),
      bytes: (bytes) =>
        this.do(() => {
          if (this.#links.has(client)) this.#handle({ kind: 'bytes', client, bytes });
        }),
      ended: () => {
        this.#connections.delete(client);
        this.do(() => this.#disconnected(client, 'the node closed the connection'));
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

  #disconnected(client: ClientId, reason: string): void {
    if (this.#links.delete(client)) this.#handle({ kind: 'disconnected', client, reason });
  }

  #handle(event: ArbiterEvent): void {
    const waiting: ArbiterEvent[] = [event];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      runEffects(this.core.handle(next, this.clock.nowMs()), {
        links: this.#links,
        report: this.#world.report,
        records: this.#records,
        later: (later) => waiting.push(later),
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
