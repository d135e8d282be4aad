/**
 * Certificates that open nothing any more although they have not ended: a list in the state directory, which a running
 * arbiter reads at its start and when it reloads. A list that cannot be read is an error and never an empty list.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../runtime/errors.ts';
import { isRoot, ownerOf, readStateFile, replaceStateFile } from './state-files.ts';

export interface RevokedCertificate {
  /** SHA-256 of the certificate, lower case hexadecimal. */
  readonly fingerprint: string;
  readonly cluster: string;
  /** ISO 8601. */
  readonly revokedAt: string;
}

const REVOKED = 'revoked.json';
const FORMAT = 1;
const FILE_MODE = 0o640;

export async function revokedCertificates(stateDir: string): Promise<RevokedCertificate[]> {
  const text = await readStateFile(stateDir, REVOKED);
  if (text === undefined) return [];
  const list = readList(Buffer.from(text, 'latin1').toString('utf8'));
  if (list !== undefined) return list;
  throw new OperatorError(
    `${join(stateDir, REVOKED)} is no list of revoked certificates.`,
    'Restore it from a backup. Without it certificates would be accepted that somebody has revoked.',
  );
}

/** Those that are on it already stay as they are. */
export async function revokeCertificates(stateDir: string, added: readonly RevokedCertificate[]): Promise<void> {
  const known = await revokedCertificates(stateDir);
  const news = added.filter(({ fingerprint }) => !known.some((each) => each.fingerprint === fingerprint));
  if (news.length === 0) return;
  const { mode } = await stat(stateDir);
  const attributes = { mode: FILE_MODE & mode, ...(isRoot() ? await ownerOf(stateDir) : undefined) };
  const text = `${JSON.stringify({ format: FORMAT, certificates: [...known, ...news] }, undefined, 2)}\n`;
  await replaceStateFile(join(stateDir, REVOKED), text, attributes);
}

/** As Node.js and OpenSSL print it, with colons and in capitals, or without; undefined: it is none. */
export function fingerprintOf(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined;
}

function readList(text: string): RevokedCertificate[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || parsed['format'] !== FORMAT || !Array.isArray(parsed['certificates'])) return undefined;
  const read = parsed['certificates'].map(readEntry);
  const whole = read.filter((entry) => entry !== undefined);
  return whole.length === read.length ? whole : undefined;
}

function readEntry(value: unknown): RevokedCertificate | undefined {
  if (!isObject(value)) return undefined;
  const { fingerprint, cluster, revokedAt } = value;
  if (typeof fingerprint !== 'string' || fingerprintOf(fingerprint) !== fingerprint) return undefined;
  return typeof cluster === 'string' && typeof revokedAt === 'string' ? { fingerprint, cluster, revokedAt } : undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
