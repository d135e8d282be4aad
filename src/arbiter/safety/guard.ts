/**
 * Stands between every algorithm and the wire. An algorithm may want an ACK sent whenever it likes; it leaves once
 * nothing is in its way (blockers.ts) and the record says so (ledger.ts). Until then the node is told to wait, or
 * nothing, and whoever is in the way and can be asked is sent a NACK that he has to confirm. Votes other than ACK pass.
 */

import assert from 'node:assert';
import type { Vote } from '../../protocol/enums.ts';
import type { Step, VoteInfo } from '../algorithms/algorithm.ts';
import { type Cluster, changeMember, type Member } from '../cluster.ts';
import type { ClientId } from '../events.ts';
import { sameRing } from '../node-list.ts';
import type { Report } from '../reports.ts';
import { writeAhead } from './ahead.ts';
import { type Blocker, BlockersOfAll, isAllKnown } from './blockers.ts';
import { type Ending, freeAtMs, leaseMs } from './lease.ts';
import { endWriting, grantsOf, isRecorded, newLedger, type RecordedGrant, startWriting } from './ledger.ts';
import { claimOf, cleared, nodeIn, type Pending, type Safety, sortedIds } from './state.ts';

/** A record to write; its end is to be told with `ended`. */
export interface RecordWrite {
  readonly version: number;
  readonly grants: readonly RecordedGrant[];
}

/** What an event came to: `votes` are to be sent in order, behind the reply to the message that caused them. */
export interface Guarded {
  readonly safety: Safety;
  readonly cluster: Cluster;
  readonly votes: readonly VoteInfo[];
  readonly reports: readonly Report[];
  readonly write: RecordWrite | undefined;
}

/** `record`: what the disk says, undefined if nothing. */
export function newSafety(
  name: Safety['name'],
  record: readonly RecordedGrant[] | undefined,
  startedAtMs: number,
  nowMs: number,
): Safety {
  return {
    name,
    grants: record === undefined ? [] : grantsOf(record, startedAtMs),
    unknown: record === undefined ? { sinceMs: nowMs, cleared: new Set() } : undefined,
    pending: [],
    revoking: new Map(),
    withdrawn: new Set(),
    ledger: newLedger(record ?? []),
  };
}

/** A reply to one of our votes: what it confirms is certain from here on. */
export function confirmed(safety: Safety, member: Member, seq: number, nowMs: number): Safety {
  const { client, nodeId } = member;
  const owed = safety.revoking.get(client);
  if (owed !== undefined) {
    const revoking = new Map(safety.revoking);
    // An older one is late, but it does answer.
    if (owed.seq !== seq) revoking.set(client, { ...owed, sinceMs: nowMs });
    else revoking.delete(client);
    const settled = { ...safety, revoking };
    // With another ring by now the node has passed over the NACK.
    return owed.seq === seq && sameRing(owed.ringId, member.ringId) ? cleared(settled, nodeId) : settled;
  }
  const isInUse = safety.grants.some((grant) => grant.client === client && grant.seq === seq);
  if (!isInUse) return safety;
  // It casts for this one now, and for none of those that an earlier connection left behind.
  return { ...safety, grants: safety.grants.filter((each) => each.nodeId !== nodeId || each.client === client) };
}

/** The node says that it casts nothing any more and leaves. */
export function withdrew(safety: Safety, { client, nodeId }: Member): Safety {
  const { pending, withdrawn } = safety;
  return {
    ...cleared(safety, nodeId),
    pending: pending.filter((each) => each.client !== client),
    withdrawn: new Set([...withdrawn, client]),
  };
}

/** The connection is gone; what it was granted it may be casting until the lease runs out. */
export function left(safety: Safety, member: Member, ending: Ending, heardAtMs: number, nowMs: number): Safety {
  const { client } = member;
  const revoking = new Map(safety.revoking);
  const withdrawn = new Set(safety.withdrawn);
  revoking.delete(client);
  withdrawn.delete(client);
  const until = freeAtMs(member, ending, heardAtMs, nowMs);
  return {
    ...safety,
    grants: safety.grants.map((grant) =>
      grant.client === client ? { ...grant, client: undefined, freeAtMs: until, leaseMs: leaseMs(member) } : grant,
    ),
    pending: safety.pending.filter((each) => each.client !== client),
    revoking,
    withdrawn,
  };
}

/** A record was written, or could not be. */
export function recorded(safety: Safety, version: number, failure: string | undefined, nowMs: number): Safety {
  return { ...safety, ledger: endWriting(safety.ledger, version, failure, nowMs) };
}

/** A step that went through the guard: first `before`, then the reply with this vote, then `votes`. */
export interface Screened extends Guarded {
  readonly before: readonly VoteInfo[];
  readonly reply: Vote | undefined;
}

/**
 * What an algorithm's step may let out now. Its cluster has the message's content in it; `reply` is the vote that the step
 * wants in the reply to `client`.
 */
export function screened(
  safety: Safety,
  { cluster, votes, likely }: Step,
  reply: { readonly client: ClientId; readonly vote: Vote } | undefined,
  nowMs: number,
): Screened {
  const out: VoteInfo[] = [];
  const inTheWay = new BlockersOfAll(nowMs);
  let now = safety;
  for (const info of votes) {
    if (info.vote === 'nack') {
      out.push(info);
      now = revoke(withoutPending(now, info.to), info, nowMs);
      continue;
    }
    const { granted, safety: after } = ask(now, cluster, info.to, info.seq, inTheWay, nowMs);
    if (granted) out.push(info);
    now = after;
  }
  let vote = reply?.vote;
  if (reply !== undefined && vote === 'ack') {
    const { granted, safety: after } = ask(now, cluster, reply.client, undefined, inTheWay, nowMs);
    if (!granted) vote = 'waitForReply';
    now = after;
  } else if (reply !== undefined && vote !== 'noChange') {
    now = withoutPending(now, reply.client);
  }
  const settled = settle(now, cluster, nowMs);
  const ahead = likely && writeAhead(settled.safety, settled.cluster, likely, nowMs);
  if (ahead === undefined) return { ...settled, before: out, reply: vote };
  return { ...settled, safety: { ...settled.safety, ledger: ahead }, write: ahead.writing, before: out, reply: vote };
}

/** Lets out what nothing stands in the way of any more, and sees to what does. */
export function settle(before: Safety, cluster: Cluster, nowMs: number): Guarded {
  let safety = forgetEnded(before, cluster, nowMs);
  let now = cluster;
  const votes: VoteInfo[] = [];
  const reports: Report[] = [];
  const inTheWay = new BlockersOfAll(nowMs);
  let write: RecordWrite | undefined;
  for (const pending of safety.pending) {
    const member = now.members.find(({ client }) => client === pending.client);
    if (member === undefined || !sameRing(member.ringId, pending.ringId)) {
      safety = withoutPending(safety, pending.client);
      continue;
    }
    const isAskedBack = !safety.pending.some(({ client }) => client === pending.client);
    if (isAskedBack || !standsByIt(now)) continue;
    const blockers = inTheWay.of(safety, now, member);
    const news = tell(safety, pending, member, blockers);
    safety = news.safety;
    reports.push(...news.reports);
    if (blockers.length > 0) {
      // As long as somebody has to be waited for anyway, whoever has the vote may keep it.
      if (blockers.some(({ kind }) => kind !== 'confirmation')) continue;
      const asked = askBack(safety, now, blockers, nowMs);
      ({ safety, cluster: now } = asked);
      votes.push(...asked.votes);
      reports.push(...asked.reports);
    } else if (isRecorded(safety.ledger, member)) {
      const freed = release(safety, now, pending, member, nowMs);
      ({ safety, cluster: now } = freed);
      votes.push(freed.vote);
      reports.push(...freed.reports);
    } else if (mayWrite(safety, nowMs)) {
      const ledger = startWriting(safety.ledger, safety.grants, member, now);
      safety = { ...safety, ledger };
      write = ledger.writing;
    }
  }
  if (safety.ledger.isOutdated && mayWrite(safety, nowMs)) {
    const ledger = startWriting(safety.ledger, safety.grants, undefined, now);
    safety = { ...safety, ledger };
    write = ledger.writing;
  }
  return { safety, cluster: now, votes, reports, write };
}

/** An ACK that the algorithm wants sent: granted now, or pending. */
function ask(
  safety: Safety,
  cluster: Cluster,
  client: ClientId,
  seq: number | undefined,
  inTheWay: BlockersOfAll,
  nowMs: number,
) {
  const member = cluster.members.find((each) => each.client === client);
  assert(member !== undefined, 'votes go to members');
  const rest = withoutPending(safety, client);
  if (safety.withdrawn.has(client)) return { granted: false, safety: rest };
  const isFree = inTheWay.of(rest, cluster, member).length === 0 && isRecorded(rest.ledger, member);
  if (isFree) return { granted: true, safety: withGrant(rest, member, seq) };
  const { nodeId, ringId } = member;
  const before = safety.pending.find((each) => each.client === client);
  const { sinceMs, told } = before ?? { sinceMs: nowMs, told: '' };
  const pending = [...rest.pending, { client, nodeId, ringId, seq, sinceMs, told }];
  return { granted: false, safety: { ...rest, pending: pending.sort((a, b) => a.nodeId - b.nodeId) } };
}

const mayWrite = ({ ledger }: Safety, nowMs: number): boolean =>
  ledger.writing === undefined && (ledger.failure?.retryAtMs ?? 0) <= nowMs;

/** ffsplit takes no decision while the reports contradict each other; what it decided before does not count then. */
function standsByIt({ members, phase }: Cluster): boolean {
  return members[0]?.algorithm !== 'ffsplit' || phase === 'acking';
}

function release(safety: Safety, cluster: Cluster, pending: Pending, member: Member, nowMs: number) {
  const { client, ringId } = member;
  // The algorithm's own number, if no other has been sent since.
  const seq = pending.seq === member.voteSeq ? pending.seq : (member.voteSeq + 1) >>> 0;
  const vote: VoteInfo = { to: client, vote: 'ack', ringId, seq };
  const reports: Report[] = [];
  if (pending.told !== '') {
    const partition = sortedIds(claimOf(member));
    const waitedMs = nowMs - pending.sinceMs;
    reports.push({ what: 'voteFreed', cluster: cluster.name, partition, nodeId: member.nodeId, waitedMs });
  }
  return {
    safety: withGrant(withoutPending(safety, client), member, seq),
    cluster: changeMember(cluster, client, { voteSeq: seq }),
    vote,
    reports,
  };
}

/** Those in the way that can be asked and have not been. */
function askBack(before: Safety, cluster: Cluster, blockers: readonly Blocker[], nowMs: number) {
  let safety = before;
  let now = cluster;
  const votes: VoteInfo[] = [];
  const reports: Report[] = [];
  for (const { kind, nodeId } of blockers) {
    const holder = nodeIn(now, nodeId);
    if (kind !== 'confirmation' || holder === undefined) continue;
    const { client, ringId } = holder;
    // A newcomer stays one: it would take the vote back from those who use it.
    const judged = holder.judged === 'ack' ? 'nack' : holder.judged;
    const owed = safety.revoking.get(client);
    if (owed !== undefined && sameRing(owed.ringId, ringId)) continue;
    const vote: VoteInfo = { to: client, vote: 'nack', ringId, seq: (holder.voteSeq + 1) >>> 0 };
    safety = revoke(withoutPending(safety, client), vote, nowMs);
    now = changeMember(now, client, { voteSeq: vote.seq, judged, granted: false });
    votes.push(vote);
    reports.push({ what: 'revoking', client, cluster: cluster.name, nodeId });
  }
  return { safety, cluster: now, votes, reports };
}

/** One report each time that what is waited for changes. */
function tell(safety: Safety, pending: Pending, member: Member, blockers: readonly Blocker[]) {
  const told = blockers.map(({ kind, nodeId }) => `${kind} ${nodeId}`).join();
  if (told === pending.told || blockers.length === 0) return { safety, reports: [] };
  const partition = sortedIds(claimOf(member));
  const mates = safety.pending.filter((each) => each.client !== pending.client && partition.includes(each.nodeId));
  const after = safety.pending.map((each) => (each.client === pending.client ? { ...each, told } : each));
  const report: Report = { what: 'voteHeld', cluster: safety.name, partition, nodeId: member.nodeId, blockers };
  const isSaid = mates.some((mate) => mate.told === told);
  return { safety: { ...safety, pending: after }, reports: isSaid ? [] : [report] };
}

function revoke(safety: Safety, { to, seq, ringId }: VoteInfo, nowMs: number): Safety {
  const sinceMs = safety.revoking.get(to)?.sinceMs ?? nowMs;
  return { ...safety, revoking: new Map(safety.revoking).set(to, { seq, ringId, sinceMs }) };
}

function withGrant(safety: Safety, member: Member, seq: number | undefined): Safety {
  const { client, nodeId } = member;
  const others = safety.grants.filter((grant) => grant.client !== client);
  const members = claimOf(member);
  const lease = leaseMs(member);
  const revoking = new Map(safety.revoking);
  revoking.delete(client);
  const { unknown } = safety;
  return {
    ...safety,
    revoking,
    unknown: unknown && { ...unknown, cleared: new Set([...unknown.cleared, nodeId]) },
    grants: [...others, { nodeId, members, client, leaseMs: lease, freeAtMs: Number.POSITIVE_INFINITY, seq }],
  };
}

function withoutPending(safety: Safety, client: ClientId): Safety {
  if (!safety.pending.some((each) => each.client === client)) return safety;
  return { ...safety, pending: safety.pending.filter((each) => each.client !== client) };
}

function forgetEnded(safety: Safety, cluster: Cluster, nowMs: number): Safety {
  const unknown = isAllKnown(safety, cluster, nowMs) ? undefined : safety.unknown;
  const isSame = unknown === safety.unknown && safety.grants.every((grant) => grant.freeAtMs > nowMs);
  return isSame ? safety : { ...safety, unknown, grants: safety.grants.filter((grant) => grant.freeAtMs > nowMs) };
}
