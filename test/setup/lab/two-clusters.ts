/** The third and the fourth node of four become a cluster of their own. */
import { until } from '../../lab/wait.ts';
import type { Stage } from './stage.ts';

const CONF = '/etc/corosync/corosync.conf';

export async function inTwo(stage: Stage, otherName: string): Promise<void> {
  const text = stage.node(1).read(CONF).toString('latin1');
  const without = (ids: readonly number[]) =>
    ids.reduce(
      (conf, id) => conf.replace(new RegExp(`\\n? {2}node \\{\\n {4}name: node-${id}\\n[^}]*\\}\\n`), ''),
      text,
    );
  await Promise.all(stage.nodes.map((node) => node.daemon('corosync').stop('SIGKILL')));
  for (const [at, node] of stage.nodes.entries()) {
    const conf = at < 2 ? without([3, 4]) : without([1, 2]).replace('cluster_name: lab', `cluster_name: ${otherName}`);
    node.write(CONF, conf);
    await node.start('corosync', ['corosync', '-f']);
  }
  await until(
    'two clusters',
    async () => {
      for (let id = 1; id <= 4; id += 1) {
        const view = await stage.quorum(id);
        if (view?.quorate !== true || view.members.length !== 2) return `node ${id} is not quorate`;
      }
      return undefined;
    },
    { deadlineMs: 60_000 },
  );
}
