/** Two nodes of a cluster that is never left in peace, and what each of them has to be told after every fault. */
import { setTimeout as pause } from 'node:timers/promises';
import { LoadNode, type Target } from '../bench/arbiter/load-node.ts';

/** Faults draw from it; the same seed draws the same ones in each cluster. */
export type Random = () => number;

/** Longer than any machine is busy: what is not there then does not come. */
const VOTE_MS_MAX = 240_000;
const PAUSE_MS_MAX = 16_000;
const BOTH = [1, 2];
/** This process is busy, and shall not be taken for dead nodes. */
const HEARTBEAT_SHARE = 0.4;

export class MissedVote extends Error {
  readonly cluster: string;

  constructor(cluster: string, problem: string) {
    super(`${cluster}: ${problem}`);
    this.cluster = cluster;
  }
}

export class Pair {
  faults = 0;
  readonly #cluster: string;
  readonly #target: Target;
  readonly #random: Random;
  readonly #nodes: readonly LoadNode[];
  /** By node: the promise that waits for this. */
  readonly #waiting: Record<'joined' | 'granted', ((() => void) | undefined)[]> = { joined: [], granted: [] };
  #ringSeq = 4;
  /** Who may be told ACK for what was reported last. */
  #winners: readonly number[] = [];
  #problem: string | undefined;

  constructor(cluster: string, address: string, target: Target, random: Random) {
    this.#cluster = cluster;
    this.#target = target;
    this.#random = random;
    this.#nodes = BOTH.map((nodeId, at) => {
      const events = {
        joined: () => this.#waiting.joined[at]?.(),
        granted: () => {
          if (!this.#winners.includes(at)) this.#problem ??= `node ${nodeId} has the vote in ring ${this.#ringSeq}`;
          this.#waiting.granted[at]?.();
        },
        echoed: () => undefined,
        retried: () => undefined,
        failed: (problem: string) => {
          this.#problem ??= `node ${nodeId}: ${problem}`;
        },
      };
      return new LoadNode({ cluster, nodeId, clusterSize: 2, address }, events);
    });
  }

  /** Fault after fault until told to stop; throws if a vote does not come. */
  async live(isOver: () => boolean): Promise<void> {
    const heartbeats = setInterval(() => {
      for (const node of this.#nodes) node.heartbeat();
    }, this.#target.heartbeatMs * HEARTBEAT_SHARE);
    try {
      await this.#liveOn(isOver);
    } finally {
      clearInterval(heartbeats);
      for (const node of this.#nodes) node.destroy();
    }
  }

  async #liveOn(isOver: () => boolean): Promise<void> {
    await this.#comeBack([0, 1]);
    while (!isOver()) {
      await pause(this.#random() * PAUSE_MS_MAX);
      await this.#fault();
      this.faults += 1;
      if (this.#problem !== undefined) throw new MissedVote(this.#cluster, this.#problem);
    }
  }

  async #fault(): Promise<void> {
    const drawn = this.#random();
    if (drawn < 0.5) {
      await this.#granted([0], () => this.#report([[1], [2]]));
      await pause(this.#random() * 1_000);
      if (drawn < 0.05) await this.#rebootHolder();
      await this.#granted([0, 1], () => this.#report([BOTH, BOTH]));
    } else if (drawn < 0.6) {
      const lost = drawn < 0.55 ? 0 : 1;
      this.#nodes[lost]?.vanish();
      await this.#comeBack([lost]);
    } else if (drawn < 0.9) {
      const lost = drawn < 0.75 ? 0 : 1;
      const left = 1 - lost;
      this.#nodes[lost]?.destroy();
      await pause(this.#random() * 500);
      await this.#granted([left], () => {
        this.#ringSeq += 4;
        this.#nodes[left]?.member([left + 1], this.#ringSeq);
      });
      await this.#comeBack([lost]);
    } else {
      for (const node of this.#nodes) node.destroy();
      await this.#comeBack([0, 1]);
    }
  }

  /** Split, and while its other half would take over at once: what it may be casting is waited for. */
  async #rebootHolder(): Promise<void> {
    this.#nodes[0]?.vanish();
    // However long it takes: the holder is gone, and in the end its lease is over.
    this.#winners = [1];
    await this.#until('joined', [0], () => this.#nodes[0]?.connect(this.#target));
    // Those who were left have been decided for meanwhile, and the vote stays with the active half.
    await this.#granted([1], () => {
      this.#ringSeq += 4;
      this.#nodes[1]?.member([2], this.#ringSeq);
      this.#nodes[0]?.introduce(this.#ringSeq, [1]);
    });
  }

  /** Connected again; then all say that they are together. */
  async #comeBack(lost: readonly number[]): Promise<void> {
    await this.#until('joined', lost, () => {
      for (const at of lost) this.#nodes[at]?.connect(this.#target);
    });
    await this.#granted([0, 1], () => {
      this.#ringSeq += 4;
      for (const at of [0, 1]) {
        if (lost.includes(at)) this.#nodes[at]?.introduce(this.#ringSeq);
        else this.#nodes[at]?.member(BOTH, this.#ringSeq);
      }
    });
  }

  #report(memberships: readonly (readonly number[])[]): void {
    this.#ringSeq += 4;
    for (const [at, members] of memberships.entries()) this.#nodes[at]?.member(members, this.#ringSeq);
  }

  async #granted(winners: readonly number[], start: () => void): Promise<void> {
    await this.#until('granted', winners, () => {
      this.#winners = winners;
      start();
    });
  }

  async #until(what: 'joined' | 'granted', wanted: readonly number[], start: () => void): Promise<void> {
    let deadline: NodeJS.Timeout | undefined;
    const missed = new Promise<never>((_, reject) => {
      const told = `nodes ${wanted.map((at) => at + 1).join()} not ${what}, ring ${this.#ringSeq}`;
      deadline = setTimeout(() => reject(new MissedVote(this.#cluster, told)), VOTE_MS_MAX);
    });
    const all = Promise.all(
      wanted.map(
        (at) =>
          new Promise<void>((resolve) => {
            this.#waiting[what][at] = resolve;
          }),
      ),
    );
    start();
    await Promise.race([all, missed]);
    clearTimeout(deadline);
    this.#waiting[what] = [];
  }
}
