/** What the service manager is told while a service runs: a line on its state, and that it is alive. */
import type { ServiceManager } from './service-manager.ts';

export interface ServiceStatusOptions {
  readonly manager: ServiceManager;
  /** For people, in few words. */
  readonly line: () => string;
  /** Throws if the service does not work any more; called before each sign of life. */
  readonly check: () => void;
}

/** The line is for people: no need to tell faster than they read. */
const STATUS_MS_MIN = 1_000;

export class ServiceStatus {
  readonly #options: ServiceStatusOptions;
  #told = '';
  #next: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: ServiceStatusOptions) {
    this.#options = options;
  }

  async ready(): Promise<void> {
    const { manager, check } = this.#options;
    this.#told = this.#options.line();
    await manager.ready(this.#told);
    if (manager.watchdogIntervalMs === undefined) return;
    this.#watchdog = setInterval(() => {
      check();
      void manager.alive();
    }, manager.watchdogIntervalMs);
  }

  /** The line may be another; told within a second. */
  changed(): void {
    this.#next ??= setTimeout(() => {
      this.#next = undefined;
      const line = this.#options.line();
      if (line === this.#told) return;
      this.#told = line;
      void this.#options.manager.status(line);
    }, STATUS_MS_MIN);
  }

  async stopping(): Promise<void> {
    clearTimeout(this.#next);
    clearInterval(this.#watchdog);
    await this.#options.manager.stopping();
  }
}
