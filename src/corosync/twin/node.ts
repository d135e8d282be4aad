/** One node of the twin: its keys, its votequorum, and the programs connected to it. */
import type { VotequorumEvent } from '../votequorum.ts';
import { type Keys, KeyTable } from './key-table.ts';
import { type EnginePorts, VotequorumEngine } from './votequorum-engine.ts';

const RELOAD_FLAG = 'config.totemconfig_reload_in_progress';
const STATUS_GOOD = 1;

export interface Tracker {
  readonly notify: (event: VotequorumEvent) => void;
  readonly lost: () => void;
}

export class TwinNode {
  readonly nodeId: number;
  readonly keys: KeyTable;
  readonly engine: VotequorumEngine;
  /** Every program with a connection. */
  readonly connections = new Set<Tracker>();
  /** Those of them that follow changes. */
  readonly trackers = new Set<Tracker>();
  #running = true;

  constructor(nodeId: number, keys: Keys, ports: Omit<EnginePorts, 'notify'>) {
    this.nodeId = nodeId;
    this.keys = new KeyTable(keys);
    const notify = (event: VotequorumEvent): void => {
      for (const tracker of [...this.trackers]) tracker.notify(event);
    };
    this.engine = new VotequorumEngine(nodeId, this.keys, { ...ports, notify });
    this.keys.watch(({ key }) => {
      if (this.#concernsVotes(key)) this.engine.reconfigure();
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Connections are accepted only after the first synchronisation. */
  get answers(): boolean {
    return this.#running && this.engine.view.nodeIds.length > 0;
  }

  stop(): void {
    this.#running = false;
    this.engine.stop();
    for (const connection of [...this.connections]) connection.lost();
    this.connections.clear();
    this.trackers.clear();
  }

  /** Votequorum waits for the end of a reload, and acts on a good one only. */
  #concernsVotes(key: string): boolean {
    if (!key.startsWith('nodelist.') && !key.startsWith('quorum.') && key !== RELOAD_FLAG) return false;
    if (this.keys.number(RELOAD_FLAG) === 1) return false;
    return key !== RELOAD_FLAG || (this.keys.number('config.reload_status') ?? STATUS_GOOD) === STATUS_GOOD;
  }
}
