/**
 * The connections of the arbiter: makes a link of every accepted socket, numbers it, and ties it to the driver. It also
 * knows the links that are closed already and still send their last bytes, so that a clean stop can wait for them.
 */
import type { Socket } from 'node:net';
import type { ClientId } from '../arbiter/events.ts';
import type { Report } from '../arbiter/reports.ts';
import type { ByteString } from '../protocol/values.ts';
import { type Core, Driver } from './driver.ts';
import { Link, type LinkOptions } from './link.ts';
import type { ReportLog } from './log-lines.ts';
import type { RecordStore } from './records.ts';

export interface QnetServerOptions extends LinkOptions {
  readonly core: Core;
  readonly nowMs: () => number;
  readonly log: ReportLog;
  readonly records: RecordStore;
  /** Clients or clusters may be more or fewer than before. */
  readonly changed: () => void;
  /** The arbiter failed and nothing is served any more. */
  readonly failed: (error: unknown) => void;
}

const CHANGES: readonly Report['what'][] = ['connected', 'joined', 'left', 'clusterFailed'];

/** A little more than a link takes to close. */
const STOP_MS_MAX = 1_250;

export class QnetServer {
  readonly #options: QnetServerOptions;
  readonly #driver: Driver;
  readonly #links = new Set<Link>();
  #clients: ClientId = 0;
  #slowReaders = 0;
  #allReleased: (() => void) | undefined;

  constructor(options: QnetServerOptions) {
    this.#options = options;
    this.#driver = new Driver({
      core: options.core,
      nowMs: options.nowMs,
      report: (report) => {
        options.log.report(report);
        if (CHANGES.includes(report.what)) options.changed();
      },
      records: options.records,
      overflowed: (blame, to) => {
        this.#slowReaders += 1;
        options.log.overflowed(blame, to);
      },
      failed: options.failed,
    });
  }

  /** How often a connection was closed because too many messages waited for it, since the start. */
  get slowReaders(): number {
    return this.#slowReaders;
  }

  accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      // It was reset while it waited to be accepted.
      socket.destroy();
      return;
    }
    this.#clients += 1;
    const client = this.#clients;
    const driver = this.#driver;
    const link = new Link(socket, this.#options, {
      bytes: (bytes) => driver.feed({ kind: 'bytes', client, bytes }),
      secured: (certificate) => driver.feed({ kind: 'secured', client, certificate }),
      handshakeFailed: (reason) => this.#options.log.handshakeFailed(client, reason),
      gone: (reason, finished) => driver.disconnected(client, reason, finished),
      released: () => {
        this.#options.log.forget(client);
        this.#released(link);
      },
    });
    this.#links.add(link);
    driver.connected(client, `${remoteAddress}:${remotePort}`, link);
  }

  /** Lets the arbiter look at the clock: what a watchdog may take as a sign of life. */
  tick(): void {
    this.#driver.feed({ kind: 'tick' });
  }

  /** These certificates open nothing any more, nor do their connections stay; by fingerprint. */
  revoke(fingerprints: ReadonlySet<string>): void {
    this.#driver.feed({ kind: 'revoked', fingerprints });
  }

  /** An operator says that nothing on this node can be casting a vote. */
  release(cluster: ByteString, nodeId: number): void {
    this.#driver.feed({ kind: 'release', cluster, nodeId });
  }

  /** Closes every connection and waits, for a limited time, until the peers have heard. */
  async stop(): Promise<void> {
    this.#driver.feed({ kind: 'shutdown' });
    this.#driver.stop();
    for (const link of this.#links) link.close();
    if (this.#links.size === 0) return;
    const deadline = setTimeout(() => {
      for (const link of this.#links) link.destroy();
    }, STOP_MS_MAX);
    await new Promise<void>((resolve) => {
      this.#allReleased = resolve;
    });
    clearTimeout(deadline);
  }

  #released(link: Link): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#allReleased?.();
  }
}
