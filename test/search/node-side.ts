/**
 * A node in a searched world: what the daemon makes of what it hears, and what corosync makes of the daemon. Source:
 * corosync-qdevice 3.0.3 and votequorum of corosync 3.1.7, by their timing (the simulator runs the real cores instead).
 */
import { type Node, type NodeSet, TIMEOUT_TICKS, type ToArbiter, type ToNode } from './state.ts';

/** Stock: a heartbeat is not answered by the time the next is due. Ours: none was answered for a whole one. */
const GIVES_UP_AFTER = { stock: 8, own: 4 };
/** Ours casts only on a fresh answer. */
const FRESH_TICKS_OWN = 1;
const NOTHING = 0;

const say = (node: Node, ...messages: ToArbiter[]): Node => ({
  ...node,
  toArbiter: [...node.toArbiter, ...messages],
});

const casting = (node: Node): Node => ({ ...node, flagRing: node.ring, flagFor: TIMEOUT_TICKS });
const withdrawn = (node: Node): Node => ({ ...node, flagFor: NOTHING });

/** Ours asks for a sign of life first if the last one is old. */
const mayCast = ({ stock, quiet }: Node): boolean => stock || quiet <= FRESH_TICKS_OWN;

export function follow(node: Node, vote: Node['vote']): Node {
  const next = { ...node, vote };
  if (vote === 'ack') return mayCast(next) ? casting(next) : next;
  return vote === 'nack' ? withdrawn(next) : next;
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
export function leave(node: Node): Node {
  if (!node.connected) return node;
  const left: Node = { ...follow(node, 'nack'), connected: false, toNode: [] };
  return node.stock ? say(left, { say: 'fin' }) : say(left, { say: 'farewell' }, { say: 'fin' });
}

/** Its sockets close, corosync is not told. */
export function kill(node: Node): Node {
  const dead: Node = { ...node, daemon: 'dead', vote: 'nack', connected: false, toNode: [] };
  return node.connected ? say(dead, { say: 'fin' }) : dead;
}

export function hear(node: Node, message: ToNode): Node {
  if (message.say === 'fin') return { ...follow(node, 'nack'), connected: false, toNode: [], toArbiter: [] };
  const counts = message.ring === node.sentRing;
  const followed = counts ? follow(node, standing(message.vote)) : node;
  return message.seq === undefined ? followed : say(followed, { say: 'confirm', seq: message.seq });
}

const standing = (vote: Extract<ToNode, { say: 'vote' }>['vote']): Node['vote'] =>
  vote === 'ack' || vote === 'nack' ? vote : 'wait';

/** Corosync is in a new ring: what was cast before counts no more until it is cast anew. */
export function enterRing(node: Node, ring: number, members: NodeSet): Node {
  const moved = { ...node, ring, members };
  return node.daemon === 'up' ? report(moved) : moved;
}

/** The daemon learns of the ring that corosync is in. */
export function report(node: Node): Node {
  if (!node.connected || node.sentRing === node.ring) return node;
  return follow(say({ ...node, sentRing: node.ring }, membership(node), { say: 'quor' }), 'wait');
}

/**
 * After a stop of the whole process. Stock nodes go on as if nothing had been, which no arbiter can know: such a node is
 * taken for killed. Ours asks before it casts again.
 */
export function thaw(node: Node): Node {
  if (node.stock) return kill(node);
  const awake: Node = { ...node, daemon: 'up' };
  return awake.connected && awake.quiet >= GIVES_UP_AFTER.own ? { ...leave(awake), quiet: 0 } : report(awake);
}

/** A quarter of a heartbeat passes. `answered`: a heartbeat went through meanwhile. */
export function pass(node: Node, answered: boolean): Node {
  const flagFor = Math.max(NOTHING, node.flagFor - 1);
  if (!node.connected) return { ...node, quiet: 0, flagFor };
  // The clock of a frozen process goes on.
  if (node.daemon !== 'up') return { ...node, quiet: Math.min(node.quiet + 1, GIVES_UP_AFTER.stock), flagFor };
  const quiet = answered ? 0 : node.quiet + 1;
  const next = { ...node, quiet, flagFor };
  if (quiet >= (node.stock ? GIVES_UP_AFTER.stock : GIVES_UP_AFTER.own)) return { ...leave(next), quiet: 0 };
  return mayCast(next) && node.vote === 'ack' && node.sentRing === node.ring ? casting(next) : next;
}
