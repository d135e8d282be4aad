/** Both cores, one wire in memory: real member cores and the real arbiter core back to back, time a number. */

import assert from 'node:assert/strict';
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { memberAlgorithm } from '../../src/member/algorithms/rules.ts';
import type { Effect, MemberReport } from '../../src/member/effects.ts';
import type { MemberEvent } from '../../src/member/events.ts';
import { Member } from '../../src/member/member.ts';
import { DEFAULT_LIMITS, derivedTimes, type MemberSettings } from '../../src/member/settings.ts';

export function settingsOf(
  nodeId: number,
  nodes: readonly number[],
  change: Partial<MemberSettings> = {},
): MemberSettings {
  return {
    nodeId,
    clusterName: 'pair',
    host: '192.0.2.9',
    port: 5403,
    forceIpVersion: 0,
    tls: 'on',
    algorithm: 'ffsplit',
    tieBreaker: { mode: 'lowest' },
    voteSafety: 'strict',
    keepActivePartition: true,
    timeoutMs: 10_000,
    syncTimeoutMs: 30_000,
    ...derivedTimes(10_000),
    connectTimeoutMs: 8_000,
    heuristics: { mode: 'off', intervalMs: 30_000, timeoutMs: 5_000, syncTimeoutMs: 15_000, commands: [] },
    nodes: nodes.map((each) => ({ nodeId: each, dataCenterId: 0 })),
    configVersion: 1n,
    limits: DEFAULT_LIMITS,
    ...change,
  };
}

interface Node {
  readonly member: Member;
  client: number | undefined;
  link: number | undefined;
  readonly casts: { ring: string; cast: boolean }[];
  readonly reports: MemberReport[];
  exited: number | undefined;
  /** What votequorum would count: the last accepted cast. */
  casting: boolean;
  ring: string;
}

export class Pair {
  readonly arbiter = new Arbiter({ ...DEFAULT_ARBITER_SETTINGS, tls: 'unsupported' });
  readonly nodes = new Map<number, Node>();
  arbiterUp = true;
  nowMs = 0;
  #clients = 0;
  readonly #queue: (() => void)[] = [];

  add(settings: MemberSettings, waitForAll = false): Node {
    const node: Node = {
      member: new Member(settings, memberAlgorithm(settings.algorithm, settings.voteSafety, waitForAll)),
      client: undefined,
      link: undefined,
      casts: [],
      reports: [],
      exited: undefined,
      casting: false,
      ring: '',
    };
    this.nodes.set(settings.nodeId, node);
    return node;
  }

  node(nodeId: number): Node {
    const node = this.nodes.get(nodeId);
    assert.ok(node);
    return node;
  }

  /** Corosync tells each of these nodes that they are a ring now, and afterwards whether they are quorate. */
  ring(nodeIds: readonly number[], seq: bigint): void {
    const leader = Math.min(...nodeIds);
    for (const nodeId of nodeIds) {
      this.node(nodeId).ring = `${leader}.${seq}`;
      this.feed(nodeId, { kind: 'nodeList', ringId: { nodeId: leader, seq }, nodeIds });
    }
    for (const nodeId of nodeIds) {
      const nodes = nodeIds.map((each) => ({ nodeId: each, state: 'member' as const }));
      this.feed(nodeId, { kind: 'quorum', quorate: true, nodes });
    }
  }

  feed(nodeId: number, event: MemberEvent): void {
    const node = this.node(nodeId);
    for (const effect of node.member.handle(event, this.nowMs)) this.#memberEffect(nodeId, node, effect);
    this.#drain();
  }

  run(untilMs: number): void {
    for (let steps = 0; steps < 100_000; steps += 1) {
      const next = Math.min(
        this.arbiter.nextDeadlineMs() ?? Number.POSITIVE_INFINITY,
        ...[...this.nodes.values()].map(({ member }) => member.nextDeadlineMs() ?? Number.POSITIVE_INFINITY),
      );
      if (next > untilMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      this.#arbiterEvent({ kind: 'tick' });
      for (const nodeId of this.nodes.keys()) this.feed(nodeId, { kind: 'tick', jitter: 0.5 });
    }
    this.nowMs = untilMs;
  }

  stopArbiter(): void {
    this.arbiterUp = false;
    for (const [nodeId, node] of this.nodes) {
      if (node.client === undefined) continue;
      this.#arbiterEvent({ kind: 'disconnected', client: node.client, reason: 'stopped' });
      this.#lose(nodeId, node, 'arbiterClosed');
    }
  }

  casting(): number[] {
    return [...this.nodes].filter(([, node]) => node.casting).map(([nodeId]) => nodeId);
  }

  #memberEffect(nodeId: number, node: Node, effect: Effect): void {
    switch (effect.kind) {
      case 'connect':
        node.link = effect.link;
        this.#queue.push(() => this.#connect(nodeId, node, effect.link));
        break;
      case 'send': {
        const { client } = node;
        this.#queue.push(() => {
          if (client !== undefined && client === node.client)
            this.#arbiterEvent({ kind: 'bytes', client, bytes: effect.bytes });
        });
        break;
      }
      case 'close': {
        const { client } = node;
        node.client = undefined;
        node.link = undefined;
        if (client !== undefined) {
          this.#queue.push(() => this.#arbiterEvent({ kind: 'disconnected', client, reason: 'closed' }));
        }
        break;
      }
      case 'castVote': {
        const ring = `${effect.ringId.nodeId}.${effect.ringId.seq}`;
        node.casts.push({ ring, cast: effect.cast });
        if (ring === node.ring) node.casting = effect.cast;
        break;
      }
      case 'exit':
        node.exited = effect.code;
        break;
      case 'report':
        node.reports.push(effect.report);
        break;
      default:
        assert.fail(`no ${effect.kind} without TLS and heuristics`);
    }
  }

  #connect(nodeId: number, node: Node, link: number): void {
    if (!this.arbiterUp) {
      this.#lose(nodeId, node, 'connectFailed');
      return;
    }
    this.#clients += 1;
    node.client = this.#clients;
    this.#arbiterEvent({ kind: 'connected', client: this.#clients, address: `192.0.2.${nodeId}:1` });
    this.feed(nodeId, { kind: 'connected', link });
  }

  #lose(nodeId: number, node: Node, cause: 'connectFailed' | 'arbiterClosed'): void {
    const { link } = node;
    node.client = undefined;
    node.link = undefined;
    if (link !== undefined) this.feed(nodeId, { kind: 'disconnected', link, cause, detail: '', jitter: 0.5 });
  }

  #arbiterEvent(event: Parameters<Arbiter['handle']>[0]): void {
    for (const effect of this.arbiter.handle(event, this.nowMs)) {
      if (effect.kind === 'record') {
        const { cluster, version } = effect;
        this.#queue.push(() => this.#arbiterEvent({ kind: 'recorded', cluster, version }));
      }
      if (effect.kind !== 'send' && effect.kind !== 'close') continue;
      const client = effect.kind === 'send' ? effect.to : effect.on;
      const found = [...this.nodes].find(([, node]) => node.client === client);
      if (found === undefined) continue;
      const [nodeId, node] = found;
      if (effect.kind === 'close') {
        this.#queue.push(() => this.#lose(nodeId, node, 'arbiterClosed'));
        continue;
      }
      const { link } = node;
      if (link === undefined) continue;
      this.#queue.push(() => this.feed(nodeId, { kind: 'bytes', link, bytes: effect.bytes }));
    }
  }

  #draining = false;

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next();
    this.#draining = false;
  }
}
