/**
 * When to try again. A connection that stood and broke is tried again within a fraction of the cast interval, spread by
 * chance so that the nodes of many clusters do not come back as one. Failed attempts follow each other ever more slowly,
 * up to upstream's fixed pace of one in each connect timeout.
 */

import type { MemberSettings } from './settings.ts';

const FIRST_RETRY_MS = 250;

export class Reconnect {
  #failures = 0;

  /** `jitter` is random in [0, 1). */
  delayMs(stood: boolean, settings: MemberSettings, jitter: number): number {
    if (stood) {
      this.#failures = 0;
      return Math.trunc(0.9 * settings.castIntervalMs * jitter);
    }
    const fullMs = Math.min(settings.connectTimeoutMs, FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return Math.trunc(fullMs / 2 + (fullMs / 2) * jitter);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
