/**
 * One node of the show: corosync from the embedded engine, our own daemon beside it, and an onlooker with a connection of
 * its own, who sees what every program on that node sees.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Corosync } from '../corosync/port.ts';
import type { TwinCluster } from '../corosync/twin/cluster.ts';
import type { Keys } from '../corosync/twin/key-table.ts';
import { Daemon } from '../qdevice/daemon.ts';
import type { LogSink } from '../qdevice/log-lines.ts';
import type { QdeviceOptions } from '../qdevice/options.ts';
import { OperatorError } from '../runtime/errors.ts';
import { SILENT_SERVICE_MANAGER } from '../runtime/service-manager.ts';
import type { NodeSeen } from './check.ts';
import type { NodeIds } from './world.ts';

export interface NodeWishes {
  readonly nodeId: number;
  readonly cluster: TwinCluster;
  readonly keys: Keys;
  readonly options: QdeviceOptions;
  readonly log: LogSink;
  /** Something that every program on the node could have noticed. */
  readonly changed: () => void;
  /** The daemon ended although nobody made it. */
  readonly failed: (reason: string) => void;
}

const CONNECT_TRIES_MAX = 300;
const CONNECT_PAUSE_MS = 10;
const THIS_NODE = 0;

export class DemoNode {
  readonly #wishes: NodeWishes;
  #stop = new AbortController();
  #mayEnd = false;
  #daemon: Promise<void> | undefined;
  #onlooker: Onlooker | undefined;

  constructor(wishes: NodeWishes) {
    this.#wishes = wishes;
  }

  /** Power on. */
  async start(): Promise<void> {
    const { cluster, nodeId, keys, changed } = this.#wishes;
    cluster.start(nodeId, keys);
    this.#onlooker = new Onlooker(await this.#connect(), changed);
    this.#stop = new AbortController();
    this.#mayEnd = false;
    this.#daemon = this.#run(this.#stop.signal);
  }

  /** Power off: the daemon has nothing to hold on to. */
  async lose(): Promise<void> {
    const { cluster, nodeId } = this.#wishes;
    this.#mayEnd = true;
    this.#onlooker = undefined;
    cluster.kill(nodeId);
    await this.#daemon;
  }

  /** The daemon in good order; the engine ends with this process. */
  async stop(): Promise<void> {
    this.#mayEnd = true;
    this.#stop.abort();
    await this.#daemon;
  }

  /** undefined: it does not run. */
  seen(): NodeSeen | undefined {
    return this.#onlooker?.seen(this.#wishes.nodeId);
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { nodeId, options, log, failed } = this.#wishes;
    let end: string;
    try {
      const code = await Daemon.run(
        options,
        {
          log,
          setDebug: () => undefined,
          manager: SILENT_SERVICE_MANAGER,
          connectCorosync: () => this.#connect(),
          answer: () => ({ text: '', stop: false }),
        },
        stop,
      );
      end = `exit code ${code}`;
    } catch (error) {
      end = error instanceof Error ? error.message : String(error);
    }
    if (!this.#mayEnd) failed(`the daemon of node ${nodeId} ended: ${end}`);
  }

  /** Corosync lets nobody in before its first synchronisation, which takes a moment. */
  async #connect(): Promise<Corosync> {
    const { cluster, nodeId } = this.#wishes;
    for (let triesLeft = CONNECT_TRIES_MAX; ; triesLeft -= 1) {
      try {
        return await cluster.connect(nodeId, { maxTryAgain: 0 });
      } catch (error) {
        if (!(error instanceof OperatorError) || triesLeft === 0) throw error;
      }
      await pause(CONNECT_PAUSE_MS);
    }
  }
}

class Onlooker {
  readonly #corosync: Corosync;
  #members: NodeIds = [];
  #synchronising = true;
  #quorate = false;

  constructor(corosync: Corosync, changed: () => void) {
    this.#corosync = corosync;
    corosync.track({
      onNodeList: (_ringId, nodeIds) => {
        this.#members = [...nodeIds].sort((a, b) => a - b);
        this.#synchronising = true;
        changed();
      },
      onQuorum: (quorate) => {
        this.#quorate = quorate;
        this.#synchronising = false;
        changed();
      },
      onExpectedVotes: changed,
      onKeysChanged: () => undefined,
      onLost: () => undefined,
    });
  }

  seen(nodeId: number): NodeSeen | undefined {
    const info = this.#corosync.info(THIS_NODE);
    if (info === undefined) return undefined;
    const { totalVotes: votes, quorum, deviceCasts: casts } = info;
    return {
      nodeId,
      members: this.#members,
      synchronising: this.#synchronising,
      quorate: this.#quorate,
      votes,
      quorum,
      casts,
    };
  }
}
