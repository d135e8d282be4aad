/**
 * Plays a case against an arbiter. After each command the nodes wait until the arbiter has said all it has to say
 * (barriers, the commanded node first), then those who do not hold confirm the votes they got, and so on until
 * nothing comes any more. Each round is a block of the outcome: what is in the first one was sent before any
 * confirmation of the second. Within a round, lines are in order of nodes, and per node in order of arrival.
 */
import assert from 'node:assert/strict';
import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeMessage, HEADER_BYTES } from '../../src/protocol/encode.ts';
import type { ClusterLine } from './commands.ts';
import { clusterLine, MESSAGE_COMMANDS } from './commands.ts';
import { FakeNode } from './fake-node.ts';
import { hex, messageNameOf, outcomeOf } from './outcome.ts';
import type { Case, Command } from './script.ts';
import type { Wire } from './wire.ts';
import { printRing } from './words.ts';

/** What one command brought about. */
export interface CommandRecord {
  readonly line: number;
  readonly command: string;
  /** As it stands in the scenario file. */
  readonly outcome: readonly string[];
  /** Every received byte, `label hex` a frame, in the same order. */
  readonly frames: readonly string[];
}

interface Block {
  readonly lines: string[];
  readonly frames: string[];
}

const NOTHING = '(nothing)';
const UP_RING = '1.8';
/** Confirmations that call for confirmations: a vote needs two rounds, so this many is a loop. */
const ROUNDS_MAX = 20;
/** While time passes, nodes show that they are alive this often. */
const WAIT_STEP_MS = 250;
/** An arbiter notices a closed connection at once, or never. */
const CLOSE_MS_MAX = 10_000;
const FLOOD_BATCH = 256;
const FLOOD_BATCHES_MAX = 4_000;

export async function runCase(scenario: Case, wire: Wire, clusterName: string): Promise<CommandRecord[]> {
  const run = new CaseRun(clusterLine(scenario), wire, clusterName);
  const records: CommandRecord[] = [];
  try {
    for (const command of scenario.commands) records.push(await run.record(command));
  } finally {
    run.closeAll();
  }
  return records;
}

class CaseRun {
  readonly #cluster: ClusterLine;
  readonly #wire: Wire;
  readonly #clusterName: string;
  readonly #nodes = new Map<string, FakeNode>();
  readonly #closeSeen = new Set<FakeNode>();
  /** The last ACK or NACK each node was told. */
  readonly #votes = new Map<FakeNode, string>();
  /** Votes a node has been told and not yet confirmed. */
  readonly #unconfirmed = new Map<FakeNode, number[]>();

  constructor(cluster: ClusterLine, wire: Wire, clusterName: string) {
    this.#cluster = cluster;
    this.#wire = wire;
    this.#clusterName = clusterName;
  }

  async record(command: Command): Promise<CommandRecord> {
    const blocks: Block[] = [];
    try {
      const shown = await this.#perform(command, blocks);
      const lines = shown ?? blocks.flatMap((block, at) => (at === 0 ? block.lines : [';;', ...block.lines]));
      const outcome = lines.length === 0 && shown === undefined ? [NOTHING] : lines;
      return { line: command.line, command: command.text, outcome, frames: blocks.flatMap((block) => block.frames) };
    } catch (cause) {
      throw new Error(`line ${command.line + 1}: ${command.text}`, { cause });
    }
  }

  closeAll(): void {
    for (const node of this.#nodes.values()) node.close();
  }

  /** Returns lines to show instead of what was received, undefined for just that. */
  async #perform(command: Command, blocks: Block[]): Promise<readonly string[] | undefined> {
    const { labels, verb, words } = command;
    switch (verb) {
      case 'up':
        return this.#up(blocks);
      case 'wait':
        blocks.push(...(await this.#wait(Number(words[0]))));
        return undefined;
      case 'list':
        return [`connected: ${(await this.#wire.connectedNodes(this.#clusterName)).join(', ')}`];
      case 'hold':
        for (const label of labels) this.#node(label).holding = true;
        return [];
      case 'answer':
        return this.#answer(labels, words, blocks);
      case 'silent':
        for (const label of labels) this.#node(label).silent = true;
        return [];
      case 'freeze':
        for (const label of labels) this.#node(label).freeze();
        return [];
      case 'flood':
        return this.#flood(this.#only(labels));
      case 'close':
        await this.#close(labels.map((label) => this.#node(label)));
        blocks.push(...(await this.#settle([])));
        return undefined;
      default:
        blocks.push(...(await this.#send(this.#only(labels), verb, words)));
        return undefined;
    }
  }

  async #up(blocks: Block[]): Promise<string[]> {
    const everybody = `[${this.#cluster.nodes.join(',')}]`;
    for (const id of this.#cluster.nodes) {
      const label = String(id);
      blocks.push(...(await this.#send(label, 'init', [UP_RING])));
      if (this.#cluster.keepActive.includes(id)) blocks.push(...(await this.#send(label, 'keep-active', ['on'])));
      blocks.push(...(await this.#send(label, 'config', [])));
      blocks.push(...(await this.#send(label, 'membership', [UP_RING, everybody])));
      blocks.push(...(await this.#send(label, 'quorum', [])));
    }
    return this.#talking().map((node) => `${node.label} holds ${this.#votes.get(node) ?? 'no vote'}`);
  }

  async #send(label: string, verb: string, words: readonly string[]): Promise<Block[]> {
    const message = MESSAGE_COMMANDS[verb];
    assert(message !== undefined, `no command is called "${verb}"`);
    const node = this.#nodes.get(label) ?? (await this.#connect(label));
    const { name, options } = message(words, this.#cluster, node);
    node.request(name, options);
    return this.#settle([node]);
  }

  async #connect(label: string): Promise<FakeNode> {
    const node = new FakeNode(label, await this.#wire.connect());
    this.#nodes.set(label, node);
    node.request('preinit', { clusterName: this.#clusterName });
    return node;
  }

  /**
   * `answer`: confirm what is owed and stop holding. `answer #3`: confirm that number and go on holding. `answer newest-1`:
   * the same, counted from the newest vote that it got.
   */
  async #answer(labels: readonly string[], words: readonly string[], blocks: Block[]): Promise<undefined> {
    const nodes = labels.map((label) => this.#node(label));
    const [which] = words;
    for (const node of nodes) {
      node.holding = which !== undefined;
      if (which === undefined) this.#confirm(node);
      else if (which.startsWith('#')) node.confirmVote(Number(which.slice(1)));
      else node.confirmVote((node.newestVote + Number(which.replace('newest', '') || '0')) >>> 0);
    }
    blocks.push(...(await this.#settle(nodes)));
    return undefined;
  }

  async #close(nodes: readonly FakeNode[]): Promise<void> {
    for (const node of nodes) {
      this.#nodes.delete(node.label);
      node.close();
    }
    const gone = nodes.filter((node) => node.joined).map((node) => node.nodeId);
    for (let waitedMs = 0; waitedMs < CLOSE_MS_MAX; waitedMs += 10) {
      const connected = await this.#wire.connectedNodes(this.#clusterName);
      if (!gone.some((id) => connected.includes(id))) return;
      await this.#wire.pass(10);
    }
    throw new Error('the arbiter still lists a node that has closed its connection');
  }

  /** Time passes, and every node that is not silent says so. What comes meanwhile is one block: order is chance. */
  async #wait(ms: number): Promise<Block[]> {
    const blocks: Block[] = [];
    for (let passedMs = 0; passedMs < ms; passedMs += WAIT_STEP_MS) {
      await this.#wire.pass(Math.min(WAIT_STEP_MS, ms - passedMs));
      blocks.push(...(await this.#settle([])));
    }
    // A daemon that was not given the processor answers the first barrier before it looks at its timers.
    blocks.push(...(await this.#settle([])));
    const lines = blocks.flatMap((block) => block.lines);
    return lines.length === 0 ? [] : [{ lines: lines.sort(), frames: blocks.flatMap((block) => block.frames).sort() }];
  }

  /** Changes its heuristics back and forth until the arbiter has had enough, of it or of somebody else. */
  async #flood(label: string): Promise<string[]> {
    const node = this.#node(label);
    const there = [...this.#nodes.values()].filter(({ closed }) => !closed);
    for (let batch = 0; batch < FLOOD_BATCHES_MAX && !there.some(({ closed }) => closed); batch += 1) {
      for (let at = 0; at < FLOOD_BATCH; at += 1) {
        const heuristics = at % 2 === 0 ? 'pass' : 'fail';
        node.sendRaw(encodeMessage('heuristicsChange', { msgSeqNumber: at, heuristics }));
      }
      await node.barrier();
      node.take();
    }
    this.#closeSeen.add(node);
    return node.closed ? [`${label} closed`] : [`${label} still connected`];
  }

  async #settle(first: readonly FakeNode[]): Promise<Block[]> {
    const blocks: Block[] = [];
    let actors = first;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await Promise.all(actors.filter((node) => node.talking).map((node) => node.barrier()));
      await Promise.all(this.#talking().map((node) => node.barrier()));
      const block = this.#collect();
      if (block.lines.length + block.frames.length > 0) blocks.push(block);
      actors = this.#talking().filter((node) => !node.holding && (this.#unconfirmed.get(node) ?? []).length > 0);
      if (actors.length === 0) return blocks;
      for (const node of actors) this.#confirm(node);
    }
    throw new Error('the votes never settle');
  }

  #confirm(node: FakeNode): void {
    for (const seq of this.#unconfirmed.get(node) ?? []) node.confirmVote(seq);
    this.#unconfirmed.delete(node);
  }

  #collect(): Block {
    const block: Block = { lines: [], frames: [] };
    for (const node of this.#sorted()) {
      for (const frame of node.take()) {
        block.frames.push(`${node.label} ${hex(frame)}`);
        this.#note(node, frame);
        const line = outcomeOf(frame, node.sent);
        if (line !== undefined) block.lines.push(`${node.label} <- ${line}`);
      }
      if (!node.closed || this.#closeSeen.has(node)) continue;
      this.#closeSeen.add(node);
      block.lines.push(`${node.label} closed`);
    }
    return block;
  }

  #note(node: FakeNode, frame: Uint8Array): void {
    const name = messageNameOf(frame);
    const body = decodeBody(frame.subarray(HEADER_BYTES));
    if (!body.ok) return;
    const { replyErrorCode, msgSeqNumber, vote, ringId } = body.options;
    if (name === 'initReply' && replyErrorCode === 0) node.joined = true;
    const isVote = vote === 'ack' || vote === 'nack';
    if (isVote && ringId !== undefined) {
      const number = name === 'voteInfo' ? ` #${msgSeqNumber}` : '';
      this.#votes.set(node, `${vote} ${printRing(ringId)}${number}`);
    }
    if (name !== 'voteInfo' || msgSeqNumber === undefined) return;
    node.newestVote = msgSeqNumber;
    this.#unconfirmed.set(node, [...(this.#unconfirmed.get(node) ?? []), msgSeqNumber]);
  }

  #talking(): FakeNode[] {
    return this.#sorted().filter((node) => node.talking);
  }

  #sorted(): FakeNode[] {
    return [...this.#nodes.values()].sort((a, b) => a.nodeId - b.nodeId || a.label.localeCompare(b.label));
  }

  #node(label: string): FakeNode {
    const node = this.#nodes.get(label);
    assert(node !== undefined, `node ${label} is not connected`);
    return node;
  }

  #only(labels: readonly string[]): string {
    const [label, ...more] = labels;
    assert(label !== undefined && more.length === 0, 'this command is about one node');
    return label;
  }
}
