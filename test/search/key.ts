/**
 * When two states are the same: what can follow does not depend on how rings, messages and connections are numbered, nor
 * on what time it is, so numbers are counted from the newest and moments from now. Nodes are not exchanged for each other:
 * rules look at their ids.
 *
 * A key is a hash of 53 bits: of a hundred million states some might be taken for another's, and then not be looked into.
 */
import type { Cluster, Member } from '../../src/arbiter/cluster.ts';
import type { Safety } from '../../src/arbiter/safety/state.ts';
import { type State, TICK_MS } from './state.ts';

export function keyOf(state: State): number {
  const rings = new Map<number, number>();
  const ring = (number: number): number => {
    const known = rings.get(number);
    if (known !== undefined) return known;
    rings.set(number, rings.size);
    return rings.size - 1;
  };
  const text: (string | number)[] = [state.left.splits, state.left.faults];
  const voteSeqOf = (nodeId: number): number =>
    state.cluster?.members.find((member) => member.nodeId === nodeId)?.voteSeq ?? 0;
  for (const node of state.nodes) {
    const seq = voteSeqOf(node.nodeId);
    text.push('|', ring(node.ring), node.members, node.config, node.heuristics, node.daemon, node.cut ? 1 : 0);
    text.push(node.connected ? 1 : 0, node.vote, node.quiet);
    if (node.connected || node.vote === 'ack') text.push(ring(node.sentRing));
    if (node.flagFor > 0) text.push('f', ring(node.flagRing), node.flagFor);
    for (const message of node.toArbiter) {
      text.push('>', message.say);
      if (message.say === 'init') text.push(ring(message.ring));
      else if (message.say === 'memb') text.push(ring(message.ring), message.nodes, message.heuristics);
      else if (message.say === 'config') text.push(message.nodes, message.initial ? 1 : 0);
      else if (message.say === 'confirm') text.push(seq - message.seq);
      else if (message.say === 'heuristics') text.push(message.result);
    }
    for (const message of node.toNode) {
      text.push('<', message.say);
      if (message.say !== 'vote') continue;
      text.push(message.vote, ring(message.ring), message.seq === undefined ? '' : seq - message.seq);
    }
  }
  for (const peer of state.peers) text.push('p', peer.nodeId, peer.heardAgo);
  if (state.cluster !== undefined) pushCluster(text, state.cluster, ring, state.tick * TICK_MS);
  if (state.safety !== undefined) pushSafety(text, state.safety, state, ring);
  for (const { nodeId, members, leaseMs } of state.disk ?? []) text.push('d', nodeId, members.join(' '), leaseMs);
  if (state.disk === undefined) text.push('d');
  return hashOf(text.join(','));
}

function pushCluster(
  text: (string | number)[],
  cluster: Cluster,
  ring: (number: number) => number,
  nowMs: number,
): void {
  text.push('c', cluster.phase, [...cluster.winner].join(' '));
  for (const member of cluster.members) pushMember(text, member, ring, nowMs);
}

function pushMember(text: (string | number)[], member: Member, ring: (number: number) => number, nowMs: number): void {
  const { nodeId, ringId, config, members, heuristics, judged, wakeAtMs, due, keepActivePartition } = member;
  text.push('m', nodeId, ring(Number(ringId.seq)), config.key, members.key, heuristics.latest);
  text.push(
    judged ?? `${member.lastAckNack}`,
    wakeAtMs === undefined ? '' : wakeAtMs - nowMs,
    due ?? '',
    keepActivePartition ? 1 : 0,
  );
}

/** Longer than any lease: what began before is over. */
const OLD_MS = 40 * TICK_MS;

function pushSafety(text: (string | number)[], safety: Safety, state: State, ring: (number: number) => number): void {
  const { grants, unknown, pending, revoking, withdrawn, ledger } = safety;
  const now = state.tick * TICK_MS;
  const newest = (client: number): number =>
    state.cluster?.members.find((member) => member.client === client)?.voteSeq ?? 0;
  const nodeId = (client: number): number => state.peers.find((peer) => peer.client === client)?.nodeId ?? 0;
  for (const { nodeId: id, members, client, leaseMs, freeAtMs, seq } of grants) {
    text.push('g', id, [...members].join(' '), client === undefined ? 'x' : nodeId(client), leaseMs, freeAtMs - now);
    text.push(seq === undefined || client === undefined ? '' : newest(client) - seq);
  }
  if (unknown !== undefined) {
    text.push('u', Math.min(OLD_MS, now - unknown.sinceMs), [...unknown.cleared].sort().join(' '));
  }
  for (const { client, ringId, seq } of pending) {
    text.push('w', nodeId(client), ring(Number(ringId.seq)), seq === undefined ? '' : newest(client) - seq);
  }
  for (const [client, { seq, ringId, sinceMs }] of revoking) {
    text.push('r', nodeId(client), ring(Number(ringId.seq)), newest(client) - seq, now - sinceMs);
  }
  text.push('v', [...withdrawn].map(nodeId).sort().join(' '), ledger.isOutdated ? 1 : 0);
  for (const { nodeId: id, members, leaseMs } of ledger.durable) text.push('l', id, members.join(' '), leaseMs);
  for (const { nodeId: id, members, leaseMs } of ledger.writing?.grants ?? []) {
    text.push('L', id, members.join(' '), leaseMs);
  }
}

/** cyrb53, public domain. */
function hashOf(text: string): number {
  let high = 0xdead_beef;
  let low = 0x41c6_ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 0x9e37_79b1);
    low = Math.imul(low ^ code, 0x5f35_6495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85eb_ca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2_ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85eb_ca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2_ae35);
  return (low & 0x1f_ffff) * 2 ** 32 + (high >>> 0);
}
