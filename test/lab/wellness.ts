/** Heuristics of the lab: a node is well while a file of its own has something in it. */
import type { Cluster } from './cluster.ts';
import { until } from './wait.ts';

/** Several runs of the heuristics, which are a second apart. */
const DEADLINE_MS = 10_000;

export function wellFile(name: string): string {
  return `/run/lab-well-${name}`;
}

export function markWell(cluster: Cluster, file: string, well: readonly number[]): void {
  for (const node of cluster.nodeIds) cluster.host(node).write(file, well.includes(node) ? 'well\n' : '');
}

/** Resolves when the regular heuristics of every node came to this; a run before a reload does not count. */
export async function heuristicsSay(cluster: Cluster, well: readonly number[]): Promise<void> {
  const complaint = async (): Promise<string | undefined> => {
    const texts = await Promise.all(cluster.nodeIds.map((node) => cluster.qdeviceTool(node, '-sv')));
    const wrong = cluster.nodeIds.filter((node, index) => {
      const word = well.includes(node) ? 'Pass' : 'Fail';
      return !new RegExp(`Heuristics result:\\s+${word}\\s+\\(regular: ${word}`).test(texts[index]?.stdout ?? '');
    });
    return wrong.length === 0 ? undefined : `heuristics of ${wrong} say something else`;
  };
  await until('heuristics of every node say what they should', complaint, { deadlineMs: DEADLINE_MS });
}
