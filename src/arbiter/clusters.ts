/**
 * All clusters, kept apart. What concerns one is computed whole, down to the frames, before anything of it is let out;
 * if that fails the defect is ours, and its nodes are handed back to be closed: they withdraw their votes, reconnect and
 * start clean. No other cluster notices.
 */

import assert from 'node:assert';
import type { DecisionAlgorithm, ReplyCode, Vote } from '../protocol/enums.ts';
import type { MessageName } from '../protocol/messages.ts';
import type { OptionValues } from '../protocol/options.ts';
import type { ByteString } from '../protocol/values.ts';
import type { Algorithm, Step, VoteInfo } from './algorithms/algorithm.ts';
import { type Cluster, type Member, memberOf, newCluster, withMember, withoutMember } from './cluster.ts';
import { Deadlines } from './deadlines.ts';
import type { ClientId } from './events.ts';
import { voteInfo } from './replies.ts';
import type { Report } from './reports.ts';
import { answerRequest, type Reply, rememberVote, rememberVotes } from './requests.ts';
import type { RecordWrite } from './safety/guard.ts';
import { Guards, type Records } from './safety/guards.ts';
import type { Ending } from './safety/lease.ts';
import type { ArbiterSettings } from './settings.ts';

export type Algorithms = Readonly<Record<DecisionAlgorithm, Algorithm>>;

export interface Outgoing {
  readonly to: ClientId;
  readonly bytes: Uint8Array;
}

/** To be sent in this order: the votes, the reply, the votes that the guard has let go since. */
export interface Done {
  readonly kind: 'done';
  readonly outgoing: readonly Outgoing[];
  readonly reports: readonly Report[];
  readonly write?: RecordWrite | undefined;
}

interface Refused {
  readonly kind: 'refused';
  readonly code: ReplyCode;
}

interface Failed {
  readonly kind: 'failed';
  readonly error: string;
  readonly clients: readonly ClientId[];
}

/** What may go out, or who has to be closed. */
export type Result = Done | Failed;

export class Clusters {
  readonly #algorithms: Algorithms;
  readonly #settings: ArbiterSettings;
  readonly #byName = new Map<ByteString, Cluster>();
  /** When members want to be looked at again. An entry may come up too early, never too late. */
  readonly #wakes = new Deadlines();
  /** Undefined: votes go out as the algorithm wants them. */
  readonly guards: Guards | undefined;

  constructor(settings: ArbiterSettings, algorithms: Algorithms, records: Records) {
    this.#settings = settings;
    this.#algorithms = algorithms;
    this.guards = settings.voteSafety === 'strict' ? new Guards(records) : undefined;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: ByteString): Cluster | undefined {
    return this.#byName.get(name);
  }

  /** In order of creation. */
  all(): Cluster[] {
    return [...this.#byName.values()];
  }

  memberOf(name: ByteString, client: ClientId): Member | undefined {
    return this.#byName.get(name)?.members.find((member) => member.client === client);
  }

  nextWakeMs(): number | undefined {
    return this.#wakes.nextMs();
  }

  /** Each is to be handed to `wake` with its cluster. */
  takeWakesDue(nowMs: number): ClientId[] {
    return this.#wakes.takeDue(nowMs);
  }

  join(name: ByteString, member: Member, nowMs: number): void {
    const cluster = this.#byName.get(name) ?? newCluster(name, this.guards !== undefined);
    this.#byName.set(name, withMember(cluster, member));
    this.guards?.joined(name, nowMs);
  }

  request(
    cluster: ByteString,
    client: ClientId,
    name: MessageName,
    options: OptionValues,
    nowMs: number,
  ): Result | Refused {
    return this.#guarded<Done | Refused>(cluster, nowMs, (before, algorithm) => {
      const from = memberOf(before, client);
      const { msgSeqNumber } = options;
      if (name === 'voteInfoReply' && msgSeqNumber !== undefined) {
        this.guards?.confirmed(cluster, from, msgSeqNumber, nowMs);
      }
      const answer = answerRequest({
        name,
        options,
        from,
        cluster: before,
        algorithm,
        settings: this.#settings,
        nowMs,
      });
      if ('error' in answer) return { kind: 'refused', code: answer.error };
      const { done, cluster: after } = this.#screen(answer, { client, reply: answer.reply }, nowMs);
      this.#store(after);
      return done;
    });
  }

  /** The cluster decides without the leaver while it is still listed; with its last node the cluster is gone. */
  leave(cluster: ByteString, client: ClientId, how: Leaving, nowMs: number): Result {
    this.#wakes.forget(client);
    return this.#guarded<Done>(cluster, nowMs, (before, algorithm) => {
      const leaver = memberOf(before, client);
      this.guards?.left(cluster, leaver, how.ending, how.heardAtMs, nowMs);
      if (before.members.length === 1) {
        this.#byName.delete(cluster);
        this.guards?.emptied(cluster, nowMs);
        return NOTHING;
      }
      const step = algorithm.leave(before, leaver, nowMs);
      const screened = this.#screen({ ...step, cluster: withoutMember(step.cluster, client) }, undefined, nowMs);
      this.#store(screened.cluster);
      return screened.done;
    });
  }

  /** Looks at a member again, unless it put that off meanwhile. */
  wake(cluster: ByteString, client: ClientId, nowMs: number): Result {
    return this.#guarded<Done>(cluster, nowMs, (before, algorithm) => {
      const member = memberOf(before, client);
      if (member.wakeAtMs === undefined) return NOTHING;
      if (member.wakeAtMs > nowMs) {
        this.#wakes.watch(client, member.wakeAtMs);
        return NOTHING;
      }
      assert(algorithm.wake !== undefined, 'only an algorithm that can be woken asks for it');
      const { done, cluster: after } = this.#screen(algorithm.wake(before, member, nowMs), undefined, nowMs);
      this.#store(after);
      return done;
    });
  }

  /** Something that the guard waited for may have happened. */
  review(cluster: ByteString, nowMs: number): Result {
    if (!this.#byName.has(cluster)) return NOTHING;
    return this.#guarded<Done>(cluster, nowMs, (before) => {
      const { done, cluster: after } = this.#screen({ cluster: before, votes: [], reports: [] }, undefined, nowMs);
      this.#byName.set(cluster, after);
      return done;
    });
  }

  /** What may leave of a step, and the cluster that remembers it. */
  #screen(
    step: Step,
    from: { readonly client: ClientId; readonly reply: Reply | undefined } | undefined,
    nowMs: number,
  ): { readonly done: Done; readonly cluster: Cluster } {
    const wanted = from?.reply?.vote;
    const asked = from === undefined || wanted === undefined ? undefined : { client: from.client, vote: wanted };
    const guarded = this.guards?.screened(step, asked, nowMs);
    const { before, reply, cluster, votes, reports, write } = guarded ?? passed(step, wanted);
    let told = rememberVotes(cluster, before);
    const outgoing = framesOf(before);
    if (from?.reply !== undefined) {
      told = rememberVote(told, from.client, reply);
      outgoing.push({ to: from.client, bytes: from.reply.frame(reply, memberOf(told, from.client)) });
    }
    outgoing.push(...framesOf(votes));
    const all = [...step.reports, ...reports];
    return { done: { kind: 'done', outgoing, reports: all, write }, cluster: rememberVotes(told, votes) };
  }

  #store(cluster: Cluster): void {
    const before = this.#byName.get(cluster.name)?.members ?? [];
    this.#byName.set(cluster.name, cluster);
    for (const { client, wakeAtMs } of cluster.members) {
      if (wakeAtMs === undefined) continue;
      // Whoever is due and has not had its turn is not to come up twice.
      const isNews = before.find((member) => member.client === client)?.wakeAtMs !== wakeAtMs;
      if (isNews) this.#wakes.watch(client, wakeAtMs);
    }
  }

  #guarded<R>(name: ByteString, nowMs: number, work: (cluster: Cluster, algorithm: Algorithm) => R): R | Failed {
    const cluster = this.#byName.get(name);
    assert(cluster !== undefined, 'a member has a cluster');
    try {
      const first = cluster.members[0];
      assert(first !== undefined, 'a cluster has members, all of one algorithm');
      return work(cluster, this.#algorithms[first.algorithm]);
    } catch (error) {
      this.#byName.delete(name);
      const clients = cluster.members.map(({ client }) => client);
      for (const member of cluster.members) {
        this.#wakes.forget(member.client);
        this.guards?.left(name, member, 'broken', nowMs, nowMs);
      }
      this.guards?.emptied(name, nowMs);
      return { kind: 'failed', error: error instanceof Error ? error.message : String(error), clients };
    }
  }
}

/** How a connection ended, and when its last message came. */
export interface Leaving {
  readonly ending: Ending;
  readonly heardAtMs: number;
}

const NOTHING: Done = { kind: 'done', outgoing: [], reports: [] };

const passed = (step: Step, reply: Vote | undefined) => ({
  before: step.votes,
  reply,
  cluster: step.cluster,
  votes: [],
  reports: [],
  write: undefined,
});

const framesOf = (votes: readonly VoteInfo[]): Outgoing[] =>
  votes.map((vote) => ({ to: vote.to, bytes: voteInfo(vote) }));
