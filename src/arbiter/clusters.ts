/**
 * All clusters, kept apart. What concerns one is computed whole, down to the frames, before anything of it is let out;
 * if that fails the defect is ours, and its nodes are handed back to be closed: they withdraw their votes, reconnect and
 * start clean. No other cluster notices.
 */

import assert from 'node:assert';
import type { DecisionAlgorithm, ReplyCode } from '../protocol/enums.ts';
import type { MessageName } from '../protocol/messages.ts';
import type { OptionValues } from '../protocol/options.ts';
import type { ByteString } from '../protocol/values.ts';
import type { Algorithm, Step } from './algorithms/algorithm.ts';
import { type Cluster, type Member, memberOf, newCluster, withMember, withoutMember } from './cluster.ts';
import { Deadlines } from './deadlines.ts';
import type { ClientId } from './events.ts';
import { voteInfo } from './replies.ts';
import type { Report } from './reports.ts';
import { answerRequest, rememberVotes } from './requests.ts';
import type { ArbiterSettings } from './settings.ts';

export type Algorithms = Readonly<Record<DecisionAlgorithm, Algorithm>>;

export interface Outgoing {
  readonly to: ClientId;
  readonly bytes: Uint8Array;
}

/** To be sent in this order: the votes, then the reply. */
interface Done {
  readonly kind: 'done';
  readonly outgoing: readonly Outgoing[];
  readonly reports: readonly Report[];
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

  constructor(settings: ArbiterSettings, algorithms: Algorithms) {
    this.#settings = settings;
    this.#algorithms = algorithms;
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

  join(name: ByteString, member: Member): void {
    this.#byName.set(name, withMember(this.#byName.get(name) ?? newCluster(name), member));
  }

  request(
    cluster: ByteString,
    client: ClientId,
    name: MessageName,
    options: OptionValues,
    nowMs: number,
  ): Result | Refused {
    return this.#guarded<Done | Refused>(cluster, (before, algorithm) => {
      const from = memberOf(before, client);
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
      const outgoing = framesOf(answer);
      if (answer.reply !== undefined) outgoing.push({ to: client, bytes: answer.reply });
      this.#store(answer.cluster, client);
      return { kind: 'done', outgoing, reports: answer.reports };
    });
  }

  /** The cluster decides without the leaver while it is still listed; with its last node the cluster is gone. */
  leave(cluster: ByteString, client: ClientId, nowMs: number): Result {
    this.#wakes.forget(client);
    return this.#guarded<Done>(cluster, (before, algorithm) => {
      if (before.members.length === 1) {
        this.#byName.delete(cluster);
        return NOTHING;
      }
      const step = algorithm.leave(before, memberOf(before, client), nowMs);
      const outgoing = framesOf(step);
      this.#byName.set(cluster, withoutMember(rememberVotes(step), client));
      return { kind: 'done', outgoing, reports: step.reports };
    });
  }

  /** Looks at a member again, unless it put that off meanwhile. */
  wake(cluster: ByteString, client: ClientId, nowMs: number): Result {
    return this.#guarded<Done>(cluster, (before, algorithm) => {
      const member = memberOf(before, client);
      if (member.wakeAtMs === undefined) return NOTHING;
      if (member.wakeAtMs > nowMs) {
        this.#store(before, client);
        return NOTHING;
      }
      assert(algorithm.wake !== undefined, 'only an algorithm that can be woken asks for it');
      const step = algorithm.wake(before, member, nowMs);
      const outgoing = framesOf(step);
      this.#store(rememberVotes(step), client);
      return { kind: 'done', outgoing, reports: step.reports };
    });
  }

  /** Only the member that was looked at can have a new moment to be woken. */
  #store(cluster: Cluster, client: ClientId): void {
    this.#byName.set(cluster.name, cluster);
    const { wakeAtMs } = memberOf(cluster, client);
    if (wakeAtMs !== undefined) this.#wakes.watch(client, wakeAtMs);
  }

  #guarded<R>(name: ByteString, work: (cluster: Cluster, algorithm: Algorithm) => R): R | Failed {
    const cluster = this.#byName.get(name);
    assert(cluster !== undefined, 'a member has a cluster');
    try {
      const first = cluster.members[0];
      assert(first !== undefined, 'a cluster has members, all of one algorithm');
      return work(cluster, this.#algorithms[first.algorithm]);
    } catch (error) {
      this.#byName.delete(name);
      const clients = cluster.members.map(({ client }) => client);
      for (const client of clients) this.#wakes.forget(client);
      return { kind: 'failed', error: error instanceof Error ? error.message : String(error), clients };
    }
  }
}

const NOTHING: Done = { kind: 'done', outgoing: [], reports: [] };

const framesOf = (step: Step): Outgoing[] => step.votes.map((vote) => ({ to: vote.to, bytes: voteInfo(vote) }));
