/**
 * Everything that takes part, in one process: the arbiter, the nodes and their network, and a directory for their keys
 * and sockets that is gone afterwards, however the show ends.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TwinCluster } from '../corosync/twin/cluster.ts';
import { clusterKeys } from '../corosync/twin/cluster-keys.ts';
import { REAL_SCHEDULER } from '../corosync/twin/scheduler.ts';
import type { LogSink } from '../qdevice/log-lines.ts';
import { DEFAULT_QDEVICE_OPTIONS } from '../qdevice/options.ts';
import { OperatorError } from '../runtime/errors.ts';
import { DemoArbiter } from './arbiter.ts';
import { makeCertificates } from './certificates.ts';
import type { NodeSeen, Seen } from './check.ts';
import { DemoNode } from './node.ts';
import { arbiterVotes } from './rules.ts';
import type { Change, DemoAlgorithm } from './world.ts';

export interface StagePorts {
  /** Something changed on a node. */
  readonly changed: () => void;
  /** A part failed by itself. */
  readonly failed: (reason: string) => void;
}

const CLUSTER_NAME = 'demo';
/** Shorter than anybody would configure them: people watch. */
const TWIN_TIMINGS = { lossMs: 700, mergeMs: 300 };
const DEVICE_TIMEOUT_MS = 2_000;
const DEVICE_SYNC_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 1_000;

export class Stage {
  readonly #directory: string;
  readonly #ports: StagePorts;
  readonly #algorithm: DemoAlgorithm;
  readonly #cluster = new TwinCluster(REAL_SCHEDULER, TWIN_TIMINGS);
  readonly #nodes = new Map<number, DemoNode>();
  readonly #clean: () => void;
  #arbiter: DemoArbiter | undefined;
  #applying: Promise<void> = Promise.resolve();

  private constructor(directory: string, ports: StagePorts, algorithm: DemoAlgorithm) {
    this.#directory = directory;
    this.#algorithm = algorithm;
    this.#ports = ports;
    this.#clean = () => rmSync(directory, { recursive: true, force: true });
    process.on('exit', this.#clean);
  }

  /** Keys are made and nothing runs yet. */
  static async open(ports: StagePorts, algorithm: DemoAlgorithm = 'ffsplit'): Promise<Stage> {
    const stage = new Stage(await makeDirectory(), ports, algorithm);
    try {
      await makeCertificates({ arbiterDir: stage.#arbiterDir, nodeDir: stage.#nodeDir }, CLUSTER_NAME);
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  /** Done when the change has happened, not when its consequences have. */
  apply(change: Change, nodeIds: readonly number[]): Promise<void> {
    this.#applying = this.#apply(change, nodeIds);
    return this.#applying;
  }

  seen(): Seen {
    return { nodes: this.nodesSeen(), arbiter: this.#arbiter?.status };
  }

  nodesSeen(): NodeSeen[] {
    return [...this.#nodes.values()].flatMap((node) => node.seen() ?? []);
  }

  /** What is being started is started first: nothing may come up behind the back of this. */
  async close(): Promise<void> {
    await this.#applying.catch(() => undefined);
    await Promise.all([...this.#nodes.values()].map((node) => node.stop()));
    await this.#arbiter?.stop();
    await rm(this.#directory, { recursive: true, force: true });
    process.off('exit', this.#clean);
  }

  get #arbiterDir(): string {
    return join(this.#directory, 'arbiter');
  }

  get #nodeDir(): string {
    return join(this.#directory, 'node');
  }

  async #apply(change: Change, nodeIds: readonly number[]): Promise<void> {
    switch (change.kind) {
      case 'start':
        return await this.#start(nodeIds);
      case 'split':
        return this.#cluster.split(change.islands);
      case 'heal':
        return this.#cluster.heal();
      case 'loseNodes':
        return await this.#each(change.nodeIds, (node) => node.lose());
      case 'returnNodes':
        return await this.#each(change.nodeIds, (node) => node.start());
      case 'loseArbiter':
        return await this.#arbiter?.stop();
      case 'returnArbiter':
        return await this.#arbiter?.start();
    }
  }

  async #each(nodeIds: readonly number[], act: (node: DemoNode) => Promise<void>): Promise<void> {
    const chosen = nodeIds.flatMap((nodeId) => this.#nodes.get(nodeId) ?? []);
    await Promise.all(chosen.map(act));
  }

  async #start(nodeIds: readonly number[]): Promise<void> {
    const { failed } = this.#ports;
    const arbiter = await DemoArbiter.start({
      directories: { stateDir: this.#arbiterDir, runDir: this.#directory },
      // "test" is for giving the vote to everybody who asks, which is what strict is there to prevent.
      voteSafety: this.#algorithm === 'test' ? 'upstream' : 'strict',
      log: SILENT_LOG,
      failed: (error) => failed(`the arbiter failed: ${error instanceof Error ? error.message : String(error)}`),
    });
    this.#arbiter = arbiter;
    for (const nodeId of nodeIds) this.#nodes.set(nodeId, this.#makeNode(nodeId, nodeIds, arbiter.port));
    await Promise.all([...this.#nodes.values()].map((node) => node.start()));
  }

  #makeNode(nodeId: number, nodeIds: readonly number[], port: number): DemoNode {
    const { localSocket, ranges } = DEFAULT_QDEVICE_OPTIONS;
    const quorum = deviceSection(port, this.#algorithm, arbiterVotes({ algorithm: this.#algorithm, nodeIds }));
    return new DemoNode({
      nodeId,
      cluster: this.#cluster,
      keys: clusterKeys({ clusterName: CLUSTER_NAME, nodeIds, quorum }, nodeId),
      options: {
        ...DEFAULT_QDEVICE_OPTIONS,
        lockFile: join(this.#directory, `node-${nodeId}.pid`),
        localSocket: { ...localSocket, path: join(this.#directory, `node-${nodeId}.sock`) },
        ranges: { ...ranges, testAlgorithmEnabled: this.#algorithm === 'test' },
        stateDir: this.#nodeDir,
      },
      log: SILENT_LOG,
      ...this.#ports,
    });
  }
}

/** Mode 0700. */
async function makeDirectory(): Promise<string> {
  const parent = tmpdir();
  try {
    return await mkdtemp(join(parent, 'qdevice-demo-'));
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new OperatorError(
      `No directory for keys can be made in ${parent} (${reason}).`,
      'Set TMPDIR to a directory that this user may write to.',
      1,
      { cause },
    );
  }
}

/** As corosync.conf would have it; corosync keeps some of it as numbers and the rest as text. */
function deviceSection(
  port: number,
  algorithm: DemoAlgorithm,
  votes: number,
): Readonly<Record<string, string | number>> {
  return {
    'device.model': 'net',
    'device.votes': votes,
    'device.timeout': DEVICE_TIMEOUT_MS,
    'device.sync_timeout': DEVICE_SYNC_TIMEOUT_MS,
    'device.net.algorithm': algorithm,
    'device.net.host': '127.0.0.1',
    'device.net.port': String(port),
    'device.net.tls': 'required',
    'device.net.connect_timeout': String(CONNECT_TIMEOUT_MS),
  };
}

const silent = (): void => undefined;
/** The picture is the log. */
const SILENT_LOG: LogSink = { debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
