/**
 * One node of the benchmark's crowd: what a corosync-qdevice says on the wire, with as little work as Node.js can do it
 * with. Frames are built once and patched; answers are looked at where upstream's and our arbiter both put their fields.
 */
import net from 'node:net';
import tls from 'node:tls';
import { encodeMessage } from '../../../src/protocol/encode.ts';
import type { NodeListType } from '../../../src/protocol/enums.ts';

export interface Place {
  readonly cluster: string;
  readonly nodeId: number;
  /** Nodes of the cluster: 1 to this. */
  readonly clusterSize: number;
  /** Source address: nodes are machines of their own. */
  readonly address: string;
}

export interface NodeEvents {
  /** INIT_REPLY without an error. */
  joined(): void;
  /** ACK for the ring reported last. */
  granted(): void;
  echoed(): void;
  /** The connection did not come about in time; the next attempt follows. */
  retried(): void;
  failed(problem: string): void;
}

export interface Target {
  readonly port: number;
  readonly context: tls.SecureContext;
  readonly heartbeatMs: number;
}

const PREINIT_REPLY = 1;
const INIT_REPLY = 4;
const SERVER_ERROR = 5;
const ECHO_REPLY = 9;
const VOTE_INFO = 14;
/** Upstream's daemon tries again then: its own older connection may not be gone yet. */
const DUPLICATE_NODE_ID = 17;
const ACK = 1;
/** Offsets in a frame: header 6, then sequence number, vote and ring with 4 bytes of option header each. */
const FIRST_VALUE = 10;
const VOTE_VALUE = 18;
const RING_SEQ_LOW = 31;

const NOTHING = Buffer.alloc(0);
const ECHO = Buffer.from(encodeMessage('echoRequest', { msgSeqNumber: 1 }));
const CONFIRM = Buffer.from(encodeMessage('voteInfoReply', { msgSeqNumber: 1 }));
const ALL_MESSAGES = Array.from({ length: 18 }, (_, code) => code);
const ALL_OPTIONS = Array.from({ length: 24 }, (_, code) => code);
/** As upstream's daemon by default: this long from TCP to INIT_REPLY, then a new attempt after a random time. */
const CONNECT_MS_MAX = 8_000;
const RETRY_MS_MAX = 7_200;

export class LoadNode {
  readonly place: Place;
  readonly #events: NodeEvents;
  #carrier: net.Socket | undefined;
  #held: Buffer = NOTHING;
  #ringSeq = 0;
  #seq = 1;
  #attempt: NodeJS.Timeout | undefined;

  constructor(place: Place, events: NodeEvents) {
    this.place = place;
    this.#events = events;
  }

  connect(target: Target): void {
    this.#attempt = setTimeout(() => this.#retry(target), CONNECT_MS_MAX);
    const plain = net.connect({
      port: target.port,
      host: '127.0.0.1',
      localAddress: this.place.address,
      noDelay: true,
    });
    this.#use(plain, target);
    plain.once('connect', () => {
      this.#say('preinit', { msgSeqNumber: 1, clusterName: this.place.cluster });
    });
    plain.on('data', (chunk: Buffer) => {
      if (chunk.readUInt16BE(0) !== PREINIT_REPLY) return this.#retry(target);
      this.#secure(plain, target);
    });
  }

  /** Once it has joined. */
  heartbeat(): void {
    if (this.#attempt === undefined) this.#carrier?.write(ECHO);
  }

  setHeartbeat(heartbeatIntervalMs: number): void {
    this.#say('setOption', { msgSeqNumber: this.#next(), heartbeatIntervalMs });
  }

  /** As upstream's daemon after INIT: its lists in one go. */
  introduce(ringSeq: number, members?: readonly number[]): void {
    const all = range(1, this.place.clusterSize);
    this.#say('setOption', { msgSeqNumber: this.#next(), keepActivePartition: 'enabled' });
    this.#say('nodeList', this.#list('initialConfig', all, { configVersion: 1n }));
    this.member(members ?? all, ringSeq);
    this.#say('nodeList', this.#list('quorum', all, { quorate: 'quorate' }));
  }

  /** Reports a membership; `granted` follows when the arbiter says ACK to exactly this ring. */
  member(members: readonly number[], ringSeq: number): void {
    this.#ringSeq = ringSeq;
    const ringId = { nodeId: members[0] ?? 0, seq: BigInt(ringSeq) };
    this.#say('nodeList', this.#list('membership', members, { ringId }));
  }

  /** As a machine that has lost its power: the connection stays, and nobody is there any more. */
  vanish(): void {
    this.#carrier = undefined;
    this.#held = NOTHING;
  }

  destroy(): void {
    clearTimeout(this.#attempt);
    this.#attempt = undefined;
    const carrier = this.#carrier;
    this.vanish();
    carrier?.destroy();
  }

  #retry(target: Target): void {
    this.destroy();
    this.#events.retried();
    this.#attempt = setTimeout(() => this.connect(target), Math.random() * RETRY_MS_MAX);
  }

  #secure(plain: net.Socket, target: Target): void {
    const { context, heartbeatMs } = target;
    plain.removeAllListeners('data');
    this.#say('startTls', { msgSeqNumber: 2 });
    const secured = tls.connect({ socket: plain, secureContext: context, rejectUnauthorized: false });
    this.#use(secured, target);
    secured.on('data', (chunk: Buffer) => {
      if (this.#carrier === secured) this.#read(chunk, target);
    });
    this.#seq = 3;
    this.#say('init', {
      msgSeqNumber: 3,
      supportedMessages: ALL_MESSAGES,
      supportedOptions: ALL_OPTIONS,
      nodeId: this.place.nodeId,
      decisionAlgorithm: 1,
      heartbeatIntervalMs: heartbeatMs,
      tieBreaker: { mode: 'lowest' },
      ringId: { nodeId: 1, seq: 1n },
    });
  }

  #use(socket: net.Socket, target: Target): void {
    this.#carrier = socket;
    const lost = (why: string) => {
      if (this.#carrier !== socket) return;
      this.#carrier = undefined;
      if (this.#attempt === undefined) this.#events.failed(why);
      else this.#retry(target);
    };
    socket.on('error', (error) => lost(error.message));
    socket.on('close', () => lost('the arbiter closed the connection'));
  }

  #read(chunk: Buffer, target: Target): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    while (bytes.length - at >= 6) {
      const end = at + 6 + bytes.readUInt32BE(at + 2);
      if (end > bytes.length) break;
      this.#onFrame(bytes.readUInt16BE(at), bytes, at, target);
      if (this.#carrier === undefined) return;
      at = end;
    }
    this.#held = at === bytes.length ? NOTHING : bytes.subarray(at);
  }

  #onFrame(type: number, bytes: Buffer, at: number, target: Target): void {
    if (type === ECHO_REPLY) this.#events.echoed();
    else if (type === INIT_REPLY && bytes.readUInt16BE(at + FIRST_VALUE) === 0) {
      clearTimeout(this.#attempt);
      this.#attempt = undefined;
      this.#events.joined();
    } else if (type === VOTE_INFO) {
      CONFIRM.writeUInt32BE(bytes.readUInt32BE(at + FIRST_VALUE), FIRST_VALUE);
      this.#carrier?.write(Buffer.from(CONFIRM));
      const isForRing = bytes.readUInt32BE(at + RING_SEQ_LOW) === this.#ringSeq;
      if (isForRing && bytes[at + VOTE_VALUE] === ACK) this.#events.granted();
    } else if (type === INIT_REPLY && bytes.readUInt16BE(at + FIRST_VALUE) === DUPLICATE_NODE_ID) {
      this.#retry(target);
    } else if (type === INIT_REPLY || type === SERVER_ERROR) this.#events.failed('the arbiter answered with an error');
  }

  #say(...[name, options]: Parameters<typeof encodeMessage>): void {
    this.#carrier?.write(encodeMessage(name, options));
  }

  #list(nodeListType: NodeListType, ids: readonly number[], more: Parameters<typeof encodeMessage>[1]) {
    const isQuorum = nodeListType === 'quorum';
    const nodeInfo = ids.map((nodeId) => ({
      nodeId,
      dataCenterId: 0,
      ...(isQuorum ? { nodeState: 'member' as const } : {}),
    }));
    return { msgSeqNumber: this.#next(), nodeListType, nodeInfo, ...more };
  }

  #next(): number {
    this.#seq += 1;
    return this.#seq;
  }
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
