/** The node's core on the embedded cluster engine, with the scripted arbiter beside it; time passes by hand. */
import assert from 'node:assert/strict';
import type { Corosync } from '../../../src/corosync/port.ts';
import { TwinCluster } from '../../../src/corosync/twin/cluster.ts';
import { clusterKeys } from '../../../src/corosync/twin/cluster-keys.ts';
import { ManualScheduler } from '../../../src/corosync/twin/scheduler.ts';
import { memberAlgorithm } from '../../../src/member/algorithms/rules.ts';
import type { LinkId, MemberEvent } from '../../../src/member/events.ts';
import { Member } from '../../../src/member/member.ts';
import { derivedTimes, type MemberSettings } from '../../../src/member/settings.ts';
import type { DecisionAlgorithm, Vote } from '../../../src/protocol/enums.ts';
import { type EffectPorts, type LinkPort, runEffects } from '../../../src/qdevice/run-effects.ts';
import { parseQuorumtool } from '../../lab/quorumtool.ts';
import { settingsOf } from '../pair.ts';
import type { DeviceState, NodeStage } from './run-script.ts';
import { ScriptedArbiter, type VoteRing } from './scripted-arbiter.ts';

const TRAVEL_MS = 1;
const ALGORITHMS: Readonly<Record<string, DecisionAlgorithm>> = {
  ffsplit: 'ffsplit',
  lms: 'lms',
  '2nodelms': 'twoNodeLms',
  test: 'test',
};

export class TwinStage implements NodeStage {
  readonly #scheduler = new ManualScheduler();
  readonly #cluster = new TwinCluster(this.#scheduler);
  readonly #arbiter = new ScriptedArbiter();
  readonly #member: Member;
  readonly #settings: MemberSettings;
  readonly #waitForAll: boolean;
  readonly #links = new Map<LinkId, LinkPort>();
  #corosync: Corosync | undefined;
  #listening = false;
  #connected: LinkId | undefined;
  #exitCode: number | undefined;
  #cancelTick = (): unknown => undefined;
  readonly #heuristicsMs: number;
  readonly #abandoned = new Set<number>();

  /** The words of the script's cluster line. */
  constructor(words: Readonly<Record<string, string>>) {
    const timeoutMs = Number(words['timeout'] ?? 4_000);
    const times = derivedTimes(timeoutMs);
    this.#waitForAll = words['wait-for-all'] === 'on';
    this.#heuristicsMs = Number(words['heuristics'] ?? 0);
    this.#settings = settingsOf(1, [1, 2], {
      algorithm: ALGORITHMS[words['algorithm'] ?? ''] ?? 'ffsplit',
      voteSafety: words['safety'] === 'strict' ? 'strict' : 'upstream',
      timeoutMs,
      ...times,
      connectTimeoutMs: times.heartbeatMs,
      heuristics: {
        mode: words['heuristics'] === undefined ? 'off' : 'sync',
        intervalMs: 3 * timeoutMs,
        timeoutMs: timeoutMs / 2,
        syncTimeoutMs: 15_000,
        commands: [{ name: 'slow', line: '/bin/sleep' }],
      },
    });
    const { algorithm, voteSafety } = this.#settings;
    this.#member = new Member(this.#settings, memberAlgorithm(algorithm, voteSafety, this.#waitForAll));
  }

  async start(): Promise<void> {
    this.#cluster.start(1, this.#keys(1));
    await this.pass(1_000);
    const connecting = this.#cluster.connect(1, { maxTryAgain: 0 });
    const corosync = await connecting;
    this.#corosync = corosync;
    const registered = corosync.register('Qdevice');
    await this.pass(10);
    await registered;
    corosync.track({
      onNodeList: (ringId, nodeIds) => this.#feed({ kind: 'nodeList', ringId, nodeIds }),
      onQuorum: (quorate, nodes) => this.#feed({ kind: 'quorum', quorate, nodes }),
      onExpectedVotes: (votes) => this.#feed({ kind: 'expectedVotes', votes }),
      onKeysChanged: () => undefined,
      onLost: (reason) => assert.fail(reason),
    });
  }

  async peer(runs: boolean): Promise<void> {
    if (runs) this.#cluster.start(2, this.#keys(2));
    else this.#cluster.stop(2);
    await this.pass(1_000);
  }

  async listen(on: boolean): Promise<void> {
    this.#listening = on;
  }

  async closeConnection(): Promise<void> {
    const link = this.#connected;
    if (link === undefined) return;
    this.#connected = undefined;
    this.#lose(link, 'arbiterClosed');
  }

  async say(what: { readonly vote: Vote; readonly ring: VoteRing } | { readonly error: number }) {
    this.#hear('error' in what ? this.#arbiter.serverError(what.error) : this.#arbiter.voteInfo(what.vote, what.ring));
  }

  async answerMembership(vote: Vote): Promise<void> {
    this.#arbiter.membershipVote = vote;
  }

  async answerHeartbeats(on: boolean): Promise<void> {
    this.#arbiter.answersHeartbeats = on;
  }

  async answerInit(code: number): Promise<void> {
    this.#arbiter.initCode = code;
  }

  async pass(ms: number): Promise<void> {
    await this.#scheduler.advance(ms);
  }

  async listsHeard(): Promise<number> {
    return this.#arbiter.listsHeard;
  }

  async initsHeard(): Promise<number> {
    return this.#arbiter.initsHeard;
  }

  async take(): Promise<string[]> {
    return this.#arbiter.take();
  }

  async state(): Promise<DeviceState> {
    return deviceStateOf(this.#cluster.quorumtool(1, 'Sun Nov 22 13:48:08 2026'));
  }

  exitCode(): number | undefined {
    return this.#exitCode;
  }

  #keys(nodeId: number) {
    const { timeoutMs, syncTimeoutMs } = this.#settings;
    const device = { 'device.model': 'net', 'device.votes': 1, 'device.timeout': timeoutMs };
    const wait = this.#waitForAll ? { wait_for_all: 1 } : {};
    const quorum = { ...device, 'device.sync_timeout': syncTimeoutMs, ...wait };
    return clusterKeys({ clusterName: 'script', nodeIds: [1, 2], quorum }, nodeId);
  }

  #feed(event: MemberEvent): void {
    if (this.#exitCode !== undefined) return;
    const effects = this.#member.handle(event, this.#scheduler.nowMs());
    assert.equal(runEffects(effects, this.#ports), undefined, 'corosync takes every vote');
    this.#cancelTick();
    const deadlineMs = this.#member.nextDeadlineMs();
    if (deadlineMs === undefined) return;
    const tick = (): void => this.#feed({ kind: 'tick', jitter: 0.5 });
    this.#cancelTick = this.#scheduler.after(deadlineMs - this.#scheduler.nowMs(), tick);
  }

  #connect(link: LinkId): LinkPort {
    this.#later(() => {
      if (!this.#links.has(link)) return;
      if (!this.#listening) {
        this.#lose(link, 'connectFailed');
        return;
      }
      this.#connected = link;
      this.#arbiter.onConnected();
      this.#feed({ kind: 'connected', link });
    });
    return {
      send: (frame) =>
        this.#later(() => {
          if (this.#connected !== link) return;
          for (const answer of this.#arbiter.receive(frame)) this.#hear(answer);
        }),
      startTls: () => assert.fail('TLS is off'),
      flush: () => undefined,
      close: () =>
        this.#later(() => {
          if (this.#connected === link) this.#connected = undefined;
        }),
    };
  }

  #hear(bytes: Uint8Array): void {
    const link = this.#connected;
    this.#later(() => {
      if (link !== undefined && this.#links.has(link)) this.#feed({ kind: 'bytes', link, bytes });
    });
  }

  #lose(link: LinkId, cause: 'connectFailed' | 'arbiterClosed'): void {
    if (this.#links.delete(link)) this.#feed({ kind: 'disconnected', link, cause, detail: '', jitter: 0.5 });
  }

  #later(action: () => void): void {
    this.#scheduler.after(TRAVEL_MS, action);
  }

  readonly #ports: EffectPorts = {
    links: this.#links,
    connect: (link) => this.#connect(link),
    castVote: (ringId, cast) => this.#corosync?.castVote(ringId, cast) === 'ok',
    runHeuristics: (run, timeoutMs) => {
      assert.ok(this.#heuristicsMs < timeoutMs, 'scripts are about commands that succeed');
      this.#scheduler.after(this.#heuristicsMs, () => {
        if (!this.#abandoned.has(run)) this.#feed({ kind: 'heuristicsDone', run, result: 'pass' });
      });
    },
    abandonHeuristics: (run) => void this.#abandoned.add(run),
    report: () => undefined,
    exit: (code) => {
      this.#exitCode = code;
      this.#corosync?.unregister();
      this.#corosync?.close();
    },
  };
}

/** From what corosync-quorumtool shows. */
export function deviceStateOf(text: string): DeviceState {
  const reading = parseQuorumtool(text);
  assert.ok(reading, text);
  const column = /^ +1 +1 +(\S+) .*\(local\)/m.exec(text)?.[1];
  return { device: column?.startsWith('n') === true ? undefined : column, quorate: reading.quorate };
}
