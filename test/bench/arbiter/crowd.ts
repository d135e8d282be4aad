/**
 * The crowd of nodes that loads an arbiter: as many worker processes as keep up with it, told what to do all at once.
 * Their own work is not part of any figure but of the time to the last vote, in which both arbiters wait for the same.
 */
import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Place } from './load-node.ts';

export type Order =
  | { readonly kind: 'populate'; readonly places: readonly Place[]; readonly cert: string; readonly key: string }
  /** With `ringSeq` all at once, and on to the vote; without, up to INIT_REPLY. */
  | {
      readonly kind: 'connect';
      readonly port: number;
      readonly heartbeatMs: number;
      readonly parallel: number;
      readonly ringSeq?: number;
    }
  | { readonly kind: 'introduce' | 'split' | 'heal'; readonly ringSeq: number }
  /** With `isAnnounced` the arbiter is told so; without, it goes on expecting what it was told last. */
  | { readonly kind: 'beat'; readonly everyMs: number; readonly isAnnounced: boolean }
  | { readonly kind: 'rest'; readonly heartbeatMs: number }
  | { readonly kind: 'count' | 'drop' };

export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'took'; readonly ms: readonly number[] }
  | ({ readonly kind: 'counted' } & Counts);

/** How a worker tells what became of the order with this number. */
export type Report = { readonly id: number } & ({ readonly answer: Answer } | { readonly problem: string });

const WORKER = fileURLToPath(new URL('crowd-worker.ts', import.meta.url));
const NODES_PER_WORKER = 4_000;
const ORDER_MS_MAX = 400_000;

export interface Counts {
  readonly echoes: number;
  /** Connection attempts that took too long or were closed, since the last 'drop'. */
  readonly retries: number;
  /** Connections lost after INIT_REPLY. */
  readonly failures: number;
  readonly lastProblem: string;
}

export class Crowd {
  readonly size: number;
  readonly #workers: readonly ChildProcess[];
  #orders = 0;

  static async of(clusters: number, clusterSize: number, identity: { cert: string; key: string }): Promise<Crowd> {
    const size = clusters * clusterSize;
    const workerCount = Math.ceil(size / NODES_PER_WORKER);
    const crowd = new Crowd(size, workerCount);
    await Promise.all(
      crowd.#workers.map((worker, at) => {
        const places = placesOf(clusters, clusterSize, (cluster) => cluster % workerCount === at);
        return crowd.#order(worker, { kind: 'populate', places, ...identity });
      }),
    );
    return crowd;
  }

  private constructor(size: number, workerCount: number) {
    this.size = size;
    const options: ForkOptions = { execArgv: ['--import', 'tsx'], serialization: 'advanced' };
    this.#workers = Array.from({ length: workerCount }, () => fork(WORKER, [], options));
  }

  /** Times of all workers together, ascending. */
  async took(order: Order): Promise<number[]> {
    const answers = await this.tell(order);
    return answers.flatMap((answer) => (answer.kind === 'took' ? answer.ms : [])).sort((a, b) => a - b);
  }

  /** When the last node had its vote, from the first attempt; infinite if that takes longer than `limitMs`. */
  async storm(order: Order & { kind: 'connect' }, limitMs: number): Promise<number> {
    const isBack = this.took(order).then((ms) => ms.at(-1) ?? Number.NaN);
    let deadline: NodeJS.Timeout | undefined;
    const tooLate = new Promise<number>((resolve) => {
      deadline = setTimeout(() => resolve(Number.POSITIVE_INFINITY), limitMs);
    });
    const ms = await Promise.race([isBack, tooLate]);
    clearTimeout(deadline);
    // The late answer is nobody's any more.
    isBack.catch(() => undefined);
    return ms;
  }

  async counts(): Promise<Counts> {
    let [echoes, retries, failures, lastProblem] = [0, 0, 0, ''];
    for (const answer of await this.tell({ kind: 'count' })) {
      if (answer.kind !== 'counted') continue;
      echoes += answer.echoes;
      retries += answer.retries;
      failures += answer.failures;
      lastProblem ||= answer.lastProblem;
    }
    return { echoes, retries, failures, lastProblem };
  }

  async tell(order: Order): Promise<Answer[]> {
    return await Promise.all(this.#workers.map((worker) => this.#order(worker, order)));
  }

  stop(): void {
    for (const worker of this.#workers) worker.kill('SIGKILL');
  }

  #order(worker: ChildProcess, order: Order): Promise<Answer> {
    this.#orders += 1;
    const id = this.#orders;
    return new Promise((resolve, reject) => {
      const give = (result: () => void) => {
        clearTimeout(deadline);
        worker.off('message', onReport);
        worker.off('exit', onExit);
        result();
      };
      const onReport = (report: Report) => {
        if (report.id === id)
          give(() => ('answer' in report ? resolve(report.answer) : reject(new Error(report.problem))));
      };
      const onExit = () => give(() => reject(new Error('the load program ended')));
      const deadline = setTimeout(() => {
        give(() => reject(new Error(`the crowd is not done with '${order.kind}' after ${ORDER_MS_MAX / 1000} s`)));
      }, ORDER_MS_MAX);
      worker.on('message', onReport);
      worker.once('exit', onExit);
      worker.send({ id, order });
    });
  }
}

function placesOf(clusters: number, clusterSize: number, isWanted: (cluster: number) => boolean): Place[] {
  const places: Place[] = [];
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    if (!isWanted(cluster)) continue;
    for (let nodeId = 1; nodeId <= clusterSize; nodeId += 1) {
      const machine = cluster * clusterSize + nodeId;
      const address = `127.${1 + (machine >> 16)}.${(machine >> 8) & 255}.${machine & 255}`;
      places.push({ cluster: `c${cluster}.bench.example`, nodeId, clusterSize, address });
    }
  }
  return places;
}
