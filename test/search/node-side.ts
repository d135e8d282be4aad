/**
 * A node in a searched world: what the daemon makes of what it hears, and what corosync makes of the daemon. What becomes
 * of a vote where the arbiter's word is missing is decided by the real half of the algorithm, upstream's or ours; the
 * timing is that of corosync-qdevice 3.0.3, ours, and votequorum of corosync 3.1.7 (the simulator runs the real cores).
 */
import type { MemberAlgorithm, Standing } from '../../src/member/algorithms/algorithm.ts';
import { type Node, type NodeSet, TIMEOUT_TICKS, type ToArbiter, type ToNode } from './state.ts';

/** The node's half of an algorithm in one world. */
export interface Half {
  readonly algorithm: MemberAlgorithm;
  /** All that are configured: together they are quorate without a device. */
  readonly everybody: NodeSet;
  /** Quorum lists are judged, so that each change of quorum is one more question. */
  readonly quorumCounts: boolean;
  /** A stock daemon that was stopped for long may go on: nobody else is given the vote while it is away. */
  readonly goesOn: boolean;
}

/** Stock: a heartbeat is not answered by the time the next is due. Ours: none was answered for a whole one. */
const GIVES_UP_AFTER = { stock: 8, own: 4 };
/** Ours casts only on a fresh answer. */
const FRESH_TICKS_OWN = 1;
const NOTHING = 0;

const say = (node: Node, ...messages: ToArbiter[]): Node => ({
  ...node,
  toArbiter: [...node.toArbiter, ...messages],
});

export const isCasting = ({ flagFor, flagRing, ring }: Node): boolean => flagFor > 0 && flagRing === ring;

const casting = (node: Node): Node => ({ ...node, flagRing: node.ring, flagFor: TIMEOUT_TICKS });
const withdrawn = (node: Node): Node => ({ ...node, flagFor: NOTHING });

/** Ours asks for a sign of life first if the last one is old. */
const mayCast = ({ stock, quiet }: Node): boolean => stock || quiet <= FRESH_TICKS_OWN;

function follow(node: Node, vote: Node['vote']): Node {
  const next = { ...node, vote };
  if (vote === 'ack') return mayCast(next) ? casting(next) : next;
  return vote === 'nack' ? withdrawn(next) : next;
}

/** Corosync tells of each change of its quorum, and the daemon passes it on. */
function told(before: Node, after: Node, half: Half): Node {
  if (!half.quorumCounts || !after.connected || after.daemon !== 'up' || after.sentRing !== after.ring) return after;
  return isQuorate(before, half) === isQuorate(after, half) ? after : say(after, { say: 'quor' });
}

/** With as many votes as lms gives the device, its vote is as good as everybody's. */
const isQuorate = (node: Node, { everybody }: Half): boolean => node.members === everybody || isCasting(node);

const standingOf = (node: Node, half: Half): Standing => ({
  vote: node.vote === 'wait' ? 'waitForReply' : node.vote,
  quorate: isQuorate(node, half),
});

/** The vote as the algorithm has it after something that the arbiter has not judged; undefined: as it was. */
function unjudged(node: Node, vote: ReturnType<MemberAlgorithm['onDisconnected']>): Node {
  return vote === undefined ? node : follow(node, standing(vote));
}

const membership = ({ ring, members, heuristics }: Node): ToArbiter => ({
  say: 'memb',
  ring,
  nodes: members,
  heuristics,
});

export function connect(node: Node): Node {
  const fresh: Node = { ...node, connected: true, quiet: 0, toArbiter: [], toNode: [], sentRing: node.ring };
  const config: ToArbiter = { say: 'config', nodes: node.config, initial: true };
  return follow(say(fresh, { say: 'init', ring: node.ring }, config, membership(node), { say: 'quor' }), 'wait');
}

/** The vote first, then the connection. */
export function leave(node: Node, half: Half): Node {
  if (!node.connected) return node;
  const { algorithm } = half;
  const left: Node = {
    ...unjudged(node, algorithm.onDisconnected(standingOf(node, half))),
    connected: false,
    toNode: [],
  };
  return node.stock ? say(left, { say: 'fin' }) : say(left, { say: 'farewell' }, { say: 'fin' });
}

/** Its sockets close, corosync is not told. */
export function kill(node: Node): Node {
  const dead: Node = { ...node, daemon: 'dead', vote: 'nack', connected: false, toNode: [] };
  return node.connected ? say(dead, { say: 'fin' }) : dead;
}

/** All of it is gone without a word, and what corosync counted with it. */
export function powerOff(node: Node): Node {
  return { ...withdrawn(node), daemon: 'off', vote: 'nack', connected: false, toNode: [] };
}

export function hear(node: Node, message: ToNode, half: Half): Node {
  if (message.say === 'fin') {
    const left = unjudged(node, half.algorithm.onDisconnected(standingOf(node, half)));
    return { ...left, connected: false, toNode: [], toArbiter: [] };
  }
  const counts = message.ring === node.sentRing;
  const followed = counts ? follow(node, standing(message.vote)) : node;
  const answered = message.seq === undefined ? followed : say(followed, { say: 'confirm', seq: message.seq });
  return told(node, answered, half);
}

const standing = (vote: 'ack' | 'nack' | 'askLater' | 'waitForReply'): Node['vote'] =>
  vote === 'ack' || vote === 'nack' ? vote : 'wait';

/** Corosync is in a new ring: what was cast before counts no more until it is cast anew. */
export function enterRing(node: Node, ring: number, members: NodeSet, half: Half): Node {
  const moved = { ...node, ring, members };
  return node.daemon === 'up' ? report(moved, half) : moved;
}

/** The daemon learns of the ring that corosync is in. */
export function report(node: Node, half: Half): Node {
  if (!node.connected) return unjudged(node, half.algorithm.onChangeUnconnected(standingOf(node, half)));
  if (node.sentRing === node.ring) return node;
  return follow(say({ ...node, sentRing: node.ring }, membership(node), { say: 'quor' }), 'wait');
}

/**
 * After a stop of the whole process. Stock nodes go on as if nothing had been, which an arbiter cannot know that counts on
 * time: such a node is taken for killed. Ours asks before it casts again.
 */
export function thaw(node: Node, half: Half): Node {
  const awake: Node = { ...node, daemon: 'up' };
  if (node.stock) return half.goesOn ? report(awake, half) : kill(node);
  const isLate = awake.connected && awake.quiet >= GIVES_UP_AFTER.own;
  return isLate ? { ...leave(awake, half), quiet: 0 } : report(awake, half);
}

/** A quarter of a heartbeat passes. `answered`: a heartbeat went through meanwhile. */
export function pass(node: Node, answered: boolean, half: Half): Node {
  const flagFor = Math.max(NOTHING, node.flagFor - 1);
  const grants = node.vote === 'ack' && node.sentRing === node.ring && node.daemon === 'up';
  if (!node.connected) return grants ? casting({ ...node, quiet: 0 }) : { ...node, quiet: 0, flagFor };
  // The clock of a frozen process goes on.
  if (node.daemon !== 'up') return { ...node, quiet: Math.min(node.quiet + 1, GIVES_UP_AFTER.stock), flagFor };
  const quiet = answered ? 0 : node.quiet + 1;
  const next = { ...node, quiet, flagFor };
  const givesUpAfter = node.stock ? GIVES_UP_AFTER.stock : GIVES_UP_AFTER.own;
  if (quiet >= givesUpAfter) {
    const stays = half.algorithm.onEchoMissing(standingOf(node, half)) === 'stay';
    if (!stays) return { ...leave(next, half), quiet: 0 };
    return grants ? casting({ ...next, quiet: givesUpAfter }) : { ...next, quiet: givesUpAfter };
  }
  return told(node, grants && mayCast(next) ? casting(next) : next, half);
}
