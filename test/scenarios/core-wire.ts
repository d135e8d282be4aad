/** The wire to the pure core: connections are arrays, and the clock is a number that only a test moves. */
import assert from 'node:assert/strict';
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import type { ArbiterEvent, ClientId } from '../../src/arbiter/events.ts';
import type { ArbiterSettings } from '../../src/arbiter/settings.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { memoryRecords } from '../../src/qnetd/records.ts';
import type { LinkPort } from '../../src/qnetd/run-effects.ts';
import { runEffects } from '../../src/qnetd/run-effects.ts';
import type { Connection, Wire } from './wire.ts';

/** Upstream's default for max_client_send_buffers. */
const WAITING_MESSAGES_MAX = 32;

export class CoreWire implements Wire {
  readonly #arbiter: Arbiter;
  readonly #links = new Map<ClientId, LinkPort>();
  readonly #waiting: ArbiterEvent[] = [];
  readonly #records = memoryRecords();
  #nowMs = 0;
  #clients = 0;

  /** `settings` beside those of a daemon without TLS that decides as upstream does. */
  constructor(settings: Partial<ArbiterSettings> = {}) {
    this.#arbiter = new Arbiter({
      ...DEFAULT_ARBITER_SETTINGS,
      tls: 'unsupported',
      voteSafety: 'upstream',
      ...settings,
    });
  }

  connect(): Promise<Connection> {
    this.#clients += 1;
    const client = this.#clients;
    const left = () => {
      if (this.#links.delete(client)) this.#feed({ kind: 'disconnected', client, reason: 'closed by the node' });
    };
    const connection = new CoreConnection((bytes) => this.#feed({ kind: 'bytes', client, bytes }), left);
    this.#links.set(client, connection.link);
    this.#feed({ kind: 'connected', client, address: `127.0.0.1:${client}` });
    return Promise.resolve(connection);
  }

  connectedNodes(cluster: string): Promise<number[]> {
    const found = this.#arbiter.snapshot(this.#nowMs).clusters.find(({ name }) => name === cluster);
    return Promise.resolve(found?.nodes.map(({ nodeId }) => nodeId) ?? []);
  }

  pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const deadlineMs = this.#arbiter.nextDeadlineMs();
      if (deadlineMs === undefined || deadlineMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, deadlineMs);
      this.#feed({ kind: 'tick' });
    }
    this.#nowMs = untilMs;
    return Promise.resolve();
  }

  #feed(event: ArbiterEvent): void {
    this.#waiting.push(event);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      runEffects(this.#arbiter.handle(next, this.#nowMs), {
        links: this.#links,
        report: () => undefined,
        records: this.#records,
        later: (later) => this.#waiting.push(later),
        overflowed: (blame) => {
          this.#links.get(blame)?.close();
          if (!this.#links.delete(blame)) return;
          this.#waiting.push({ kind: 'disconnected', client: blame, reason: 'a queue is full' });
        },
      });
      // A daemon sets a timer of no time for what is due already: whoever has used up a turn goes on at once.
      if (this.#waiting.length === 0 && (this.#arbiter.nextDeadlineMs() ?? Number.POSITIVE_INFINITY) <= this.#nowMs) {
        this.#waiting.push({ kind: 'tick' });
      }
    }
  }
}

/** The node's end. The arbiter's end is `link`. */
class CoreConnection implements Connection {
  readonly send: (bytes: Uint8Array) => void;
  readonly close: () => void;
  readonly link: LinkPort;
  #arrived: Uint8Array[] = [];
  #closed = false;
  #frozen = false;

  constructor(toArbiter: (bytes: Uint8Array) => void, left: () => void) {
    this.send = (bytes) => {
      if (!this.#closed) toArbiter(bytes);
    };
    this.close = () => {
      this.#closed = true;
      left();
    };
    this.link = {
      send: (frame) => {
        if (this.#frozen && this.#arrived.length >= WAITING_MESSAGES_MAX) return false;
        this.#arrived.push(frame);
        return true;
      },
      startTls: () => assert.fail('no scenario speaks TLS'),
      flush: () => undefined,
      pauseReading: () => undefined,
      resumeReading: () => undefined,
      close: () => {
        this.#closed = true;
      },
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  drain(): Uint8Array {
    const bytes = Buffer.concat(this.#arrived);
    this.#arrived = [];
    return bytes;
  }

  more(): Promise<void> {
    assert(this.#arrived.length > 0 || this.#closed, 'the core answers at once or never');
    return Promise.resolve();
  }

  freeze(): void {
    this.#frozen = true;
  }
}
