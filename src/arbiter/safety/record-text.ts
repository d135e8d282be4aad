/** A record as the text of a small file, and back. What does not read as one is no record. */

import type { ByteString } from '../../protocol/values.ts';
import type { RecordedGrant } from './ledger.ts';

const FORMAT = 1;

export interface ClusterRecord {
  readonly cluster: ByteString;
  readonly grants: readonly RecordedGrant[];
}

export function recordText({ cluster, grants }: ClusterRecord): string {
  const shown = grants.map(({ nodeId, members, leaseMs }) => ({
    nodeId,
    members,
    leaseMs: Number.isFinite(leaseMs) ? leaseMs : null,
  }));
  return `${JSON.stringify({ format: FORMAT, cluster, grants: shown })}\n`;
}

export function readRecord(text: string): ClusterRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || parsed['format'] !== FORMAT) return undefined;
  const { cluster, grants } = parsed;
  if (typeof cluster !== 'string' || !Array.isArray(grants)) return undefined;
  const read = grants.map(readGrant);
  const whole = read.filter((grant) => grant !== undefined);
  return whole.length === read.length ? { cluster, grants: whole } : undefined;
}

function readGrant(value: unknown): RecordedGrant | undefined {
  if (!isObject(value)) return undefined;
  const { nodeId, members, leaseMs } = value;
  if (!isCount(nodeId) || !Array.isArray(members) || !members.every(isCount)) return undefined;
  if (leaseMs !== null && !isCount(leaseMs)) return undefined;
  return { nodeId, members, leaseMs: leaseMs ?? Number.POSITIVE_INFINITY };
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
