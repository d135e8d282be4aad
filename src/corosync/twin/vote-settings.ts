/** What votequorum takes from the keys, and which mixtures it refuses (votequorum_readconfig in corosync 3.1.7). */
import type { KeyTable } from './key-table.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_SYNC_TIMEOUT_MS = 30_000;
/** Features without a use beside a device; a twin that ignored them silently would lie. */
const NOT_IN_THE_TWIN = [
  'quorum.last_man_standing',
  'quorum.auto_tie_breaker',
  'quorum.allow_downscale',
  'quorum.expected_votes_tracking',
];

export interface VoteSettings {
  readonly nodeVotes: number;
  readonly expectedVotes: number;
  readonly twoNode: boolean;
  readonly waitForAll: boolean;
  /** undefined: cannot be computed, the old number stays. */
  readonly deviceVotes: number | undefined;
  readonly deviceTimeoutMs: number;
  readonly deviceSyncTimeoutMs: number;
  /** Why the device may not be used; at the start corosync refuses to run for the same reasons. */
  readonly problem: string | undefined;
}

export function readVoteSettings(keys: KeyTable): VoteSettings {
  const unknown = NOT_IN_THE_TWIN.find((key) => (keys.number(key) ?? 0) !== 0);
  if (unknown !== undefined) throw new Error(`the twin of corosync does not know ${unknown}`);
  const nodes = readNodes(keys);
  const hasDevice = (keys.get('quorum.device.model') ?? '') !== '';
  const twoNode = (keys.number('quorum.two_node') ?? 0) !== 0;
  const fixedExpected = keys.number('quorum.expected_votes') ?? 0;
  const configured = hasDevice ? keys.number('quorum.device.votes') : 0;
  const alike = nodes.count === nodes.votes;
  const computed = configured === undefined && fixedExpected === 0 && alike ? nodes.votes - 1 : undefined;
  const deviceVotes = configured ?? computed;
  return {
    nodeVotes: nodes.own,
    expectedVotes: fixedExpected > 0 ? fixedExpected : nodes.votes + (computed ?? 0),
    twoNode,
    waitForAll: (keys.number('quorum.wait_for_all') ?? (twoNode ? 1 : 0)) !== 0,
    deviceVotes,
    deviceTimeoutMs: keys.number('quorum.device.timeout') ?? DEFAULT_TIMEOUT_MS,
    deviceSyncTimeoutMs: keys.number('quorum.device.sync_timeout') ?? DEFAULT_SYNC_TIMEOUT_MS,
    problem: hasDevice ? deviceProblem(twoNode, deviceVotes, fixedExpected) : undefined,
  };
}

function deviceProblem(twoNode: boolean, votes: number | undefined, fixedExpected: number): string | undefined {
  if (twoNode) return 'two_node and quorum device cannot be configured at the same time';
  if (votes === undefined) return 'quorum.device.votes must be specified';
  if (votes > 0 && fixedExpected > 0 && fixedExpected - votes < 2) return 'quorum.device.votes is too high';
  return undefined;
}

function readNodes(keys: KeyTable): { own: number; count: number; votes: number } {
  const positions = new Set<string>();
  for (const key of keys.list('nodelist.node.').keys()) positions.add(key.split('.')[2] ?? '');
  const votesOf = (position: string | number) => keys.number(`nodelist.node.${position}.quorum_votes`) ?? 1;
  const votes = [...positions].reduce((sum, position) => sum + votesOf(position), 0);
  return { own: votesOf(keys.number('nodelist.local_node_pos') ?? 0), count: positions.size, votes };
}
