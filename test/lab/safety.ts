/**
 * The one thing that must never happen: two partitions without a common node, both quorate. Judged from samples, in a way that
 * raises no false alarm: a node counts as quorate only between the end of one reading and the start of a later one of the same
 * ring, when both and all between them said so.
 */
import type { Reading } from './quorumtool.ts';

export interface Sample {
  readonly nodeId: number;
  /** Milliseconds since the epoch, one clock for all nodes. The reading was true at some instant between the two. */
  readonly beganMs: number;
  readonly endedMs: number;
  readonly reading: Reading | undefined;
}

interface QuorateSpan {
  readonly nodeId: number;
  readonly members: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

export interface DoubleQuorum {
  readonly partitions: readonly [readonly number[], readonly number[]];
  readonly fromMs: number;
  readonly toMs: number;
}

export function findDoubleQuorum(samples: readonly Sample[]): DoubleQuorum[] {
  const nodes = new Set(samples.map((sample) => sample.nodeId));
  const spans = [...nodes].flatMap((node) => quorateSpans(samples.filter((sample) => sample.nodeId === node)));
  const found: DoubleQuorum[] = [];
  for (const [index, one] of spans.entries()) {
    for (const other of spans.slice(index + 1)) {
      if (one.members.some((node) => other.members.includes(node))) continue;
      const fromMs = Math.max(one.fromMs, other.fromMs);
      const toMs = Math.min(one.toMs, other.toMs);
      if (fromMs < toMs) found.push({ partitions: [one.members, other.members], fromMs, toMs });
    }
  }
  return found;
}

/** Samples of one node in order of time. */
function quorateSpans(samples: readonly Sample[]): QuorateSpan[] {
  const spans: QuorateSpan[] = [];
  let open: { ringId: string; span: QuorateSpan } | undefined;
  for (const { nodeId, beganMs, endedMs, reading } of samples) {
    if (reading?.quorate !== true) {
      open = undefined;
      continue;
    }
    if (open?.ringId === reading.ringId) {
      spans.pop();
      open = { ringId: reading.ringId, span: { ...open.span, toMs: beganMs } };
    } else {
      const members = reading.members.map((member) => member.nodeId).sort((a, b) => a - b);
      open = { ringId: reading.ringId, span: { nodeId, members, fromMs: endedMs, toMs: endedMs } };
    }
    spans.push(open.span);
  }
  return spans;
}
