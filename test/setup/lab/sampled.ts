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
  const before = nodes.map((node) => linesOf(node, false).length);
  const loops = await Promise.all(nodes.map((node) => node.start(LOG, ['sh', '-c', LOOP])));
  try {
    await work();
  } finally {
    await Promise.all(loops.map((loop) => loop.stop('SIGKILL')));
  }
  const lines = nodes.map((node, at) => linesOf(node, true).slice(before[at]));
  const without = lines.flatMap((samples, at) =>
    samples.filter((line) => !line.startsWith('0 ')).map((line) => `${nodes[at]?.name ?? ''} ${line}`),
  );
  return { taken: lines.flat().length, without };
}

function linesOf(node: Host, isThere: boolean): string[] {
  try {
    return node
      .read(node.logPath(LOG))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (isThere) throw error;
    return [];
  }
}
