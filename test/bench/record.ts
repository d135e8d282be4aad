/**
 * What it costs to write down who gets the vote before an ACK leaves: `npm run bench:record -- [--clusters 1000] [--rounds 5] [--dir DIR]`.
 * So many clusters of two nodes split at once; the real core and the real driver, without sockets, decide with the records on disk
 * (a file a cluster, synced), with records in memory, and as upstream's arbiter, which keeps none. Prints CPU per cluster, the time
 * to the median and the last ACK, and the ratios; the rounds alternate, and of each column the best counts. `--dir`: where the files
 * are, as what a sync costs depends on the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import { DEFAULT_ARBITER_SETTINGS, type VoteSafety } from '../../src/arbiter/settings.ts';
import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import { Driver } from '../../src/qnetd/driver.ts';
import { memoryRecords, type RecordStore, recordsIn } from '../../src/qnetd/records.ts';
import type { LinkPort } from '../../src/qnetd/run-effects.ts';

const { values: wishes } = parseArgs({
  options: {
    clusters: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const CLUSTERS = Number(wishes.clusters);
const FRAME_BYTES_MAX = 1 << 16;
const PATIENCE_MS = 120_000;

interface Way {
  readonly title: string;
  readonly voteSafety: VoteSafety;
  readonly records: (directory: string) => RecordStore;
}

const WAYS: readonly Way[] = [
  { title: 'strict, record on disk', voteSafety: 'strict', records: recordsIn },
  { title: 'strict, record in memory', voteSafety: 'strict', records: memoryRecords },
  { title: 'upstream, no record', voteSafety: 'upstream', records: memoryRecords },
];

interface Measured {
  readonly cpuUs: number;
  readonly medianMs: number;
  readonly lastMs: number;
}

/** Nodes that confirm every vote at once. Client 2n+1 and 2n+2 are the nodes of cluster n. */
class Crowd {
  readonly #driver: Driver;
  readonly #ackedAtMs = new Map<number, number>();
  #acked: () => void = () => undefined;

  constructor({ voteSafety, records }: Way, directory: string) {
    this.#driver = new Driver({
      core: new Arbiter({ ...DEFAULT_ARBITER_SETTINGS, tls: 'unsupported', voteSafety }),
      nowMs: () => performance.now(),
      report: () => undefined,
      records: records(directory),
      overflowed: () => undefined,
      failed: (error) => {
        throw error;
      },
    });
  }

  /** Every node in one ring with its mate, and with the vote. */
  async up(): Promise<void> {
    await this.#untilAcked(2, () => {
      for (let cluster = 0; cluster < CLUSTERS; cluster += 1) {
        for (const nodeId of [1, 2]) this.#join(cluster, nodeId);
        for (const nodeId of [1, 2]) this.#report(cluster, nodeId, [1, 2], 8n);
      }
    });
  }

  async split(): Promise<Measured> {
    const before = process.cpuUsage();
    const startedMs = performance.now();
    await this.#untilAcked(1, () => {
      for (let cluster = 0; cluster < CLUSTERS; cluster += 1) {
        for (const nodeId of [2, 1]) this.#report(cluster, nodeId, [nodeId], 12n);
      }
    });
    const { user, system } = process.cpuUsage(before);
    const took = [...this.#ackedAtMs.values()].map((ms) => ms - startedMs).sort((a, b) => a - b);
    return {
      cpuUs: (user + system) / CLUSTERS,
      medianMs: took[took.length >> 1] ?? Number.NaN,
      lastMs: took.at(-1) ?? Number.NaN,
    };
  }

  stop(): void {
    this.#driver.stop();
  }

  async #untilAcked(perCluster: number, act: () => void): Promise<void> {
    this.#ackedAtMs.clear();
    const late = setTimeout(() => {
      throw new Error(`${this.#ackedAtMs.size} of ${perCluster * CLUSTERS} nodes have the vote`);
    }, PATIENCE_MS);
    await new Promise<void>((resolve) => {
      this.#acked = () => {
        if (this.#ackedAtMs.size === perCluster * CLUSTERS) resolve();
      };
      act();
    });
    clearTimeout(late);
  }

  #join(cluster: number, nodeId: number): void {
    const client = clientOf(cluster, nodeId);
    this.#driver.connected(client, `192.0.2.${nodeId}:${client}`, this.#linkOf(client));
    this.#say(client, 'preinit', { msgSeqNumber: 1, clusterName: `c${cluster}` });
    this.#say(client, 'init', {
      msgSeqNumber: 2,
      nodeId,
      decisionAlgorithm: 1,
      heartbeatIntervalMs: 120_000,
      tieBreaker: { mode: 'lowest' },
      ringId: { nodeId: 1, seq: 4n },
    });
    this.#say(client, 'nodeList', { msgSeqNumber: 3, nodeListType: 'initialConfig', nodeInfo: infosOf([1, 2]) });
  }

  #report(cluster: number, nodeId: number, members: readonly number[], seq: bigint): void {
    const ringId = { nodeId: members[0] ?? nodeId, seq };
    const list = { msgSeqNumber: 4, nodeListType: 'membership', ringId, nodeInfo: infosOf(members) } as const;
    this.#say(clientOf(cluster, nodeId), 'nodeList', list);
  }

  #say(client: number, name: MessageName, options: OptionValues): void {
    this.#driver.feed({ kind: 'bytes', client, bytes: encodeMessage(name, options) });
  }

  #linkOf(client: number): LinkPort {
    const reader = new FrameReader(FRAME_BYTES_MAX);
    const nothing = (): void => undefined;
    return {
      send: (bytes) => {
        reader.push(bytes);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          if (frame.kind === 'frame' && frame.name === 'voteInfo') this.#hear(client, frame.body);
        }
        return true;
      },
      startTls: nothing,
      flush: nothing,
      pauseReading: nothing,
      resumeReading: nothing,
      close: nothing,
    };
  }

  /** The answer waits, as the driver has it, until what is being carried out is done. */
  #hear(client: number, body: Uint8Array): void {
    const decoded = decodeBody(body);
    if (!decoded.ok) throw new Error('a vote that does not decode');
    const { msgSeqNumber = 0, vote } = decoded.options;
    this.#say(client, 'voteInfoReply', { msgSeqNumber });
    if (vote !== 'ack') return;
    this.#ackedAtMs.set(client, performance.now());
    this.#acked();
  }
}

const clientOf = (cluster: number, nodeId: number): number => 2 * cluster + nodeId;
const infosOf = (ids: readonly number[]) => ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));

async function measure(way: Way): Promise<Measured> {
  const directory = mkdtempSync(join(wishes.dir, 'qdevice-record-'));
  const crowd = new Crowd(way, directory);
  try {
    await crowd.up();
    return await crowd.split();
  } finally {
    crowd.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const rounds = new Map<Way, Measured[]>(WAYS.map((way) => [way, []]));
for (let round = 0; round < Number(wishes.rounds); round += 1) {
  for (const way of WAYS) rounds.get(way)?.push(await measure(way));
}
const best = (way: Way, column: keyof Measured): number =>
  Math.min(...(rounds.get(way) ?? []).map((measured) => measured[column]));
const [disk, memory] = WAYS;
console.log(`${CLUSTERS} clusters of two nodes split at once, best of ${wishes.rounds} rounds`);
console.log('| | CPU per cluster | median ACK after | last ACK after |\n|---|---|---|---|');
for (const way of WAYS) {
  const [cpu, median, last] = (['cpuUs', 'medianMs', 'lastMs'] as const).map((column) => best(way, column).toFixed(0));
  console.log(`| ${way.title} | ${cpu} us | ${median} ms | ${last} ms |`);
}
if (disk !== undefined && memory !== undefined) {
  const ratio = (column: keyof Measured): string => (best(disk, column) / best(memory, column)).toFixed(1);
  const moreUs = (best(disk, 'cpuUs') - best(memory, 'cpuUs')).toFixed(0);
  console.log(`record: ${moreUs} us of CPU more for each, ${ratio('cpuUs')} x; last ACK ${ratio('lastMs')} x as late`);
}
