/**
 * The bridge between the arbiter, which knows no sockets and no clock, and the world: one event in, its effects out,
 * one timer for the moment at which the arbiter wants to be woken.
 *
 * Events are handled one after another. What happens while effects are carried out (a full queue, a handshake that
 * cannot start) waits until they are done. An error of the arbiter that it did not confine to a cluster leaves its
 * state unknown: the driver stops for good and says so, and the service manager starts a clean process.
 */
import type { Effect } from '../arbiter/effects.ts';
import type { ArbiterEvent, ClientId } from '../arbiter/events.ts';
import type { Report } from '../arbiter/reports.ts';
import type { RecordStore } from './records.ts';
import { type EffectPorts, type LinkPort, runEffects } from './run-effects.ts';

/** The part of the arbiter that a driver needs. */
export interface Core {
  handle(event: ArbiterEvent, nowMs: number): readonly Effect[];
  nextDeadlineMs(): number | undefined;
}

export interface DriverOptions {
  readonly core: Core;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly report: (report: Report) => void;
  readonly records: RecordStore;
  readonly overflowed: (blame: ClientId, to: ClientId) => void;
  /** The arbiter failed; called once, nothing is fed to it any more. */
  readonly failed: (error: unknown) => void;
}

/** What setTimeout can wait, in ms; beyond it fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Driver {
  readonly #options: DriverOptions;
  readonly #links = new Map<ClientId, LinkPort>();
  readonly #ports: EffectPorts;
  readonly #waiting: ArbiterEvent[] = [];
  #feeding = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; infinite without one. */
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#ports = {
      links: this.#links,
      report: options.report,
      records: options.records,
      later: (later) => this.feed(later),
      overflowed: (blame, to) => this.#overflowed(blame, to),
    };
  }

  /** A connection was accepted. */
  connected(client: ClientId, address: string, link: LinkPort): void {
    if (this.#stopped) {
      link.close();
      return;
    }
    this.#links.set(client, link);
    this.feed({ kind: 'connected', client, address });
  }

  /** The connection is no more, from outside. */
  disconnected(client: ClientId, reason: string, finished = false): void {
    if (this.#links.delete(client)) this.feed({ kind: 'disconnected', client, reason, finished });
  }

  feed(event: ArbiterEvent): void {
    if (this.#stopped) return;
    if (this.#feeding) {
      this.#waiting.push(event);
      return;
    }
    this.#feeding = true;
    try {
      this.#handle(event);
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#handle(next);
    } catch (error) {
      this.stop();
      this.#options.failed(error);
      return;
    } finally {
      this.#feeding = false;
    }
    this.#wakeLater();
  }

  /** Feeds nothing any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #handle(event: ArbiterEvent): void {
    runEffects(this.#options.core.handle(event, this.#options.nowMs()), this.#ports);
  }

  #overflowed(blame: ClientId, to: ClientId): void {
    const link = this.#links.get(blame);
    if (link === undefined) return;
    this.#options.overflowed(blame, to);
    link.close();
    this.disconnected(blame, 'a message that it caused could not be queued');
  }

  /** A timer that fires too early finds nothing to do, which costs less than setting it anew after each event. */
  #wakeLater(): void {
    if (this.#stopped) return;
    const deadlineMs = this.#options.core.nextDeadlineMs();
    if (deadlineMs === undefined || deadlineMs >= this.#wakeAtMs) return;
    clearTimeout(this.#timer);
    const waitMs = Math.min(Math.max(0, Math.ceil(deadlineMs - this.#options.nowMs())), TIMER_MS_MAX);
    this.#wakeAtMs = deadlineMs;
    this.#timer = setTimeout(() => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.feed({ kind: 'tick' });
    }, waitMs);
  }
}
