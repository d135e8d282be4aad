/**
 * What a daemon tells the service manager that started it. Not being run by systemd is a normal case, and a
 * notification that gets lost never stops a daemon: no method here rejects.
 */
import { spawn } from 'node:child_process';
import notify from 'systemd-notify';

export interface ServiceManager {
  /** The service can be used. Says what it is doing in one line. */
  ready(status: string): Promise<void>;
  status(text: string): Promise<void>;
  /** The service has begun to stop. Resolved when it was handed over, so that it can be awaited before exit. */
  stopping(): Promise<void>;
  /** The service is not stuck. To be called every `watchdogIntervalMs`. */
  alive(): Promise<void>;
  /** Undefined: nobody watches. */
  readonly watchdogIntervalMs: number | undefined;
}

/** For a daemon that nobody manages. */
export const SILENT_SERVICE_MANAGER: ServiceManager = {
  watchdogIntervalMs: undefined,
  ready: () => Promise.resolve(),
  status: () => Promise.resolve(),
  stopping: () => Promise.resolve(),
  alive: () => Promise.resolve(),
};

/** For tests: keeps what it is told, in systemd's own words. */
export class RecordingServiceManager implements ServiceManager {
  readonly told: string[] = [];
  readonly watchdogIntervalMs: number | undefined;

  constructor(watchdogIntervalMs?: number) {
    this.watchdogIntervalMs = watchdogIntervalMs;
  }

  ready(status: string): Promise<void> {
    return this.#keep('READY=1', `STATUS=${oneLine(status)}`);
  }

  status(text: string): Promise<void> {
    return this.#keep(`STATUS=${oneLine(text)}`);
  }

  stopping(): Promise<void> {
    return this.#keep('STOPPING=1');
  }

  alive(): Promise<void> {
    return this.#keep('WATCHDOG=1');
  }

  #keep(...assignments: string[]): Promise<void> {
    this.told.push(...assignments);
    return Promise.resolve();
  }
}

/** The manager that the environment names (sd_notify(3), sd_watchdog_enabled(3)), or the silent one. */
export function serviceManager(
  environment: NodeJS.ProcessEnv,
  pid: number,
  onFailure: (problem: string) => void,
): ServiceManager {
  const socket = environment['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return SILENT_SERVICE_MANAGER;
  return new Systemd(watchdogIntervalMs(environment, pid), onFailure);
}

/**
 * Each notification is a run of systemd-notify, and two runs may overtake each other, so they follow one after the
 * other. A status that is outdated before its turn is not sent at all.
 */
class Systemd implements ServiceManager {
  readonly watchdogIntervalMs: number | undefined;
  readonly #onFailure: (problem: string) => void;
  #last: Promise<void> = Promise.resolve();
  #nextStatus: string | undefined;
  #nextAlive: Promise<void> | undefined;

  constructor(intervalMs: number | undefined, onFailure: (problem: string) => void) {
    this.watchdogIntervalMs = intervalMs;
    this.#onFailure = onFailure;
  }

  ready(status: string): Promise<void> {
    return this.#after(() => notify({ ready: true, status: oneLine(status) }));
  }

  status(text: string): Promise<void> {
    const isWaiting = this.#nextStatus !== undefined;
    this.#nextStatus = oneLine(text);
    if (isWaiting) return this.#last;
    return this.#after(async () => {
      const status = this.#nextStatus ?? '';
      this.#nextStatus = undefined;
      await runSystemdNotify(`STATUS=${status}`);
    });
  }

  stopping(): Promise<void> {
    return this.#after(() => runSystemdNotify('STOPPING=1'));
  }

  alive(): Promise<void> {
    this.#nextAlive ??= this.#after(() => {
      this.#nextAlive = undefined;
      return runSystemdNotify('WATCHDOG=1');
    });
    return this.#nextAlive;
  }

  #after(step: () => Promise<unknown>): Promise<void> {
    this.#last = this.#last.then(async () => {
      try {
        await step();
      } catch (cause) {
        this.#onFailure(String(cause instanceof Error ? cause.message : cause));
      }
    });
    return this.#last;
  }
}

/**
 * The npm package knows neither STOPPING nor WATCHDOG, and a program that cannot be started, as when every descriptor is
 * taken, is an error there that nobody can catch. So it serves for READY alone, which is told while descriptors are free.
 */
function runSystemdNotify(assignment: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // systemd-notify itself gives up after 5 s of an unanswered barrier.
    const child = spawn('systemd-notify', [assignment], { stdio: 'ignore', timeout: 10_000 });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`systemd-notify ${assignment} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Half of what systemd waits for, as sd_watchdog_enabled(3) advises. WATCHDOG_PID names whom it is meant for. */
function watchdogIntervalMs(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const meantFor = environment['WATCHDOG_PID'];
  if (meantFor !== undefined && meantFor !== String(pid)) return undefined;
  const text = environment['WATCHDOG_USEC'] ?? '';
  if (!/^[1-9]\d{0,15}$/.test(text)) return undefined;
  return Math.max(1, Math.floor(Number(text) / 2_000));
}

/** A newline would start another assignment. */
function oneLine(text: string): string {
  return text.replace(/\s*[\r\n\0]+\s*/g, ' ').trim();
}
