/**
 * Conversations: frames sent one after the other, and every byte that comes back. For what a scenario cannot say:
 * malformed frames, options left out, messages at the wrong time.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { MessageName } from '../../src/protocol/messages.ts';
import { MESSAGES } from '../../src/protocol/messages.ts';
import { FakeNode } from '../scenarios/fake-node.ts';
import { hex } from '../scenarios/outcome.ts';
import type { Wire } from '../scenarios/wire.ts';

/** Who sends, and what: whole frames, or several in one segment. */
export type Step = readonly [client: string, bytes: Uint8Array];

export interface Conversation {
  readonly title: string;
  /** Each conversation has a cluster of its own, except where the name is the point. */
  steps(cluster: string): readonly Step[];
}

/** What one step brought every client, frames in hex: `a: 0009... 000e..., b: -`. */
export interface Turn {
  readonly sent: string;
  readonly received: string;
}

export async function converse(conversation: Conversation, wire: Wire, cluster: string): Promise<Turn[]> {
  const clients = new Map<string, FakeNode>();
  const turns: Turn[] = [];
  try {
    for (const [label, bytes] of conversation.steps(cluster)) {
      const client = clients.get(label) ?? new FakeNode(label, await wire.connect());
      clients.set(label, client);
      client.sendRaw(bytes);
      await client.barrier();
      for (const other of clients.values()) await other.barrier();
      const received = [...clients.values()].map((node) => `${node.label}: ${receivedBy(node)}`);
      turns.push({ sent: `${label}: ${shortHex(bytes)}`, received: received.join(', ') });
    }
  } finally {
    for (const client of clients.values()) client.close();
  }
  // The next conversation may speak for the same cluster.
  for (let tries = 0; (await wire.connectedNodes(cluster)).length > 0; tries += 1) {
    assert(tries < 1_000, 'the daemon still lists nodes that have closed their connections');
    await wire.pass(5);
  }
  return turns;
}

/** A frame by hand: type and options as they come. */
export function frame(type: MessageName | number, ...options: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(options);
  const header = Buffer.alloc(6);
  header.writeUInt16BE(typeof type === 'number' ? type : MESSAGES[type].code, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** One option by hand: its number and the bytes of its value. */
export function option(code: number, value: Uint8Array | readonly number[]): Uint8Array {
  const bytes = Buffer.from(value);
  const header = Buffer.alloc(4);
  header.writeUInt16BE(code, 0);
  header.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([header, bytes]);
}

export function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function seq(value: number): Uint8Array {
  return option(0, u32(value));
}

function receivedBy(node: FakeNode): string {
  const frames = node.take().map(shortHex);
  if (node.closed) frames.push('closed');
  return frames.length === 0 ? '-' : frames.join(' ');
}

/** Long frames by length, digest and first bytes. */
function shortHex(bytes: Uint8Array): string {
  if (bytes.length <= 2_048) return hex(bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return `${bytes.length} bytes ${hex(bytes.subarray(0, 64))}... sha256 ${digest}`;
}
