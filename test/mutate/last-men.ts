/** Defects of lms, 2nodelms and test: their rules, the guard before them, the node's halves as upstream has them, and releases. */
import type { Mutation } from './mutation.ts';

const GUARD = 'src/arbiter/safety/guard.ts';
const RELEASE = 'src/arbiter/safety/release.ts';
const LEASE = 'src/arbiter/safety/lease.ts';
const VERDICT = 'src/arbiter/algorithms/verdict.ts';

/** lms, 2nodelms and test behind the guard, and the operator's word. */
export const OF_LAST_MEN: readonly Mutation[] = [
  {
    name: 'strict: ACK in a reply passes the guard',
    file: GUARD,
    search: "if (!granted) vote = 'waitForReply';",
    replacement: '',
  },
  {
    name: 'strict: a holder that is in another partition by now is not asked',
    file: 'src/arbiter/safety/blockers.ts',
    search: 'return holder !== undefined && holder.client === client && areDisjoint(claimOf(holder), claim);',
    replacement: 'return false;',
  },
  {
    name: 'strict: the holder keeps the vote that it was asked back',
    file: GUARD,
    search: "const judged = holder.judged === 'ack' ? 'nack' : holder.judged;",
    replacement: 'const judged = holder.judged;',
  },
  {
    name: 'strict, lms: a stock holder that vanished is waited for as under ffsplit',
    file: LEASE,
    search: "if (algorithm !== 'ffsplit') return Number.POSITIVE_INFINITY;",
    replacement: '',
  },
  {
    name: 'strict, lms: a stock holder that closed casts no longer than corosync remembers',
    file: LEASE,
    search: "if (ending === 'broken' || algorithm !== 'ffsplit' || ownBoundMs(member) !== undefined) {",
    replacement: "if (ending === 'broken' || ownBoundMs(member) !== undefined) {",
  },
  {
    name: 'strict, lms: a stranger is bound by what others announce',
    file: 'src/arbiter/safety/blockers.ts',
    search: "member.algorithm === 'ffsplit' ? { ...member, castBoundMs: undefined } : member",
    replacement: 'member',
  },
  {
    name: 'lms: failed heuristics count like passed ones',
    file: 'src/arbiter/algorithms/lms.ts',
    search: "heuristics.latest === 'fail' ? -1 : 0",
    replacement: "heuristics.latest === 'fail' ? 1 : 0",
  },
  {
    name: 'lms: the partition with fewer nodes wins',
    file: 'src/arbiter/algorithms/lms.ts',
    search: 'const top = Math.max(...groups.map(sizeOf));',
    replacement: 'const top = Math.min(...groups.map(sizeOf));',
  },
  {
    name: 'strict: nobody is judged again when somebody leaves',
    file: VERDICT,
    search: 'member.client !== client && isRefused(member)',
    replacement: 'member.client === client && isRefused(member)',
  },
  {
    name: 'strict: who was refused is judged again only when a holder leaves',
    file: VERDICT,
    search: '{ client }: Member, nowMs: number): Cluster {',
    replacement: "{ client, judged }: Member, nowMs: number): Cluster { if (judged !== 'ack') return cluster;",
  },
  {
    name: 'strict: who was refused is not judged again when another is refused',
    file: VERDICT,
    search: "vote === 'nack' && member.judged !== 'nack';",
    replacement: 'false;',
  },
  {
    name: 'strict: a newcomer that was refused is not judged again when a holder speaks',
    file: VERDICT,
    search: "vote === 'ack' ? withNewcomers(now, nowMs) : now",
    replacement: 'now',
  },
  {
    name: 'strict: a newcomer that was refused is not judged again',
    file: VERDICT,
    search: "(judged ?? lastAckNack) === 'nack'",
    replacement: "judged === 'nack'",
  },
  {
    name: 'strict: a refusal that stands is told again',
    file: VERDICT,
    search: "(verdict.vote === 'nack' && isRefused(member))",
    replacement: 'false',
  },
  {
    name: 'upstream: who was refused is judged again',
    file: VERDICT,
    search: 'if (!cluster.strict) return cluster;',
    replacement: '',
  },
  {
    name: 'strict, test: whoever was asked for the vote never gets it again',
    file: 'src/arbiter/algorithms/test-algorithm.ts',
    search: 'quietStep(withSecondLook(recordLeaving(cluster, leaver, nowMs), leaver, nowMs))',
    replacement: 'quietStep(recordLeaving(cluster, leaver, nowMs))',
  },
  {
    name: '2nodelms: the lowest node loses',
    file: 'src/arbiter/algorithms/two-node-lms.ts',
    search: 'return members[0]?.nodeId === nodeId;',
    replacement: 'return members[0]?.nodeId !== nodeId;',
  },
  {
    name: '2nodelms: a list of both is not enough',
    file: 'src/arbiter/algorithms/two-node-lms.ts',
    search: "if (members.nodes.length === 2) return { vote: 'ack', rule: 'bothNodes' };",
    replacement: '',
  },
  {
    name: 'release: a node that is connected is released',
    file: RELEASE,
    search: '  if (nodeIn(cluster, nodeId) !== undefined) return false;\n',
    replacement: '',
  },
  {
    name: 'release: a node that nobody waits for is released',
    file: RELEASE,
    search: '.some((blocker) => blocker.nodeId === nodeId)',
    replacement: '.some((blocker) => blocker.nodeId >= 0)',
  },
  {
    name: 'release: the record still names the node',
    file: RELEASE,
    search: 'isOutdated: true',
    replacement: 'isOutdated: false',
  },
  {
    name: 'release: a record that could not be mended is not tried again',
    file: 'src/arbiter/safety/ledger.ts',
    search: 'isOutdated: ledger.isOutdated || writing.mends,',
    replacement: 'isOutdated: ledger.isOutdated,',
  },
  {
    name: 'release: everybody is released',
    file: 'src/arbiter/safety/state.ts',
    search: 'grants: safety.grants.filter((grant) => grant.nodeId !== nodeId),',
    replacement: 'grants: safety.grants.filter((grant) => grant.nodeId === nodeId && false),',
  },
];

/** The node's halves of the others, as upstream has them. */
export const OF_UPSTREAMS_NODE: readonly Mutation[] = [
  {
    name: 'node, 2nodelms: a kept vote outlives a new ring',
    file: 'src/member/algorithms/keeping.ts',
    search: 'onChangeUnconnected: withdrawnByChange,',
    replacement: 'onChangeUnconnected: () => undefined,',
  },
  {
    name: 'node, lms: a vote outlives the arbiter without wait_for_all',
    file: 'src/member/algorithms/lms.ts',
    search: 'waitForAll && quorate',
    replacement: 'quorate',
  },
];
