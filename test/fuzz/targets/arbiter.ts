/**
 * The arbiter's core under clients that say anything, in any order, cut anywhere. An input is a script: a byte says who does what,
 * what follows is what they say. Nothing may be thrown, every frame that leaves must be readable, and the status can be told in
 * every state.
 */
import assert from 'node:assert/strict';
import { Arbiter } from '../../../src/arbiter/arbiter.ts';
import type { Effect } from '../../../src/arbiter/effects.ts';
import type { ArbiterEvent } from '../../../src/arbiter/events.ts';
import { readRecord, recordText } from '../../../src/arbiter/safety/record-text.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../../src/arbiter/settings.ts';
import { encodeMessage } from '../../../src/protocol/encode.ts';
import type { MessageName } from '../../../src/protocol/messages.ts';
import type { OptionValues } from '../../../src/protocol/options.ts';
import { ipcReply } from '../../../src/status/ipc-reply.ts';
import { readStatusJson } from '../../../src/status/json.ts';
import { peopleText } from '../../../src/status/people.ts';
import { decoded, nodeInfos } from '../../arbiter/world.ts';
import { Bytes, type FuzzTarget } from '../target.ts';
import { SERVER } from './local-socket.ts';

const CLIENTS = 4;
const TLS = ['unsupported', 'supported', 'required'] as const;
const OPS = ['connect', 'bytes', 'recorded', 'bytes', 'secured', 'disconnect', 'wait', 'waitLong'] as const;
const RECORDED = 2;
const TICKS_MAX = 200;
const LONG_WAIT_MS = 200;
const EMPTY_SET_OPTION_REPLY = '000700000000';
const CERTIFICATE = { commonName: 'tst', dnsNames: [], ipAddresses: [], fingerprint: 'f' };

export const arbiter: FuzzTarget = {
  name: 'arbiter',
  seeds: [0, 1, 2, 3].flatMap((algorithm) => [0x20, 0x40, 0x61, 0x48].map((choice) => conversation(algorithm, choice))),
  bytesMax: 4096,
  run(input) {
    const bytes = new Bytes(input);
    const run = new Run(bytes.byte());
    while (!bytes.isEmpty) run.play(bytes);
    run.tellStatus();
  },
};

class Run {
  readonly #arbiter: Arbiter;
  /** Numbers are used once: a client that comes back is another one. */
  readonly #numbers = new Map<number, number>();
  readonly #open = new Set<number>();
  readonly #securing = new Set<number>();
  readonly #writing: Extract<Effect, { kind: 'record' }>[] = [];
  #made = 0;
  #nowMs = 0;

  constructor(choice: number) {
    this.#arbiter = new Arbiter({
      ...DEFAULT_ARBITER_SETTINGS,
      tls: TLS[choice % 3] ?? 'required',
      clientCertRequired: (choice & 4) !== 0,
      maxClients: (choice & 8) !== 0 ? 2 : 0,
      maxReceiveBytes: (choice & 16) !== 0 ? 256 : DEFAULT_ARBITER_SETTINGS.maxReceiveBytes,
      keepActivePartition: (choice & 32) !== 0,
      voteSafety: (choice & 64) !== 0 ? 'strict' : 'upstream',
    });
  }

  play(bytes: Bytes): void {
    const op = bytes.byte();
    const does = OPS[(op >> 2) % OPS.length];
    if (does === 'wait') this.#wait(bytes.byte());
    else if (does === 'waitLong') this.#wait(bytes.byte() * LONG_WAIT_MS);
    else if (does !== undefined) this.#feed(this.#event(does, op, bytes));
  }

  /** Undefined: this cannot happen now. */
  #event(does: (typeof OPS)[number], op: number, bytes: Bytes): ArbiterEvent | undefined {
    const slot = op % CLIENTS;
    const client = this.#numbers.get(slot) ?? 0;
    switch (does) {
      case 'connect':
        if (this.#open.has(client)) return undefined;
        this.#made += 1;
        this.#numbers.set(slot, this.#made);
        this.#open.add(this.#made);
        return { kind: 'connected', client: this.#made, address: `192.0.2.${slot}:1` };
      case 'bytes': {
        const said = bytes.take(bytes.word() % 1024);
        return this.#open.has(client) ? { kind: 'bytes', client, bytes: said } : undefined;
      }
      case 'secured': {
        const certificate = (op & 64) === 0 ? CERTIFICATE : undefined;
        return this.#securing.delete(client) ? { kind: 'secured', client, certificate } : undefined;
      }
      case 'disconnect':
        this.#securing.delete(client);
        return this.#open.delete(client)
          ? { kind: 'disconnected', client, reason: 'fuzz', finished: (op & 64) !== 0 }
          : undefined;
      case 'recorded': {
        const write = this.#writing.shift();
        const failure = (op & 64) === 0 ? undefined : 'disk full';
        return write && { kind: 'recorded', cluster: write.cluster, version: write.version, failure };
      }
      default:
        return undefined;
    }
  }

  tellStatus(): void {
    const snapshot = this.#arbiter.snapshot(this.#nowMs);
    const facts = { server: SERVER, snapshot, timeBefore: String, maxSendBytes: 1 << 20 };
    ipcReply({ kind: 'status', verbose: true }, facts);
    ipcReply({ kind: 'list', verbose: true, cluster: '' }, facts);
    const { text } = ipcReply({ kind: 'snapshot', cluster: '' }, facts);
    const status = readStatusJson(text.replace('OK\n', ''));
    assert.ok(status !== undefined, 'our own status can be read');
    peopleText(status, { cluster: undefined, verbose: true });
  }

  #wait(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let tick = 0; tick < TICKS_MAX; tick += 1) {
      const nextMs = this.#arbiter.nextDeadlineMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      this.#feed({ kind: 'tick' });
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #feed(event: ArbiterEvent | undefined): void {
    if (event === undefined) return;
    for (const effect of this.#arbiter.handle(event, this.#nowMs)) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        assert.ok(this.#open.has(effect.to), 'nothing is sent to a closed client');
        assertReadable(effect.bytes);
        break;
      case 'record':
        this.#writing.push(effect);
        assert.deepEqual(readRecord(recordText(effect)), { cluster: effect.cluster, grants: effect.grants });
        break;
      case 'startTls':
        this.#securing.add(effect.on);
        break;
      case 'close':
        this.#open.delete(effect.on);
        this.#securing.delete(effect.on);
        break;
      default:
    }
  }
}

/** Upstream answers a request that sets nothing with an empty message, which by its own rules cannot be read. */
function assertReadable(bytes: Uint8Array): void {
  if (Buffer.from(bytes).toString('hex') !== EMPTY_SET_OPTION_REPLY) decoded(bytes);
}

/** Two nodes of one cluster come, lose each other, answer what they are told, and leave. */
function conversation(algorithm: number, choice = 0x20): Uint8Array {
  const script: number[] = [choice];
  const does = (client: number, op: number): number => script.push((op << 2) | client);
  const says = (client: number, name: MessageName, options: OptionValues): void => {
    const frame = encodeMessage(name, options);
    does(client, 1);
    script.push(frame.length >> 8, frame.length & 0xff, ...frame);
  };
  const list = (node: number, seq: bigint, members: readonly number[]): void => {
    const ringId = { nodeId: members[0] ?? 0, seq };
    says(node, 'nodeList', { msgSeqNumber: 4, nodeListType: 'membership', ringId, nodeInfo: nodeInfos(members) });
    const nodeInfo = members.map((nodeId) => ({ nodeId, dataCenterId: 0, state: 'member' as const }));
    says(node, 'nodeList', { msgSeqNumber: 5, nodeListType: 'quorum', quorate: 'quorate', nodeInfo });
  };
  for (const node of [1, 2]) {
    does(node, 0);
    says(node, 'preinit', { msgSeqNumber: 1, clusterName: 'tst' });
    if (choice % 3 !== 0) {
      says(node, 'startTls', { msgSeqNumber: 2 });
      does(node, 4);
    }
    says(node, 'init', {
      msgSeqNumber: 2,
      nodeId: node,
      decisionAlgorithm: algorithm,
      heartbeatIntervalMs: 1000,
      tieBreaker: { mode: 'lowest' },
      ringId: { nodeId: node, seq: 4n },
      ...((choice & 1) !== 0 && { castBoundMs: 3000 }),
    });
    says(node, 'setOption', { msgSeqNumber: 3, keepActivePartition: 'enabled' });
    says(node, 'nodeList', { msgSeqNumber: 3, nodeListType: 'initialConfig', nodeInfo: nodeInfos([1, 2]) });
    list(node, 8n, [1, 2]);
    does(0, RECORDED);
  }
  for (const node of [1, 2]) list(node, 12n, [node]);
  for (let write = 0; write < 3; write += 1) does(0, RECORDED);
  for (const node of [1, 2]) says(node, 'voteInfoReply', { msgSeqNumber: 1 });
  says(1, 'askForVote', { msgSeqNumber: 6 });
  says(2, 'heuristicsChange', { msgSeqNumber: 7, heuristics: 'fail' });
  says(2, 'echoRequest', { msgSeqNumber: 1, ...((choice & 1) !== 0 && { voteWithdrawn: 1 }) });
  script.push(6 << 2, 250, 7 << 2, 9, (5 << 2) | 1);
  return Uint8Array.from(script);
}
