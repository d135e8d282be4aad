/** Faults of the network. Two hosts are parted by blackhole routes on both; each fault is undone by the same hand. */
import type { Cluster } from './cluster.ts';
import type { Partition } from './expected.ts';
import type { Host } from './host.ts';
import { run } from './processes.ts';

/** A host and the addresses that it can and cannot reach. */
interface Reach {
  readonly host: Host;
  readonly lose: readonly string[];
  readonly regain: readonly string[];
}

export class Network {
  readonly #lost = new Map<Host, Set<string>>();

  /** Leaves exactly these cuts among the nodes of a cluster, whatever was cut before. */
  async split(cluster: Cluster, partitions: readonly Partition[]): Promise<void> {
    const reaches = cluster.nodeIds.map((node) => {
      const home = partitions.find((partition) => partition.includes(node)) ?? [node];
      const address = (id: number): string => cluster.host(id).address;
      const others = cluster.nodeIds.filter((id) => id !== node);
      return {
        host: cluster.host(node),
        lose: others.filter((id) => !home.includes(id)).map(address),
        regain: others.filter((id) => home.includes(id)).map(address),
      };
    });
    await this.#change(reaches);
  }

  async heal(cluster: Cluster): Promise<void> {
    await this.split(cluster, [cluster.nodeIds]);
  }

  async cut(one: Host, other: Host): Promise<void> {
    await this.#change([
      { host: one, lose: [other.address], regain: [] },
      { host: other, lose: [one.address], regain: [] },
    ]);
  }

  async join(one: Host, other: Host): Promise<void> {
    await this.#change([
      { host: one, lose: [], regain: [other.address] },
      { host: other, lose: [], regain: [one.address] },
    ]);
  }

  /** One shell starts all changes side by side: a cut should fall on all hosts within a few milliseconds. */
  async #change(reaches: readonly Reach[]): Promise<void> {
    const commands = reaches.flatMap(({ host, lose, regain }) => {
      const lost = this.#lost.get(host) ?? new Set();
      const added = lose.filter((address) => !lost.has(address));
      const deleted = regain.filter((address) => lost.has(address));
      this.#lost.set(host, new Set([...lost, ...added].filter((address) => !deleted.includes(address))));
      const lines = [
        ...added.map((address) => `route add blackhole ${address}/32`),
        ...deleted.map((address) => `route del blackhole ${address}/32`),
      ];
      return lines.length === 0
        ? []
        : [`printf '${lines.join('\\n')}\\n' | ip -n ${host.network} -batch - & pids="$pids $!"`];
    });
    const waits = 'for pid in $pids; do wait $pid || exit 1; done';
    if (commands.length > 0) await run(['sh', '-c', [...commands, waits].join('\n')]);
  }
}
