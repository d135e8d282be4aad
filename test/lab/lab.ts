/** A lab: one arbiter's host and any number of clusters on one bridge. Needs root; touches nothing outside its namespaces. */
import { mkdirSync, rmSync } from 'node:fs';
import { Arbiter, type ArbiterProgram } from './arbiter.ts';
import { distributeCertificates, handKeyPairOn } from './certificates.ts';
import { Cluster, type ClusterSettings } from './cluster.ts';
import { Network } from './faults.ts';
import { Host } from './host.ts';
import { createBridge, deleteNetwork, labDirectory, newLabName, sweepDeadLabs } from './namespaces.ts';
import { chosenNodes, type NodePrograms } from './node-program.ts';

/** TEST-NET-1: set aside for examples, routed nowhere. */
const NETWORK = '192.0.2';
const ARBITER_HOST_NUMBER = 1;
const NODES_PER_CLUSTER_MAX = 20;

export class Lab {
  readonly arbiter: Arbiter;
  readonly network = new Network();
  readonly #name: string;
  readonly #clusters: Cluster[] = [];

  private constructor(name: string, arbiter: Arbiter) {
    this.#name = name;
    this.arbiter = arbiter;
  }

  /** A lab with a running arbiter and no clusters yet. */
  static async create(program: ArbiterProgram): Promise<Lab> {
    if (process.getuid?.() !== 0) throw new Error('the lab makes namespaces. Run it as root.');
    await sweepDeadLabs();
    const name = newLabName();
    mkdirSync(labDirectory(name), { mode: 0o755 });
    await createBridge(`${name}-bridge`);
    const host = await Host.create(name, labDirectory(name), 'arbiter', `${NETWORK}.${ARBITER_HOST_NUMBER}`);
    const lab = new Lab(name, new Arbiter(host, program));
    await lab.arbiter.initialise();
    await lab.arbiter.start();
    return lab;
  }

  /** Nodes 1 to `size` with certificates and configuration, nothing started. */
  async addCluster(
    name: string,
    size: number,
    settings: Partial<ClusterSettings> = {},
    programs: NodePrograms = chosenNodes(),
  ): Promise<Cluster> {
    if (size > NODES_PER_CLUSTER_MAX) throw new Error(`a cluster has at most ${NODES_PER_CLUSTER_MAX} nodes here`);
    const clusterNumber = this.#clusters.length;
    const nodes = new Map<number, Host>();
    for (let nodeId = 1; nodeId <= size; nodeId += 1) {
      nodes.set(nodeId, await this.#createNodeHost(name, clusterNumber, nodeId));
    }
    await distributeCertificates(this.arbiter, name, [...nodes.values()]);
    const all = { tieBreaker: 'lowest', keepActivePartition: true, heuristics: '', ...settings } as const;
    const cluster = new Cluster(name, nodes, programs, this.arbiter.host.address, all);
    this.#clusters.push(cluster);
    return cluster;
  }

  /** One more node, known to the running ones and with certificates, not started. Gives its number. */
  async growCluster(cluster: Cluster): Promise<number> {
    const nodeId = cluster.nodeIds.length + 1;
    if (nodeId > NODES_PER_CLUSTER_MAX) throw new Error(`${cluster.name} cannot grow`);
    const host = await this.#createNodeHost(cluster.name, this.#clusters.indexOf(cluster), nodeId);
    await handKeyPairOn(this.arbiter, cluster.host(1), [host]);
    await cluster.addNode(nodeId, host);
    return nodeId;
  }

  #createNodeHost(cluster: string, clusterNumber: number, nodeId: number): Promise<Host> {
    const address = `${NETWORK}.${10 + clusterNumber * NODES_PER_CLUSTER_MAX + nodeId}`;
    return Host.create(this.#name, labDirectory(this.#name), `${cluster}-n${nodeId}`, address);
  }

  /** For a failure message: what the arbiter believes, and the ends of all logs. */
  async describe(): Promise<string> {
    const hosts = [this.arbiter.host, ...this.#clusters.flatMap((cluster) => [...cluster.nodes.values()])];
    const status = await this.arbiter.tool('-l', '-v').catch((error: unknown) => ({ stdout: String(error) }));
    return [status.stdout, ...hosts.map((host) => host.logTails())].join('\n');
  }

  async destroy(): Promise<void> {
    const nodes = this.#clusters.flatMap((cluster) => [...cluster.nodes.values()]);
    await Promise.all([this.arbiter.host, ...nodes].map((host) => host.destroy()));
    await deleteNetwork(`${this.#name}-bridge`);
    rmSync(labDirectory(this.#name), { recursive: true, force: true });
  }
}
