/**
 * What one decision costs: `npm run bench:decision`. Evaluations per second of fifty-fifty split for a cluster whose nodes
 * are split in halves, by its size, and how the time grows when the size doubles: 4 is quadratic. Exit 1 if it grows
 * faster than that, or if 64 nodes take a millisecond.
 */
import { ffsplit } from '../../src/arbiter/algorithms/ffsplit.ts';
import { type Cluster, newCluster, newMember, withMember } from '../../src/arbiter/cluster.ts';
import { nodeListOf } from '../../src/arbiter/node-list.ts';

const SIZES = [2, 4, 8, 16, 32, 64];
const SAMPLE_MS = 400;
const SAMPLES = 5;
/** Quadratic, and some for what a small size hides. */
const GROWTH_MAX = 4.5;
const US_AT_64_MAX = 1_000;

const listOf = (ids: readonly number[]) => nodeListOf(ids.map((nodeId) => ({ nodeId, dataCenterId: 0 })));

const LIKE_ALL = {
  algorithm: 'ffsplit',
  tieBreaker: { mode: 'lowest' },
  heartbeatMs: 8_000,
  castBoundMs: undefined,
  keepActivePartition: false,
} as const;

function halves(size: number): Cluster {
  const ids = Array.from({ length: size }, (_, index) => index + 1);
  const config = listOf(ids);
  const sides = [listOf(ids.slice(0, size / 2)), listOf(ids.slice(size / 2))];
  let cluster = newCluster('bench', false);
  for (const nodeId of ids) {
    const members = sides[nodeId <= size / 2 ? 0 : 1] ?? config;
    const ringId = { nodeId: members.nodes[0]?.nodeId ?? 0, seq: 8n };
    cluster = withMember(cluster, {
      ...newMember({ ...LIKE_ALL, client: nodeId, nodeId, ringId }),
      config,
      members,
    });
  }
  return cluster;
}

/** CPU of one evaluation, the best of some samples: the others say what else the machine did. */
function evaluationUs(cluster: Cluster): number {
  const [first] = cluster.members;
  if (first === undefined) throw new Error('a cluster has members');
  const fresh = { ringId: first.ringId, members: first.members, heuristics: 'undefined' } as const;
  let bestUs = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const [startedMs, before] = [performance.now(), process.cpuUsage()];
    let evaluations = 0;
    for (; performance.now() - startedMs < SAMPLE_MS; evaluations += 1)
      ffsplit.membershipList(cluster, first, fresh, 0);
    const { user, system } = process.cpuUsage(before);
    bestUs = Math.min(bestUs, (user + system) / evaluations);
  }
  return bestUs;
}

const lines = ['| Nodes | Evaluations per second | One takes | Against half the nodes |', '|---|---|---|---|'];
// The first pass is for the compiler.
for (const size of SIZES) evaluationUs(halves(size));
let beforeUs: number | undefined;
let isMet = true;
for (const size of SIZES) {
  const us = evaluationUs(halves(size));
  const growth = beforeUs === undefined ? undefined : us / beforeUs;
  if ((growth ?? 0) > GROWTH_MAX || (size === 64 && us > US_AT_64_MAX)) isMet = false;
  const perSecond = Math.round(1e6 / us).toLocaleString('en');
  lines.push(
    `| ${size} | ${perSecond} | ${us.toFixed(1)} us | ${growth === undefined ? '' : `${growth.toFixed(1)}x`} |`,
  );
  beforeUs = us;
}
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = isMet ? 0 : 1;
