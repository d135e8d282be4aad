/** The arbiter of the show: our own service in this process, asked for its state where `qnetd status` asks. */

import type { ArbiterSettings } from '../arbiter/settings.ts';
import type { LogSink } from '../qnetd/log-lines.ts';
import { type Directories, defaultQnetdOptions, type QnetdOptions } from '../qnetd/options.ts';
import { Service } from '../qnetd/service.ts';
import { OperatorError } from '../runtime/errors.ts';
import { askLocalSocket } from '../runtime/local-socket.ts';
import { SILENT_SERVICE_MANAGER } from '../runtime/service-manager.ts';
import { type ClusterStatus, readStatusJson } from '../status/json.ts';
import { Chance, SEED_MAX } from './random.ts';

/**
 * Below the ports that Linux gives out by itself (32768 and up): nobody is given the arbiter's while it is away, and no
 * node that tries to reach it there is connected to itself, which can happen to a port of that range.
 */
const PORT_MIN = 20_000;
const PORT_COUNT = 10_000;
const PORT_TRIES_MAX = 50;
const ASK_LIMITS = { timeoutMs: 1_000, replyBytesMax: 1 << 20 };
const ASK_EACH_MS = 50;

export interface ArbiterWishes {
  readonly directories: Directories;
  readonly voteSafety: ArbiterSettings['voteSafety'];
  readonly log: LogSink;
  /** It failed by itself. */
  readonly failed: (error: unknown) => void;
}

export class DemoArbiter {
  readonly #wishes: ArbiterWishes;
  #port: number;
  #service: Service | undefined;
  #asking: NodeJS.Timeout | undefined;
  #status: ClusterStatus | undefined;

  private constructor(wishes: ArbiterWishes, port: number) {
    this.#wishes = wishes;
    this.#port = port;
  }

  /** On any port that is free. */
  static async start(wishes: ArbiterWishes): Promise<DemoArbiter> {
    const chance = new Chance(Math.floor(Math.random() * SEED_MAX));
    for (let triesLeft = PORT_TRIES_MAX; ; triesLeft -= 1) {
      const arbiter = new DemoArbiter(wishes, PORT_MIN + chance.below(PORT_COUNT));
      try {
        await arbiter.start();
        return arbiter;
      } catch (error) {
        if (triesLeft === 0 || !isPortTaken(error)) throw error;
      }
    }
  }

  get port(): number {
    return this.#port;
  }

  /** What it knows of the one cluster; undefined while it is away or has not met a node. */
  get status(): ClusterStatus | undefined {
    return this.#status;
  }

  async start(): Promise<void> {
    const { directories, voteSafety, log, failed } = this.#wishes;
    const usual = defaultQnetdOptions(directories);
    const options: QnetdOptions = {
      ...usual,
      arbiter: { ...usual.arbiter, voteSafety },
      listenAddress: '127.0.0.1',
      port: this.#port,
    };
    const ports = { log, manager: SILENT_SERVICE_MANAGER, failed, stopAsked: () => undefined };
    const service = await Service.start(options, ports);
    this.#service = service;
    this.#ask(service, options.localSocket.path);
  }

  async stop(): Promise<void> {
    const service = this.#service;
    this.#service = undefined;
    this.#status = undefined;
    clearTimeout(this.#asking);
    await service?.stop();
  }

  /** One question after the other. */
  #ask(service: Service, path: string): void {
    this.#asking = setTimeout(() => {
      void askLocalSocket(path, 'snapshot\n', ASK_LIMITS).then(({ reply }) => {
        if (this.#service !== service) return;
        const text = reply.toString('latin1');
        const status = text.startsWith('OK\n') ? readStatusJson(text.slice('OK\n'.length)) : undefined;
        this.#status = status?.clusters[0];
        this.#ask(service, path);
      });
    }, ASK_EACH_MS);
  }
}

function isPortTaken(error: unknown): boolean {
  const cause = error instanceof OperatorError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}
