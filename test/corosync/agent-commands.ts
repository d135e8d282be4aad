/** What a test asks of a node and hears from it, the same for the real corosync (in another process) and the twin. */
import type { Corosync, CorosyncListener } from '../../src/corosync/port.ts';

/** Method and arguments; BigInts travel as strings with a final n. */
export type Command = readonly [method: keyof typeof METHODS, ...args: unknown[]];

export type Heard =
  | { readonly event: 'nodeList'; readonly leader: number; readonly seq: string; readonly nodeIds: readonly number[] }
  | { readonly event: 'quorum'; readonly quorate: boolean; readonly nodes: readonly string[] }
  | { readonly event: 'expectedVotes'; readonly votes: number }
  | { readonly event: 'keys'; readonly keys: readonly string[] }
  | { readonly event: 'lost' };

type Tell = (heard: Heard) => void;

const ring = (leader: unknown, seq: unknown) => ({ nodeId: Number(leader), seq: BigInt(String(seq)) });

export const METHODS = {
  get: (corosync: Corosync, _tell: Tell, key: unknown) => corosync.get(String(key)),
  list: (corosync: Corosync, _tell: Tell, prefix: unknown) => [...corosync.list(String(prefix))],
  register: (corosync: Corosync, _tell: Tell, name: unknown) => corosync.register(String(name)),
  unregister: (corosync: Corosync) => corosync.unregister(),
  track: (corosync: Corosync, tell: Tell) => corosync.track(listenerFor(tell)),
  castVote: (corosync: Corosync, _tell: Tell, leader: unknown, seq: unknown, cast: unknown) =>
    corosync.castVote(ring(leader, seq), cast === true),
  setMasterWins: (corosync: Corosync, _tell: Tell, allow: unknown) => corosync.setMasterWins(allow === true),
  info: (corosync: Corosync, _tell: Tell, nodeId: unknown) => corosync.info(Number(nodeId)),
  close: (corosync: Corosync) => corosync.close(),
} as const;

export function listenerFor(tell: Tell): CorosyncListener {
  return {
    onNodeList: ({ nodeId, seq }, nodeIds) => tell({ event: 'nodeList', leader: nodeId, seq: String(seq), nodeIds }),
    onQuorum: (quorate, nodes) =>
      tell({ event: 'quorum', quorate, nodes: nodes.map(({ nodeId, state }) => `${nodeId} ${state}`) }),
    onExpectedVotes: (votes) => tell({ event: 'expectedVotes', votes }),
    onKeysChanged: (keys) => tell({ event: 'keys', keys }),
    onLost: () => tell({ event: 'lost' }),
  };
}
