/**
 * The arbiters that are compared: Debian's daemon, our daemon, and our core without any daemon around it. No node is
 * ever found dead by time, and intervals may be short. A daemon that has ended or hangs is replaced by a new one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Daemon, DaemonKind } from '../interop/daemon.ts';
import { startDaemon } from '../interop/daemon.ts';
import { CoreWire } from '../scenarios/core-wire.ts';
import { SocketWire } from '../scenarios/socket-wire.ts';
import type { Wire } from '../scenarios/wire.ts';

export type ArbiterKind = DaemonKind | 'core';

const SWITCHES = ['-S', 'dpd_enabled=off,heartbeat_interval_min=40,listen_backlog=64,ipc_max_clients=64'];
/** A process that died is known to be dead within this. */
const DEATH_MS = 200;

export interface Arbiter {
  readonly kind: ArbiterKind;
  wire(): Promise<Wire>;
  /** How the process behind it ended; undefined if it lives. It is replaced when it is needed next. */
  death(): Promise<string | undefined>;
  /** Ends the process; the next wire leads to a new one. */
  stop(): Promise<void>;
}

export function openArbiter(kind: ArbiterKind): Arbiter {
  return kind === 'core' ? CORE : new DaemonArbiter(kind);
}

const CORE: Arbiter = {
  kind: 'core',
  wire: () => Promise.resolve(new CoreWire({ deadPeerDetection: false, heartbeatMsMin: 40 })),
  death: () => Promise.resolve(undefined),
  stop: () => Promise.resolve(),
};

class DaemonArbiter implements Arbiter {
  readonly kind: DaemonKind;
  #daemon: Promise<Daemon> | undefined;

  constructor(kind: DaemonKind) {
    this.kind = kind;
  }

  async wire(): Promise<Wire> {
    this.#daemon ??= startDaemon(this.kind, SWITCHES);
    return new SocketWire(await this.#daemon);
  }

  async death(): Promise<string | undefined> {
    const asked = this.#daemon;
    const daemon = await asked;
    if (daemon === undefined) return undefined;
    const ended = await Promise.race([daemon.ended.then(String), sleep(DEATH_MS, undefined)]);
    if (ended !== undefined && this.#daemon === asked) await this.stop();
    return ended;
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    await (await daemon)?.stop();
  }
}
