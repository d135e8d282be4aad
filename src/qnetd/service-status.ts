/** What the service manager is told while the service runs: a line of numbers, and that the service is alive. */
import type { ServiceManager } from '../runtime/service-manager.ts';

export interface ServiceStatusOptions {
  readonly manager: ServiceManager;
  readonly counts: () => { readonly clients: number; readonly clusters: number };
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
    this.#told = this.#line();
    await manager.ready(this.#told);
    if (manager.watchdogIntervalMs === undefined) return;
    this.#watchdog = setInterval(() => {
      check();
      void manager.alive();
    }, manager.watchdogIntervalMs);
  }

  /** The numbers may be others; told within a second. */
  changed(): void {
    this.#next ??= setTimeout(() => {
      this.#next = undefined;
      const line = this.#line();
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

  #line(): string {
    const { clients, clusters } = this.#options.counts();
    return `${counted(clients, 'client')} in ${counted(clusters, 'cluster')}`;
  }
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
