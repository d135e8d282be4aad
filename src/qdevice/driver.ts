/**
 * The bridge between the node's core, which knows no sockets and no clock, and the world: one event in, its effects out,
 * one timer for the moment at which the core wants to be woken. Events are handled one after another; what happens while
 * effects are carried out waits until they are done.
 */
import type { Effect } from '../member/effects.ts';
import type { LinkId, MemberEvent } from '../member/events.ts';
import { type EffectPorts, type LinkPort, runEffects } from './run-effects.ts';

/** The part of the core that a driver needs. */
export interface Core {
  handle(event: MemberEvent, nowMs: number): readonly Effect[];
  nextDeadlineMs(): number | undefined;
}

export interface DriverOptions {
  readonly core: Core;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly ports: Omit<EffectPorts, 'links'>;
  /** The core failed; called once, nothing is fed to it any more. */
  readonly failed: (error: unknown) => void;
}

/** What setTimeout can wait, in ms; beyond it fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Driver {
  readonly #options: DriverOptions;
  readonly #links = new Map<LinkId, LinkPort>();
  readonly #waiting: MemberEvent[] = [];
  #feeding = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  feed(event: MemberEvent): void {
    if (this.#stopped) return;
    this.#waiting.push(event);
    if (this.#feeding) return;
    this.#feeding = true;
    try {
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

  /** The connection of an attempt ended, from outside. */
  disconnected(link: LinkId, cause: 'connectFailed' | 'arbiterClosed' | 'tlsFailed', detail: string): void {
    if (this.#links.delete(link)) this.feed({ kind: 'disconnected', link, cause, detail, jitter: Math.random() });
  }

  /** Feeds nothing any more and closes what is open. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #handle(event: MemberEvent): void {
    const { core, nowMs, ports } = this.#options;
    const failure = runEffects(core.handle(event, nowMs()), { ...ports, links: this.#links });
    // Ahead of what waits: nothing else is to be done about a vote that is not there.
    if (failure !== undefined) this.#waiting.unshift({ kind: 'castFailed', detail: failure });
  }

  #wakeLater(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const { core, nowMs } = this.#options;
    const deadlineMs = core.nextDeadlineMs();
    if (deadlineMs === undefined) return;
    const waitMs = Math.min(Math.max(0, Math.ceil(deadlineMs - nowMs())), TIMER_MS_MAX);
    this.#timer = setTimeout(() => this.feed({ kind: 'tick', jitter: Math.random() }), waitMs);
  }
}
