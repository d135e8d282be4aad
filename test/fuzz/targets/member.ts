/**
 * The node's core under an arbiter that says anything and a corosync that changes at any moment. An input is a script: a byte says what
 * happens, what follows is what is said. Nothing may be thrown and every frame that leaves must be readable.
 */

import { memberAlgorithm } from '../../../src/member/algorithms/rules.ts';
import type { Effect } from '../../../src/member/effects.ts';
import type { MemberEvent } from '../../../src/member/events.ts';
import { Member } from '../../../src/member/member.ts';
import { encodeMessage } from '../../../src/protocol/encode.ts';
import type { MessageName } from '../../../src/protocol/messages.ts';
import { SUPPORTED_MESSAGES } from '../../../src/protocol/messages.ts';
import { type OptionValues, SUPPORTED_OPTIONS } from '../../../src/protocol/options.ts';
import { qdeviceIpcReply } from '../../../src/status/qdevice-ipc.ts';
import { decoded } from '../../arbiter/world.ts';
import { settingsOf } from '../../member/pair.ts';
import { FACTS } from '../../status/member-snapshots.ts';
import { Bytes, type FuzzTarget } from '../target.ts';

const OPS = [
  'bytes',
  'bytes',
  'bytes',
  'bytes',
  'connected',
  'secured',
  'disconnected',
  'nodeList',
  'quorum',
  'expectedVotes',
  'heuristicsDone',
  'castFailed',
  'wait',
  'waitLong',
  'settings',
  'stop',
] as const;
type Op = (typeof OPS)[number];
const CAUSES = ['connectFailed', 'arbiterClosed', 'tlsFailed'] as const;
const RESULTS = ['undefined', 'pass', 'fail'] as const;
const ALGORITHMS = ['ffsplit', 'lms', 'twoNodeLms', 'test'] as const;
const TLS = ['off', 'on', 'required'] as const;
const LONG_WAIT_MS = 100;
const TICKS_MAX = 200;
const CLOCK = { localBefore: String, isoBefore: String };

export const member: FuzzTarget = {
  name: 'member',
  seeds: [0, 1, 4, 6, 24, 64, 72, 80, 88, 104].map(conversation),
  bytesMax: 4096,
  run(input) {
    const bytes = new Bytes(input);
    const run = new Run(bytes.byte());
    while (!bytes.isEmpty) run.play(bytes);
    run.tellStatus();
  },
};

class Run {
  readonly #member: Member;
  readonly #choice: number;
  #nowMs = 0;
  /** Of the newest attempt; a shell tells of one that stands only once. */
  #link: { id: number; state: 'asked' | 'stands' | 'securing' } | undefined;
  #run: number | undefined;

  constructor(choice: number) {
    this.#choice = choice;
    const settings = this.#settings(0);
    const waitForAll = (choice & 32) !== 0;
    this.#member = new Member(settings, memberAlgorithm(settings.algorithm, settings.voteSafety, waitForAll));
  }

  play(bytes: Bytes): void {
    const op = OPS[bytes.byte() % OPS.length];
    if (op === 'wait') this.#wait(bytes.byte());
    else if (op === 'waitLong') this.#wait(bytes.byte() * LONG_WAIT_MS);
    else if (op !== undefined) this.#feed(this.#event(op, bytes));
  }

  tellStatus(): void {
    const snapshot = this.#member.snapshot(this.#nowMs);
    for (const line of ['status verbose\n', 'snapshot\n']) {
      qdeviceIpcReply(line, { facts: FACTS, snapshot, clock: CLOCK, maxSendBytes: 1 << 20 });
    }
  }

  #event(op: Op, bytes: Bytes): MemberEvent | undefined {
    const link = this.#link;
    switch (op) {
      case 'bytes': {
        const said = bytes.take(bytes.word() % 1024);
        return link?.state === 'stands' ? { kind: 'bytes', link: link.id, bytes: said } : undefined;
      }
      case 'connected':
        if (link?.state !== 'asked') return undefined;
        link.state = 'stands';
        return { kind: 'connected', link: link.id };
      case 'secured':
        if (link?.state !== 'securing') return undefined;
        link.state = 'stands';
        return { kind: 'secured', link: link.id, certificateSent: bytes.byte() % 2 === 1 };
      case 'disconnected': {
        const cause = CAUSES[bytes.byte() % CAUSES.length] ?? 'connectFailed';
        if (link === undefined) return undefined;
        this.#link = undefined;
        return { kind: 'disconnected', link: link.id, cause, detail: 'fuzz', jitter: 0.5 };
      }
      case 'nodeList': {
        const [leader, seq, members] = [bytes.byte(), bytes.byte(), bytes.byte()];
        const nodeIds = [1, 2, 3, 4].filter((node) => node === 1 || (members & (1 << node)) !== 0);
        return { kind: 'nodeList', ringId: { nodeId: leader, seq: BigInt(seq) }, nodeIds };
      }
      case 'quorum':
        return { kind: 'quorum', quorate: bytes.byte() % 2 === 1, nodes: [{ nodeId: 1, state: 'member' }] };
      case 'expectedVotes':
        return { kind: 'expectedVotes', votes: bytes.byte() };
      case 'heuristicsDone': {
        const result = RESULTS[bytes.byte() % RESULTS.length] ?? 'undefined';
        return this.#run === undefined ? undefined : { kind: 'heuristicsDone', run: this.#run, result };
      }
      case 'castFailed':
        return { kind: 'castFailed', detail: 'fuzz' };
      case 'settings':
        return { kind: 'settings', settings: this.#settings(bytes.byte()) };
      case 'stop':
        return { kind: 'stop' };
      default:
        return undefined;
    }
  }

  #settings(change: number) {
    const mode = (this.#choice & 4) !== 0 || (change & 4) !== 0 ? 'on' : 'off';
    const commands = mode === 'on' ? [{ name: 'x', line: '/bin/true' }] : [];
    return settingsOf(1, (change & 8) === 0 ? [1, 2] : [1, 2, 3, 4], {
      algorithm: ALGORITHMS[(this.#choice >> 3) % ALGORITHMS.length] ?? 'ffsplit',
      voteSafety: (this.#choice & 64) === 0 ? 'strict' : 'upstream',
      tls: TLS[(this.#choice + (change & 3)) % TLS.length] ?? 'on',
      tieBreaker: (change & 16) === 0 ? { mode: 'lowest' } : { mode: 'nodeId', nodeId: 2 },
      heuristics: { mode, intervalMs: 3000, timeoutMs: 500, syncTimeoutMs: 1500, commands },
      limits: { initialReceiveBytes: 32_768, initialSendBytes: 32_768, sendBytesMin: 16, receiveBytesMax: 65_536 },
    });
  }

  #wait(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let tick = 0; tick < TICKS_MAX; tick += 1) {
      const nextMs = this.#member.nextDeadlineMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      this.#feed({ kind: 'tick', jitter: 0.5 });
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #feed(event: MemberEvent | undefined): void {
    if (event === undefined) return;
    for (const effect of this.#member.handle(event, this.#nowMs)) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'connect':
        this.#link = { id: effect.link, state: 'asked' };
        break;
      case 'startTls':
        if (this.#link?.id === effect.link) this.#link.state = 'securing';
        break;
      case 'close':
        if (this.#link?.id === effect.link) this.#link = undefined;
        break;
      case 'runHeuristics':
        this.#run = effect.run;
        break;
      case 'send':
        decoded(effect.bytes);
        break;
      default:
    }
  }
}

/** The arbiter accepts, votes, withdraws, answers a heartbeat and goes away. */
function conversation(choice: number): Uint8Array {
  const script: number[] = [choice];
  const does = (op: Op, ...more: readonly number[]): number => script.push(OPS.indexOf(op), ...more);
  const says = (name: MessageName, options: OptionValues): void => {
    const frame = encodeMessage(name, options);
    does('bytes', frame.length >> 8, frame.length & 0xff, ...frame);
  };
  const ringId = { nodeId: 1, seq: 8n };
  does('nodeList', 1, 8, 4);
  does('quorum', 1);
  does('connected');
  says('preinitReply', {
    msgSeqNumber: 1,
    tlsSupported: choice % 3 === 0 ? 'unsupported' : 'required',
    tlsClientCertRequired: 1,
  });
  if (choice % 3 !== 0) does('secured', 1);
  says('initReply', {
    replyErrorCode: 0,
    supportedMessages: SUPPORTED_MESSAGES,
    supportedOptions: SUPPORTED_OPTIONS,
    msgSeqNumber: choice % 3 === 0 ? 2 : 3,
    serverMaximumRequestSize: 32_768,
    serverMaximumReplySize: 32_768,
    supportedDecisionAlgorithms: [0, 1, 2, 3],
  });
  does('heuristicsDone', 1);
  says('setOptionReply', { msgSeqNumber: 4, keepActivePartition: 'enabled' });
  says('nodeListReply', { msgSeqNumber: 5, nodeListType: 'initialConfig', ringId, vote: 'askLater' });
  says('voteInfo', { msgSeqNumber: 1, vote: 'ack', ringId });
  says('nodeListReply', { msgSeqNumber: 6, nodeListType: 'membership', ringId, vote: 'noChange' });
  does('wait', 200);
  does('waitLong', 85);
  says('echoReply', { msgSeqNumber: 1 });
  does('nodeList', 1, 12, 0);
  does('heuristicsDone', 2);
  says('voteInfo', { msgSeqNumber: 2, vote: 'nack', ringId: { nodeId: 1, seq: 12n } });
  says('heuristicsChangeReply', { msgSeqNumber: 8, vote: 'noChange', ringId, heuristics: 'fail' });
  does('settings', 16);
  does('disconnected', 1);
  does('waitLong', 100);
  does('expectedVotes', 3);
  does('stop');
  return Uint8Array.from(script);
}
