/** A cluster on hosts with packages: its configuration, who has votes, and cuts between nodes. */
import { hasVote, type QuorumView, readQuorum } from '../../src/setup/facts/quorum-view.ts';
import type { Host } from '../lab/host.ts';
import { run } from '../lab/processes.ts';
import { until } from '../lab/wait.ts';
import { corosyncConf } from '../setup/lab/corosync-conf.ts';
import { attempt, sh } from './command.ts';

const QUORUM_MS_MAX = 60_000;
export const CONF = '/etc/corosync/corosync.conf';

/** A quorate cluster without a device, its services started as packages have them. Gives its configuration. */
export async function startCluster(nodes: readonly Host[], quorumLines: readonly string[] = []): Promise<string> {
  const conf = corosyncConf(nodes, { quorumLines, addresses: 'ipv4', links: 1 });
  for (const node of nodes) {
    node.write(CONF, conf);
    await sh(node, 'systemctl enable corosync');
  }
  await Promise.all(nodes.map((node) => sh(node, 'systemctl start corosync')));
  await allQuorate(nodes);
  return conf;
}

/** The same content on every node, with a version higher than before, and the word to read it. */
export async function pushConf(nodes: readonly Host[], conf: string): Promise<void> {
  for (const node of nodes) node.write(CONF, conf);
  const [first] = nodes;
  if (first !== undefined) await sh(first, 'corosync-cfgtool -R');
}

export function nextVersion(conf: string): string {
  return conf.replace(/config_version: (\d+)/, (_, version: string) => `config_version: ${Number(version) + 1}`);
}

export async function quorumOf(node: Host): Promise<QuorumView | undefined> {
  return readQuorum((await attempt(node, ['corosync-quorumtool', '-s'])).stdout);
}

export async function allQuorate(nodes: readonly Host[]): Promise<void> {
  await until(
    'a quorate cluster of all',
    async () => {
      for (const node of nodes) {
        const view = await quorumOf(node);
        if (view?.quorate !== true || view.members.length !== nodes.length) return `${node.name} is not in it`;
      }
      return undefined;
    },
    { deadlineMs: QUORUM_MS_MAX },
  );
}

/** Waits until these nodes are quorate with the device's vote and the others are neither. */
export async function winners(nodes: readonly Host[], expected: readonly Host[] = nodes): Promise<void> {
  await until(
    `${expected.map(({ name }) => name).join(', ')} win`,
    async () => {
      for (const node of nodes) {
        const view = await quorumOf(node);
        const wins = view?.quorate === true && hasVote(view);
        if (wins !== expected.includes(node)) return `${node.name}: quorate ${view?.quorate}, ${view?.device}`;
      }
      return undefined;
    },
    { deadlineMs: QUORUM_MS_MAX, holdMs: 500 },
  );
}

/** Parts the first from the rest and proves that they win, then heals; nobody loses the arbiter. */
export async function survivesCut(nodes: readonly Host[], first: readonly Host[]): Promise<void> {
  const routes = async (verb: 'add' | 'del') => {
    const work = nodes.map((host) => {
      const others = nodes.filter((other) => first.includes(other) !== first.includes(host));
      return run(
        [...host.enter, 'ip', '-batch', '-'],
        others.map(({ address }) => `route ${verb} blackhole ${address}\n`).join(''),
      );
    });
    await Promise.all(work);
  };
  await routes('add');
  await winners(nodes, first);
  await routes('del');
  await winners(nodes);
}
