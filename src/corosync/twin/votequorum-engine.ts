/**
 * One node's votequorum, without its network: messages in and out, requests, notifications. It follows corosync 3.1.7
 * rule by rule (exec/votequorum.c there), as far as a device is concerned; the twin as a whole is held against the real
 * program by a test that plays one script on both.
 *
 * A synchronisation begins with a new ring. Every node tells the others about itself, and one whose device is alive
 * waits until the device has polled with the new ring, or for the sync timeout. Registration belongs to the node, not
 * to the connection that asked for it.
 */
import type { RingId } from '../../protocol/values.ts';
import { errorCode } from '../errors.ts';
import type { VotequorumInfo } from '../port.ts';
import type { VotequorumEvent } from '../votequorum.ts';
import type { KeyTable } from './key-table.ts';
import {
  countVotes,
  highestExpected,
  insertNode,
  type KnownNode,
  members,
  NO_FLAGS,
  type NodeFlags,
  sameFlags,
  sumOfVotes,
} from './vote-count.ts';
import { readVoteSettings, type VoteSettings } from './vote-settings.ts';

export type EngineMessage =
  | { readonly kind: 'nodeInfo'; readonly votes: number; readonly expectedVotes: number; readonly flags: NodeFlags }
  | { readonly kind: 'deviceInfo'; readonly votes: number }
  | { readonly kind: 'registered' | 'unregistered'; readonly name: string }
  | { readonly kind: 'setExpectedVotes' | 'setNodeVotes'; readonly votes: number };

export interface EnginePorts {
  readonly broadcast: (message: EngineMessage) => void;
  readonly notify: (event: VotequorumEvent) => void;
  readonly after: (delayMs: number, action: () => void) => () => void;
  /** The node's part of the synchronisation may end: it has what it waited for, or had nothing to wait for. */
  readonly released: (waited: boolean) => void;
}

/** What other services of corosync are told; it changes at the end of a synchronisation only, or with quorum. */
export interface QuorumView {
  readonly quorate: boolean;
  readonly ringId: RingId;
  readonly nodeIds: readonly number[];
}

export interface EngineInfo extends VotequorumInfo {
  readonly highestExpected: number;
  readonly twoNode: boolean;
  readonly waitForAll: boolean;
  readonly masterWins: boolean;
  readonly deviceName: string;
}

const NAME_BYTES_MAX = 254;

export class VotequorumEngine {
  readonly #ports: EnginePorts;
  readonly #keys: KeyTable;
  readonly #us: KnownNode;
  #settings: VoteSettings;
  /** Fixed at the start, unless it only followed from two_node. */
  readonly #waitForAllAtStart: boolean;
  #nodes: readonly KnownNode[];
  #deviceVotes = 0;
  #deviceName = '';
  #deviceMayOperate = true;
  #masterWins = false;
  #quorum = 0;
  #quorate = false;
  #ringId: RingId;
  #ringMembers: readonly number[] = [];
  #view: QuorumView;
  #synchronising = true;
  #waitsForPoll = false;
  #stopTimer: (() => void) | undefined;
  #registration: { readonly name: string; readonly answer: (code: number) => void } | undefined;

  constructor(nodeId: number, keys: KeyTable, ports: EnginePorts) {
    this.#ports = ports;
    this.#keys = keys;
    this.#us = { nodeId, state: 'member', votes: 1, expectedVotes: 0, flags: { ...NO_FLAGS, first: true } };
    this.#nodes = [this.#us];
    this.#ringId = { nodeId, seq: 0n };
    this.#view = { quorate: false, ringId: this.#ringId, nodeIds: [] };
    this.#settings = readVoteSettings(keys);
    if (this.#settings.problem !== undefined) throw new Error(`corosync does not start: ${this.#settings.problem}`);
    this.#waitForAllAtStart = this.#settings.waitForAll;
    this.#applySettings();
    this.#flag({ waitingForAll: this.#waitForAllAtStart });
    this.#recalculate(false);
    this.#tellAboutUs();
  }

  get view(): QuorumView {
    return this.#view;
  }

  /** From a new ring until every node of it has been released; the view and the flags are those of before. */
  get synchronising(): boolean {
    return this.#synchronising;
  }

  get casts(): boolean {
    return this.#us.flags.casts;
  }

  /** First half of a synchronisation: the membership is known, nothing has been said yet. */
  enterRing(ringId: RingId, nodeIds: readonly number[]): void {
    this.#synchronising = true;
    this.#waitsForPoll = false;
    if (nodeIds.length > 1) this.#flag({ first: false });
    for (const gone of this.#ringMembers.filter((id) => !nodeIds.includes(id))) {
      const node = this.#find(gone);
      if (node !== undefined) node.state = 'dead';
    }
    this.#ringId = ringId;
    this.#ringMembers = nodeIds;
    const { registered, alive } = this.#us.flags;
    if (!registered || !alive) return;
    this.#startTimer(this.#settings.deviceSyncTimeoutMs);
    this.#waitsForPoll = true;
  }

  /** Second half: everybody speaks; then the node is released, at once or when its device has polled. */
  synchronise(): void {
    this.#tellAboutUs();
    this.#ports.broadcast({ kind: 'deviceInfo', votes: this.#deviceVotes });
    if (this.#deviceName !== '') this.#ports.broadcast({ kind: 'registered', name: this.#deviceName });
    this.#ports.notify(this.nodeListEvent());
    if (!this.#waitsForPoll) this.#ports.released(false);
  }

  /** Every node of the ring has been released. */
  endSynchronisation(): void {
    this.#recalculate(false);
    this.#publish();
    this.#synchronising = false;
  }

  nodeListEvent(): VotequorumEvent {
    return { kind: 'nodeList', ringId: this.#ringId, nodeIds: this.#ringMembers };
  }

  quorumEvent(): VotequorumEvent {
    const nodes = this.#nodes.map(({ nodeId, state }) => ({ nodeId, state }));
    return { kind: 'quorum', quorate: this.#quorate, nodes };
  }

  receive(message: EngineMessage, from: number): void {
    switch (message.kind) {
      case 'nodeInfo':
        this.#onNodeInfo(message, from);
        break;
      case 'deviceInfo':
        this.#onDeviceInfo(message.votes, from);
        break;
      case 'registered':
        this.#onRegistered(message.name, from);
        break;
      case 'unregistered':
        if (members(this.#nodes).every(({ flags }) => !flags.registered)) this.#deviceName = '';
        break;
      case 'setExpectedVotes':
        for (const node of members(this.#nodes)) node.expectedVotes = message.votes || node.expectedVotes;
        this.#ports.notify({ kind: 'expectedVotes', votes: this.#us.expectedVotes });
        this.#recalculate(true);
        break;
      case 'setNodeVotes': {
        const node = this.#find(from);
        if (node === undefined) break;
        node.votes = message.votes;
        this.#recalculate(true);
        break;
      }
    }
  }

  /** `answer` gets corosync's code, at once or when the message has come back. */
  register(name: string, answer: (code: number) => void): void {
    const code = this.#registerAtOnce(name);
    if (code !== undefined) {
      answer(code);
      return;
    }
    this.#registration = { name, answer };
    this.#ports.broadcast({ kind: 'registered', name });
  }

  unregister(name: string): number {
    if (!this.#us.flags.registered) return errorCode('notExist');
    if (name !== this.#deviceName) return errorCode('invalidParam');
    this.#release();
    this.#flag({ registered: false, alive: false, casts: false, masterWins: false });
    this.#tellAboutUs();
    this.#ports.broadcast({ kind: 'unregistered', name });
    return errorCode('ok');
  }

  poll(name: string, cast: boolean, ringId: RingId): number {
    if (!this.#deviceMayOperate) return errorCode('access');
    if (!this.#us.flags.registered) return errorCode('notExist');
    if (ringId.nodeId !== this.#ringId.nodeId || ringId.seq !== this.#ringId.seq) return errorCode('messageError');
    if (name !== this.#deviceName) return errorCode('invalidParam');
    const before = this.#us.flags;
    this.#flag({ alive: true, casts: cast });
    if (!sameFlags(before, this.#us.flags)) this.#tellAboutUs();
    this.#release();
    this.#startTimer(this.#settings.deviceTimeoutMs);
    return errorCode('ok');
  }

  setMasterWins(name: string, allow: boolean): number {
    if (!this.#deviceMayOperate) return errorCode('access');
    if (!this.#us.flags.registered) return errorCode('notExist');
    if (name !== this.#deviceName) return errorCode('invalidParam');
    const before = this.#us.flags;
    this.#flag({ masterWins: allow });
    if (!sameFlags(before, this.#us.flags)) this.#tellAboutUs();
    this.#masterWins = allow;
    return errorCode('ok');
  }

  /** Node id 0 is this node. Totals count the device for the node asked about, each for itself. */
  info(nodeId: number): EngineInfo | undefined {
    const node = nodeId === 0 ? this.#us : this.#find(nodeId);
    if (node === undefined) return undefined;
    return {
      nodeId: node.nodeId,
      nodeVotes: node.votes,
      expectedVotes: node.expectedVotes,
      highestExpected: highestExpected(this.#nodes),
      totalVotes: sumOfVotes(this.#nodes) + (node.flags.casts ? this.#deviceVotes : 0),
      quorum: this.#quorum,
      quorate: this.#quorate,
      twoNode: this.#settings.twoNode,
      waitForAll: this.#waitsForAll,
      deviceVotes: this.#deviceVotes,
      deviceName: this.#deviceName,
      deviceRegistered: node.flags.registered,
      deviceAlive: node.flags.alive,
      deviceCasts: node.flags.casts,
      masterWins: node.flags.masterWins,
    };
  }

  /** Keys below nodelist. or quorum. changed, or a reload ended well: the votes are read again, the rest is kept. */
  reconfigure(): void {
    const { votes, expectedVotes } = this.#us;
    this.#settings = readVoteSettings(this.#keys);
    this.#applySettings();
    this.#tellAboutUs();
    this.#ports.broadcast({ kind: 'deviceInfo', votes: this.#deviceVotes });
    if (this.#us.votes !== votes) this.#ports.broadcast({ kind: 'setNodeVotes', votes: this.#us.votes });
    if (this.#us.expectedVotes === expectedVotes) return;
    this.#ports.broadcast({ kind: 'setExpectedVotes', votes: this.#us.expectedVotes });
  }

  /** The node has lost its power: nothing happens any more. */
  stop(): void {
    this.#stopTimer?.();
    this.#registration?.answer(errorCode('library'));
    this.#registration = undefined;
  }

  get #waitsForAll(): boolean {
    return this.#keys.number('quorum.wait_for_all') === undefined ? this.#settings.twoNode : this.#waitForAllAtStart;
  }

  #applySettings(): void {
    const { nodeVotes, expectedVotes, deviceVotes, problem } = this.#settings;
    this.#us.votes = nodeVotes;
    this.#us.expectedVotes = expectedVotes;
    this.#deviceVotes = deviceVotes ?? this.#deviceVotes;
    const hasDevice = (this.#keys.get('quorum.device.model') ?? '') !== '';
    if (hasDevice) this.#deviceMayOperate = problem === undefined;
  }

  #registerAtOnce(name: string): number | undefined {
    if (name === '' || name.length > NAME_BYTES_MAX) return errorCode('invalidParam');
    if (!this.#deviceMayOperate) return errorCode('access');
    if (this.#us.flags.registered) return errorCode(name === this.#deviceName ? 'ok' : 'exist');
    return this.#registration === undefined ? undefined : errorCode('tryAgain');
  }

  #onNodeInfo({ votes, expectedVotes, flags }: EngineMessage & { kind: 'nodeInfo' }, from: number): void {
    const known = this.#find(from);
    const node = known ?? { nodeId: from, state: 'dead', votes: 0, expectedVotes: 0, flags: NO_FLAGS };
    const before = { ...node };
    if (known === undefined) this.#nodes = insertNode(this.#nodes, node);
    node.flags = flags;
    node.votes = votes;
    node.state = 'member';
    const joinsQuorate = !this.#quorate && flags.quorate;
    if (joinsQuorate) this.#us.expectedVotes = expectedVotes;
    node.expectedVotes = flags.quorate ? expectedVotes : this.#us.expectedVotes;
    const changed =
      before.votes !== node.votes ||
      before.expectedVotes !== node.expectedVotes ||
      before.state !== node.state ||
      !sameFlags(before.flags, node.flags);
    if (changed || known === undefined || from === this.#us.nodeId || flags.first) this.#recalculate(joinsQuorate);
    if (this.#waitsForAll && !flags.waitingForAll && flags.quorate) this.#flag({ waitingForAll: false });
  }

  #onDeviceInfo(votes: number, from: number): void {
    const before = this.#deviceVotes;
    const sender = this.#find(from);
    const believe = !this.#quorate && sender?.flags.quorate === true;
    this.#deviceVotes = believe ? votes : Math.max(votes, before);
    if (this.#deviceVotes !== before) this.#recalculate(false);
  }

  #onRegistered(name: string, from: number): void {
    if (from !== this.#us.nodeId) {
      if (this.#deviceName === '') this.#deviceName = name;
      return;
    }
    if (this.#us.flags.registered || this.#registration === undefined) return; // told again to new members
    if (this.#deviceName === '') this.#deviceName = name;
    const { answer } = this.#registration;
    this.#registration = undefined;
    if (name === this.#deviceName) {
      this.#flag({ registered: true });
      this.#ports.broadcast({ kind: 'deviceInfo', votes: this.#deviceVotes });
      this.#tellAboutUs();
    }
    answer(errorCode(name === this.#deviceName ? 'ok' : 'exist'));
  }

  #recalculate(mayDecrease: boolean): void {
    const possible = sumOfVotes(this.#nodes) + this.#deviceVotes;
    if (possible > this.#us.expectedVotes) {
      this.#us.expectedVotes = possible;
      this.#ports.notify({ kind: 'expectedVotes', votes: possible });
    }
    const cast = this.#us.flags.casts ? this.#deviceVotes : undefined;
    const count = countVotes(this.#nodes, cast, this.#settings.twoNode, mayDecrease ? 0 : this.#quorum);
    this.#quorum = count.quorum;
    this.#judge(count.totalVotes);
  }

  #judge(totalVotes: number): void {
    if (this.#waitsForAll && this.#us.flags.waitingForAll) {
      if (totalVotes !== this.#us.expectedVotes) return;
      this.#flag({ waitingForAll: false });
    }
    const wonByMaster = this.#masterWins && members(this.#nodes).some(({ flags }) => flags.masterWins && flags.casts);
    const quorate = totalVotes >= this.#quorum || wonByMaster;
    const changed = quorate !== this.#quorate;
    this.#quorate = quorate;
    this.#flag({ quorate });
    if (this.#waitsForAll) this.#flag({ waitingForAll: !quorate });
    if (changed && !this.#synchronising) this.#publish();
  }

  #publish(): void {
    this.#view = { quorate: this.#quorate, ringId: this.#ringId, nodeIds: this.#ringMembers };
    this.#ports.notify(this.quorumEvent());
  }

  #startTimer(delayMs: number): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#ports.after(delayMs, () => {
      this.#stopTimer = undefined;
      if (!this.#us.flags.alive) return;
      this.#flag({ alive: false, casts: false });
      this.#tellAboutUs();
      this.#release();
    });
  }

  #release(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (!this.#waitsForPoll) return;
    this.#waitsForPoll = false;
    this.#ports.released(true);
  }

  #tellAboutUs(): void {
    const { votes, expectedVotes, flags } = this.#us;
    this.#ports.broadcast({ kind: 'nodeInfo', votes, expectedVotes, flags });
  }

  #flag(changes: Partial<NodeFlags>): void {
    this.#us.flags = { ...this.#us.flags, ...changes };
  }

  #find(nodeId: number): KnownNode | undefined {
    return this.#nodes.find((node) => node.nodeId === nodeId);
  }
}
