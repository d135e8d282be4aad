/** The guard of vote_safety=strict in a searched world, with its record: what is on disk, and a write under way. */
import type { Step } from '../../src/arbiter/algorithms/algorithm.ts';
import { type Cluster, type Member, memberOf } from '../../src/arbiter/cluster.ts';
import type { Reply } from '../../src/arbiter/requests.ts';
import { rememberVote, rememberVotes } from '../../src/arbiter/requests.ts';
import * as guard from '../../src/arbiter/safety/guard.ts';
import type { Ending } from '../../src/arbiter/safety/lease.ts';
import * as operator from '../../src/arbiter/safety/release.ts';
import { HEARTBEAT_TICKS, type State, TICK_MS } from './state.ts';

const NAME = 'search';
/** As in the arbiter: a NACK that is not confirmed within so many heartbeats. */
const CONFIRM_MS_MAX = 1.5 * HEARTBEAT_TICKS * TICK_MS;

export const nowMs = ({ tick }: State): number => tick * TICK_MS;

export function joined(state: State): State {
  if (!state.strict || state.safety !== undefined) return state;
  return { ...state, safety: guard.newSafety(NAME, undefined, nowMs(state), nowMs(state)) };
}

export function confirmed(state: State, member: Member, seq: number): State {
  if (state.safety === undefined) return state;
  return { ...state, safety: guard.confirmed(state.safety, member, seq, nowMs(state)) };
}

export function withdrew(state: State, member: Member): State {
  return state.safety === undefined ? state : { ...state, safety: guard.withdrew(state.safety, member) };
}

export function left(state: State, member: Member, ending: Ending, heardAgo: number): State {
  const heardAtMs = nowMs(state) - heardAgo * TICK_MS;
  if (state.safety === undefined) return state;
  return { ...state, safety: guard.left(state.safety, member, ending, heardAtMs, nowMs(state)) };
}

export function isReleasable({ safety, cluster, ...state }: State, nodeId: number): boolean {
  if (safety === undefined || cluster === undefined) return false;
  return operator.isReleasable(safety, cluster, nodeId, state.tick * TICK_MS);
}

export function released(state: State, nodeId: number): State {
  const { safety } = state;
  return safety === undefined || !isReleasable(state, nodeId)
    ? state
    : { ...state, safety: operator.released(safety, nodeId) };
}

/** Its last connection is gone: without a record nothing has to be remembered. */
export function emptied(state: State): State {
  const ledger = state.safety?.ledger;
  const isNothing = ledger !== undefined && ledger.durable.length === 0 && ledger.writing === undefined;
  return isNothing ? { ...state, safety: undefined } : state;
}

export interface Let {
  readonly state: State;
  readonly before: Step['votes'];
  readonly reply: Uint8Array | undefined;
  readonly behind: Step['votes'];
}

/** What may leave of a step, in this order: the votes before the reply, the reply, the votes behind it. */
export function screen(state: State, step: Step, client?: number, reply?: Reply): Let {
  const asked = client === undefined || reply?.vote === undefined ? undefined : { client, vote: reply.vote };
  const { safety } = state;
  if (safety === undefined) return passed(state, step, client, reply);
  const done = guard.screened(safety, step, asked, nowMs(state));
  let cluster = rememberVotes(done.cluster, done.before);
  let frame: Uint8Array | undefined;
  if (client !== undefined && reply !== undefined) {
    cluster = rememberVote(cluster, client, done.reply);
    frame = reply.frame(done.reply, memberOf(cluster, client));
  }
  cluster = rememberVotes(cluster, done.votes);
  const writing = done.write === undefined ? state.writing : done.write;
  return {
    state: { ...state, cluster, safety: done.safety, writing },
    before: done.before,
    reply: frame,
    behind: done.votes,
  };
}

function passed(state: State, step: Step, client: number | undefined, reply: Reply | undefined): Let {
  const cluster = rememberVotes(step.cluster, step.votes);
  const frame = client === undefined ? undefined : reply?.frame(reply.vote, memberOf(cluster, client));
  return { state: { ...state, cluster }, before: step.votes, reply: frame, behind: [] };
}

/** Connections that owe the confirmation of a NACK for too long. */
export function overdue({ safety, cluster, ...state }: State): number[] {
  if (safety === undefined || cluster === undefined) return [];
  const isOverdue = ({ client }: Member): boolean => {
    const owed = safety.revoking.get(client);
    return owed !== undefined && owed.sinceMs + CONFIRM_MS_MAX <= state.tick * TICK_MS;
  };
  return cluster.members.filter(isOverdue).map(({ client }) => client);
}

export const quiet = (cluster: Cluster): Step => ({ cluster, votes: [], reports: [] });

/** The write under way is on disk. */
export function written(state: State): State {
  const { writing, safety } = state;
  if (writing === undefined) return state;
  const disk = { ...state, writing: undefined, disk: writing.grants };
  if (safety === undefined) return disk;
  return { ...disk, safety: guard.recorded(safety, writing.version, undefined, nowMs(state)) };
}

/** A new process knows what is on disk, if anything is. */
export function restarted(state: State, losesRecord: boolean): State {
  const disk = losesRecord ? undefined : state.disk;
  const startedMs = nowMs(state);
  const safety = state.strict && disk !== undefined ? guard.newSafety(NAME, disk, startedMs, startedMs) : undefined;
  return { ...state, disk, writing: undefined, safety };
}
