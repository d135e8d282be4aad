/** Looks at the quorum of every node all the time, on the node itself: a moment without it must not slip through. */
import type { Host } from '../../lab/host.ts';

const LOG = 'quorum-samples';
const LOOP = 'while sleep 0.05; do corosync-quorumtool -s >/dev/null 2>&1; echo "$? $(date +%T.%N)"; done';

export interface Samples {
  readonly taken: number;
  /** Those that did not see a quorum, with the node. */
  readonly without: readonly string[];
}

/** While `work` runs, on these nodes. */
export async function sampled(nodes: readonly Host[], work: () => Promise<void>): Promise<Samples> {
  const lines = await lookedAt(nodes, LOG, LOOP, work);
  const without = lines.flatMap((samples, at) =>
    samples.filter((line) => !line.startsWith('0 ')).map((line) => `${nodes[at]?.name ?? ''} ${line}`),
  );
  return { taken: lines.flat().length, without };
}

/** What a loop prints on each host while `work` runs, a line for each look. */
export async function lookedAt(
  hosts: readonly Host[],
  log: string,
  loop: string,
  work: () => Promise<void>,
): Promise<string[][]> {
  const before = hosts.map((host) => linesOf(host, log, false).length);
  const loops = await Promise.all(hosts.map((host) => host.start(log, ['sh', '-c', loop])));
  try {
    await work();
  } finally {
    await Promise.all(loops.map((each) => each.stop('SIGKILL')));
  }
  return hosts.map((host, at) => linesOf(host, log, true).slice(before[at]));
}

function linesOf(node: Host, log: string, isThere: boolean): string[] {
  try {
    return node
      .read(node.logPath(log))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (isThere) throw error;
    return [];
  }
}
