/**
 * A whole cluster as one small value: what every node believes and casts, what is on its way, and what the arbiter knows.
 * Values are replaced, never edited, so that a search can go on from any of them in every direction.
 *
 * Time is counted in ticks of a quarter heartbeat. Between two ticks everything on a healthy link can happen in any
 * order; a link that is cut keeps what was sent on it until it is healed, however long.
 */
import type { Cluster } from '../../src/arbiter/cluster.ts';
import type { RecordWrite } from '../../src/arbiter/safety/guard.ts';
import type { RecordedGrant } from '../../src/arbiter/safety/ledger.ts';
import type { Safety } from '../../src/arbiter/safety/state.ts';
import type { HeuristicsResult } from '../../src/member/events.ts';

export const TICK_MS = 2_000;
export const HEARTBEAT_TICKS = 4;
/** Corosync forgets a cast after quorum.device.timeout, 1.25 heartbeats. */
export const TIMEOUT_TICKS = 5;
/** Our own node says so: a fifth of the timeout, and the timeout. */
export const OWN_BOUND_TICKS = 6;
/** Dead-peer detection of the arbiter. */
export const DEAD_PEER_TICKS = 6;

/** Node ids as bits: node 1 is bit 0. */
export type NodeSet = number;

export type ToArbiter =
  | { readonly say: 'init'; readonly ring: number }
  | { readonly say: 'config'; readonly nodes: NodeSet; readonly initial: boolean }
  | { readonly say: 'memb'; readonly ring: number; readonly nodes: NodeSet; readonly heuristics: HeuristicsResult }
  | { readonly say: 'quor' }
  | { readonly say: 'heuristics'; readonly result: 'pass' | 'fail' }
  | { readonly say: 'confirm'; readonly seq: number }
  /** Nothing is cast any more, and the connection ends. */
  | { readonly say: 'farewell' }
  | { readonly say: 'fin' };

export type ToNode =
  | {
      readonly say: 'vote';
      readonly vote: 'ack' | 'nack' | 'askLater' | 'waitForReply';
      readonly ring: number;
      /** undefined: in a reply, which is not confirmed. */
      readonly seq: number | undefined;
    }
  | { readonly say: 'fin' };

export interface Node {
  readonly nodeId: number;
  /** Upstream's daemon, by its timing. */
  readonly stock: boolean;
  readonly ring: number;
  readonly members: NodeSet;
  readonly config: NodeSet;
  readonly heuristics: HeuristicsResult;
  /** off: the machine has no power; nothing there counts a vote. */
  readonly daemon: 'up' | 'frozen' | 'dead' | 'off';
  /** Its link to the arbiter. */
  readonly cut: boolean;
  /** The connection as the node sees it. */
  readonly connected: boolean;
  /** The ring of the last list that it sent: votes count for no other. */
  readonly sentRing: number;
  readonly vote: 'ack' | 'nack' | 'wait';
  /** Ticks since it sent the last heartbeat that was answered. */
  readonly quiet: number;
  /** What corosync holds: a cast for this ring, forgotten after so many ticks unless renewed. */
  readonly flagRing: number;
  readonly flagFor: number;
  readonly toArbiter: readonly ToArbiter[];
  readonly toNode: readonly ToNode[];
}

/** One connection as the arbiter sees it; a node has one at most. */
export interface Peer {
  readonly nodeId: number;
  readonly client: number;
  /** Ticks since it was heard last. */
  readonly heardAgo: number;
}

export interface Budget {
  readonly splits: number;
  readonly faults: number;
}

export interface State {
  readonly tick: number;
  readonly nodes: readonly Node[];
  readonly peers: readonly Peer[];
  readonly cluster: Cluster | undefined;
  readonly strict: boolean;
  readonly safety: Safety | undefined;
  /** What is recorded; undefined: nothing. */
  readonly disk: readonly RecordedGrant[] | undefined;
  readonly writing: RecordWrite | undefined;
  /** Numbers used up so far. */
  readonly rings: number;
  readonly clients: number;
  readonly left: Budget;
}

export const bitOf = (nodeId: number): NodeSet => 1 << (nodeId - 1);

export const idsIn = (nodes: NodeSet): number[] => {
  const ids: number[] = [];
  for (let nodeId = 1; nodes >> (nodeId - 1) > 0; nodeId += 1) if ((nodes & bitOf(nodeId)) !== 0) ids.push(nodeId);
  return ids;
};

export const nodeOf = (state: State, nodeId: number): Node => {
  const node = state.nodes[nodeId - 1];
  if (node === undefined) throw new Error(`no node ${nodeId}`);
  return node;
};

export function withNode(state: State, nodeId: number, change: Partial<Node>): State {
  return { ...state, nodes: state.nodes.map((node) => (node.nodeId === nodeId ? { ...node, ...change } : node)) };
}
