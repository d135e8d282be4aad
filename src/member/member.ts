/**
 * The node's side: what corosync reports goes to the arbiter, what the arbiter decides goes to corosync. It is handed
 * one event and the time and hands back what has to be done. A vote is withheld whenever the arbiter's word for the
 * newest ring is missing, and it is withheld before the connection that failed is closed.
 */

import assert from 'node:assert';
import type { RingId } from '../protocol/values.ts';
import type { MemberAlgorithm, Standing } from './algorithms/algorithm.ts';
import { Conversation } from './conversation.ts';
import { DISCONNECT, type DisconnectReason } from './disconnect-reasons.ts';
import type { Effect, MemberReport, VoteCause } from './effects.ts';
import type { HeuristicsResult, MemberEvent, QuorumNode } from './events.ts';
import { HeuristicsPlan, type Purpose } from './heuristics-plan.ts';
import { handleFrame } from './incoming.ts';
import { isAccepted, type Link, newLink, noteSentRing } from './link.ts';
import { Reconnect } from './reconnect.ts';
import type { MemberSettings } from './settings.ts';
import { applySettings, tellOptions } from './settings-change.ts';
import { askForSign, mayGrant, watchHeartbeat } from './signs-of-life.ts';
import { type LastCast, type LinkEnd, type MemberSnapshot, type QuorumSeen, snapshotOf } from './snapshot.ts';
import { type Cast, type StandingVote, Voting } from './voting.ts';

/** Part of corosync's timeout after which a missing decision is answered with a withheld vote. */
const NO_ANSWER_SHARE = 0.8;

export class Member {
  settings: MemberSettings;
  readonly algorithm: MemberAlgorithm;
  readonly conversation = new Conversation();
  readonly heuristics = new HeuristicsPlan();
  readonly #voting: Voting;
  readonly #reconnect = new Reconnect();
  link: Link | undefined;
  #links = 0;
  /** When the next attempt starts; undefined while one is under way or before the first ring. */
  #attemptAtMs: number | undefined;
  #ringId: RingId | undefined;
  #memberIds: readonly number[] = [];
  #synchronising = false;
  #quorum: QuorumSeen | undefined;
  #expectedVotes: number | undefined;
  #lastEnd: LinkEnd | undefined;
  /** By whose word the vote is what it is. */
  #voteCause: VoteCause | undefined;
  #lastCast: LastCast | undefined;
  #effects: Effect[] = [];
  #nowMs = 0;
  #jitter = 0;
  #stopped = false;

  constructor(settings: MemberSettings, algorithm: MemberAlgorithm) {
    this.settings = settings;
    this.algorithm = algorithm;
    this.#voting = new Voting(settings.castIntervalMs, (nowMs) => mayGrant(this, nowMs));
  }

  /** `nowMs` is monotonic. The effects are to be carried out in order; one that fails ends the list. */
  handle(event: MemberEvent, nowMs: number): Effect[] {
    assert(nowMs >= this.#nowMs, 'time does not go back');
    this.#nowMs = nowMs;
    this.#effects = [];
    if (!this.#stopped) this.#dispatch(event);
    return this.#effects;
  }

  nextDeadlineMs(): number | undefined {
    if (this.#stopped) return undefined;
    const { link } = this;
    const deadlines = [
      this.#voting.nextDeadlineMs(),
      this.heuristics.nextDeadlineMs(),
      this.#attemptAtMs,
      this.#noAnswerAtMs(),
      link?.heartbeat?.nextDeadlineMs(),
      link !== undefined && !isAccepted(link) ? link.deadlineMs : undefined,
    ].filter((deadlineMs) => deadlineMs !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  snapshot(nowMs: number): MemberSnapshot {
    return snapshotOf(
      {
        settings: this.settings,
        ringId: this.#ringId,
        memberIds: this.#memberIds,
        quorum: this.#quorum,
        expectedVotes: this.#expectedVotes,
        voting: this.#voting,
        voteCause: this.#voteCause,
        lastCast: this.#lastCast,
        lastEnd: this.#lastEnd,
        heuristics: this.heuristics.results,
        link: this.link,
      },
      nowMs,
    );
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get isReady(): boolean {
    return this.link?.state === 'ready';
  }

  #dispatch(event: MemberEvent): void {
    switch (event.kind) {
      case 'nodeList':
        this.#onNodeList(event.ringId, event.nodeIds);
        break;
      case 'quorum':
        this.#onQuorum(event.quorate, event.nodes);
        break;
      case 'expectedVotes':
        this.#expectedVotes = event.votes;
        break;
      case 'settings':
        applySettings(this, event.settings);
        break;
      case 'connected':
      case 'bytes':
      case 'secured':
      case 'disconnected':
        if (event.link === this.link?.id) this.#onLinkEvent(this.link, event);
        break;
      case 'heuristicsDone':
        this.#onHeuristics(event.run, event.result);
        break;
      case 'castFailed':
        this.disconnect('castFailed', event.detail);
        break;
      case 'tick':
        this.#jitter = event.jitter;
        this.#onTick();
        break;
      case 'stop':
        this.disconnect('stopped', '');
        break;
    }
  }

  #onLinkEvent(link: Link, event: Extract<MemberEvent, { link: number }>): void {
    switch (event.kind) {
      case 'connected':
        link.state = 'introducing';
        link.stood = true;
        this.send(this.conversation.preinit(this.settings));
        break;
      case 'secured':
        link.tls = { certificateSent: event.certificateSent };
        this.sendInit(link);
        break;
      case 'bytes':
        this.#onBytes(link, event.bytes);
        break;
      case 'disconnected':
        this.#jitter = event.jitter;
        this.disconnect(event.cause, event.detail);
        break;
    }
  }

  #onBytes(link: Link, bytes: Uint8Array): void {
    link.reader.push(bytes);
    while (this.link === link && link.state !== 'securing') {
      const frame = link.reader.next();
      if (frame === undefined) return;
      handleFrame(this, link, frame);
    }
  }

  /** The ring of the vote changes first; then what held for the old ring is withdrawn; then nothing is cast for a while. */
  #onNodeList(ringId: RingId, nodeIds: readonly number[]): void {
    this.#ringId = ringId;
    this.#memberIds = nodeIds;
    this.#synchronising = true;
    this.#voting.setRing(ringId);
    this.report({ what: 'membership', ringId, nodeIds });
    this.heuristics.stopRegular();
    this.withdrawUnlessReady();
    this.#voting.pause();
    this.runHeuristics('membership');
  }

  #onQuorum(quorate: boolean, nodes: readonly QuorumNode[]): void {
    this.#synchronising = false;
    this.#quorum = { quorate, nodes };
    if (this.isReady) this.send(this.conversation.quorumList(quorate, nodes));
    else this.withdrawUnlessReady();
  }

  /** Something changed that the arbiter has not judged: a vote that outlived its connection does not outlive that. */
  withdrawUnlessReady(): void {
    if (this.isReady) return;
    const vote = this.algorithm.onChangeUnconnected(this.standing);
    if (vote !== undefined) this.applyVote(vote, 'newMembership');
  }

  /** A run replaces the one for the same purpose that is out. With nothing to run the result is there at once. */
  runHeuristics(purpose: Purpose): void {
    const replaced = this.heuristics.abandon(purpose);
    if (replaced !== undefined) this.#effects.push({ kind: 'abandonHeuristics', run: replaced });
    if (!HeuristicsPlan.isNeeded(this.settings.heuristics)) {
      this.#onResult(purpose, 'undefined');
      return;
    }
    const { run, timeoutMs } = this.heuristics.start(purpose, this.settings.heuristics, this.#synchronising);
    this.#effects.push({ kind: 'runHeuristics', run, timeoutMs });
  }

  #onHeuristics(run: number, result: HeuristicsResult): void {
    const purpose = this.heuristics.purposeOf(run);
    if (purpose !== undefined) this.#onResult(purpose, result);
  }

  #onResult(purpose: Purpose, result: HeuristicsResult): void {
    const changed = this.heuristics.finish(purpose, result);
    if (changed) this.report({ what: 'heuristics', result });
    switch (purpose) {
      case 'membership':
        this.#onMembershipChecked(result);
        break;
      case 'connect':
        this.#onConnectionChecked(result);
        break;
      case 'regular':
        if (changed && result !== 'undefined' && this.isReady) this.send(this.conversation.heuristicsChange(result));
        break;
    }
    if (!this.heuristics.isOut('membership')) this.heuristics.scheduleRegular(this.settings.heuristics, this.#nowMs);
  }

  #onMembershipChecked(result: HeuristicsResult): void {
    if (this.isReady) {
      this.#sendMembership(result);
      this.applyVote('waitForReply', 'newMembership');
    }
    this.cast(this.#voting.resume(this.#nowMs));
    if (this.link === undefined && this.#attemptAtMs === undefined) this.#connect();
  }

  /** Everything the arbiter needs to decide, without waiting for an answer in between. */
  #onConnectionChecked(result: HeuristicsResult): void {
    const { link } = this;
    if (link?.state !== 'checking' || link.accepted === undefined) return;
    tellOptions(this, link, link.accepted.supportsKeepActivePartition);
    this.send(this.conversation.configList(this.settings, 'initialConfig'));
    this.#sendMembership(result);
    if (this.#quorum !== undefined) this.send(this.conversation.quorumList(this.#quorum.quorate, this.#quorum.nodes));
    this.applyVote('waitForReply', 'newMembership');
    link.state = 'ready';
    link.readySinceMs = this.#nowMs;
    this.#reconnect.succeeded();
    this.report({ what: 'accepted' });
  }

  #sendMembership(result: HeuristicsResult): void {
    assert(this.link !== undefined && this.#ringId !== undefined, 'lists are sent on a link, for a ring');
    this.send(this.conversation.membershipList(this.#ringId, this.#memberIds, result));
    noteSentRing(this.link, this.#ringId, this.#nowMs);
  }

  #connect(): void {
    this.#attemptAtMs = undefined;
    this.#links += 1;
    const deadlineMs = this.#nowMs + this.settings.connectTimeoutMs;
    this.link = newLink(this.#links, deadlineMs, this.settings.limits.initialReceiveBytes);
    this.report({ what: 'connecting' });
    this.#effects.push({ kind: 'connect', link: this.#links });
  }

  #sayFarewell(link: Link): void {
    if (this.settings.voteSafety === 'upstream') return;
    this.#effects.push({ kind: 'send', link: link.id, bytes: this.conversation.farewell(), ifCast: true });
  }

  startTls(link: Link): void {
    this.send(this.conversation.startTls());
    link.state = 'securing';
    this.#effects.push({ kind: 'startTls', link: link.id, alreadyRead: link.reader.takeRest() });
  }

  sendInit(link: Link): void {
    assert(this.#ringId !== undefined, 'no attempt before the first ring');
    link.state = 'initialising';
    link.told = this.settings;
    noteSentRing(link, this.#ringId, this.#nowMs);
    this.send(this.conversation.init(this.settings, this.#ringId));
  }

  /** Leaves the link, or ends the process where the reason says that trying again is of no use. */
  disconnect(reason: DisconnectReason, detail: string): void {
    const { link } = this;
    const vote = this.algorithm.onDisconnected(this.standing);
    if (vote !== undefined) this.applyVote(vote, reason === 'stopped' ? 'stopping' : 'notConnected');
    this.cast(this.#voting.resume(this.#nowMs));
    for (const purpose of ['connect', 'regular'] as const) {
      const run = this.heuristics.abandon(purpose);
      if (run !== undefined) this.#effects.push({ kind: 'abandonHeuristics', run });
    }
    if (link !== undefined) {
      if (isAccepted(link) && reason !== 'arbiterClosed') this.#sayFarewell(link);
      this.#effects.push({ kind: 'close', link: link.id });
    }
    this.link = undefined;
    this.#lastEnd = { reason, detail, atMs: this.#nowMs };
    const retries = isRetried(reason, this.algorithm);
    const retryInMs = retries ? this.#reconnect.delayMs(link?.stood === true, this.settings, this.#jitter) : undefined;
    this.report({ what: 'disconnected', reason, detail, retryInMs });
    if (retryInMs !== undefined) {
      this.#attemptAtMs = this.#nowMs + retryInMs;
      return;
    }
    this.#stopped = true;
    this.#effects.push({ kind: 'exit', code: reason === 'stopped' ? 0 : 1 });
  }

  #onTick(): void {
    const { link } = this;
    if (link !== undefined && !isAccepted(link) && this.#nowMs >= link.deadlineMs) {
      this.disconnect('connectTimeout', `after ${this.settings.connectTimeoutMs} ms, while ${link.state}`);
    } else if (link?.heartbeat !== undefined) {
      watchHeartbeat(this, link.heartbeat);
    }
    if (this.#attemptAtMs !== undefined && this.#nowMs >= this.#attemptAtMs) this.#connect();
    this.cast(this.#voting.tick(this.#nowMs));
    if (this.heuristics.isRegularDue(this.settings.heuristics, this.#nowMs)) this.runHeuristics('regular');
    const noAnswerAtMs = this.#noAnswerAtMs();
    if (noAnswerAtMs !== undefined && this.#nowMs >= noAnswerAtMs) this.#onNoAnswer();
  }

  onSignOfLife(): void {
    if (this.settings.voteSafety === 'strict') this.cast(this.#voting.confirm(this.#nowMs));
  }

  get standing(): Standing {
    return { vote: this.#voting.vote, quorate: this.#quorum?.quorate === true };
  }

  /**
   * Corosync forgets a device that says nothing for its timeout, and lets a whole cluster wait for one after a change.
   * A decision that takes too long is answered by withholding; it counts as soon as it comes.
   */
  #noAnswerAtMs(): number | undefined {
    const sinceMs = this.#voting.undecidedSinceMs;
    if (sinceMs === undefined || !this.isReady || this.#voting.paused) return undefined;
    if (this.algorithm.onNoAnswer() === undefined) return undefined;
    return sinceMs + Math.trunc(NO_ANSWER_SHARE * this.settings.timeoutMs);
  }

  #onNoAnswer(): void {
    const sinceMs = this.#voting.undecidedSinceMs ?? this.#nowMs;
    const vote = this.algorithm.onNoAnswer();
    this.report({ what: 'noAnswer', waitedMs: this.#nowMs - sinceMs });
    if (vote !== undefined) this.applyVote(vote, 'noAnswer');
  }

  applyVote(vote: StandingVote, cause: VoteCause): void {
    this.#voteCause = cause;
    if (vote !== this.#voting.vote) this.report({ what: 'vote', vote, cause, ringId: this.#ringId });
    this.cast(this.#voting.apply(vote, this.#nowMs));
  }

  setCastInterval(castIntervalMs: number): void {
    this.#voting.setCastInterval(castIntervalMs, this.#nowMs);
  }

  /** A granted vote that may not be cast yet is asked for: the answer casts it. */
  cast(cast: Cast | undefined): void {
    const heartbeat = this.link?.heartbeat;
    if (this.#voting.owed && heartbeat?.answered === true) askForSign(this, heartbeat);
    if (cast === undefined) return;
    this.#lastCast = { cast: cast.cast, atMs: this.#nowMs };
    this.#effects.push({ kind: 'castVote', ...cast });
  }

  send(bytes: Uint8Array): void {
    assert(this.link !== undefined, 'there is a link to send on');
    this.#effects.push({ kind: 'send', link: this.link.id, bytes });
  }

  report(report: MemberReport): void {
    this.#effects.push({ kind: 'report', report });
  }
}

/** Where the vote or corosync is concerned, or somebody asked for it, no algorithm tries again. */
function isRetried(reason: DisconnectReason, { staysAfterErrors }: MemberAlgorithm): boolean {
  if (reason === 'castFailed' || reason === 'stopped') return false;
  return DISCONNECT[reason].retry || staysAfterErrors;
}
