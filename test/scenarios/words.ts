/** The words of the scenario files for the values of the protocol: `wait-for-reply`, `1.12`, `[1,2]`. */
import assert from 'node:assert/strict';
import type { Heuristics, NodeListType } from '../../src/protocol/enums.ts';
import { HEURISTICS } from '../../src/protocol/enums.ts';
import type { RingId, TieBreaker } from '../../src/protocol/values.ts';

/** Names of list kinds, as commands and in replies. */
export const LIST_WORDS: Readonly<Record<NodeListType, string>> = {
  initialConfig: 'config',
  changedConfig: 'changed-config',
  membership: 'membership',
  quorum: 'quorum',
};

export const ALGORITHM_NUMBERS: Readonly<Record<string, number>> = { test: 0, ffsplit: 1, '2nodelms': 2, lms: 3 };

/** `waitForReply` to `wait-for-reply`. */
export function dashed(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function parseRing(text: string | undefined): RingId {
  const [nodeId, seq] = (text ?? '').split('.');
  assert(nodeId !== undefined && seq !== undefined && /^\d+\.\d+$/.test(text ?? ''), `expected a ring, not "${text}"`);
  return { nodeId: Number(nodeId), seq: BigInt(seq) };
}

export function printRing(ring: RingId): string {
  return `${ring.nodeId}.${ring.seq}`;
}

/** `[1,2]`, or undefined if the word is something else. */
export function parseIds(text: string | undefined): number[] | undefined {
  const inside = /^\[(\d+(?:,\d+)*)?\]$/.exec(text ?? '');
  if (inside === null) return undefined;
  return inside[1] === undefined ? [] : inside[1].split(',').map(Number);
}

export function parseHeuristics(text: string | undefined): Heuristics | undefined {
  for (const word of Object.keys(HEURISTICS)) if (word === text) return word === 'pass' ? 'pass' : 'fail';
  assert(text === undefined, `expected pass or fail, not "${text}"`);
  return undefined;
}

export function parseTieBreaker(text = 'lowest'): TieBreaker {
  if (text === 'lowest' || text === 'highest') return { mode: text };
  assert(text.startsWith('node:'), `expected lowest, highest or node:ID, not "${text}"`);
  return { mode: 'nodeId', nodeId: Number(text.slice('node:'.length)) };
}
