/**
 * The certificates that this node uses towards the arbiter. They are looked at again at each attempt to connect, so that
 * new ones count without a restart, and kept in memory, because setup tools take the files away under the running
 * daemon before they stop it.
 */
import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadNodeIdentity, NODE_IDENTITY_FILES, type NodeIdentity } from '../certs/node-identity.ts';
import { OperatorError } from '../runtime/errors.ts';
import type { LogSink } from './log-lines.ts';

export interface CredentialsOptions {
  readonly directory: string;
  /** Of the cluster's certificate in an NSS database that is imported. */
  readonly clusterNickname: string;
  readonly log: LogSink;
}

const ORIGIN = {
  files: 'certificates loaded',
  database: 'certificates imported from the NSS database',
  pkcs12: 'certificates imported from the PKCS#12 file',
} as const;

export class Credentials {
  readonly #options: CredentialsOptions;
  #identity: NodeIdentity | undefined;
  /** Of the files when they were looked at last, whatever came of it. */
  #seen = '';
  #problem: OperatorError | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  get directory(): string {
    return this.#options.directory;
  }

  /** The newest that can be used. Throws an OperatorError if there has never been any. */
  async current(): Promise<NodeIdentity> {
    this.#looking = this.#looking.then(() => this.#look());
    await this.#looking;
    if (this.#identity !== undefined) return this.#identity;
    throw this.#problem ?? this.#nothingThere();
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { directory, clusterNickname, log } = this.#options;
    const seen = await signatureOf(directory);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#problem = undefined;
    try {
      const loaded = await loadNodeIdentity(directory, clusterNickname);
      if (loaded === undefined) {
        if (this.#identity !== undefined) {
          log.warn({ directory }, 'the certificate files are gone, the ones read before stay in use');
        }
        return;
      }
      const { identity, origin, notes } = loaded;
      if (!isSame(identity, this.#identity)) log.info({ directory, ...factsOf(identity) }, ORIGIN[origin]);
      this.#identity = identity;
      for (const note of notes) log.warn({ directory }, note);
    } catch (error) {
      this.#problem = error instanceof OperatorError ? error : unexpected(error, directory);
      if (this.#identity === undefined) return;
      const reason = this.#problem.message;
      log.error({ reason, directory }, 'certificates not read again, the ones read before stay in use');
    }
  }

  #nothingThere(): OperatorError {
    return new OperatorError(
      `There are no certificates in ${this.#options.directory}.`,
      'Set up the quorum device on this node, or say tls: off in quorum.device.net for an arbiter without TLS.',
    );
  }
}

async function signatureOf(directory: string): Promise<string> {
  const parts = await Promise.all(
    NODE_IDENTITY_FILES.map(async (name) => {
      const found = await stat(join(directory, name), { bigint: true }).catch(() => undefined);
      return found === undefined ? '-' : `${found.ino} ${found.mtimeNs} ${found.size}`;
    }),
  );
  return parts.join('|');
}

function isSame(a: NodeIdentity, b: NodeIdentity | undefined): boolean {
  return a.caPem === b?.caPem && a.pair?.certPem === b.pair?.certPem && a.pair?.keyPem === b.pair?.keyPem;
}

function factsOf({ caPem, pair }: NodeIdentity): object {
  const authority = new X509Certificate(caPem).fingerprint256;
  if (pair === undefined) return { authority, fingerprint: 'none' };
  const { fingerprint256, subject, validTo } = new X509Certificate(pair.certPem);
  return { authority, fingerprint: fingerprint256, subject, validTo };
}

function unexpected(cause: unknown, directory: string): OperatorError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(
    `The certificates in ${directory} cannot be used (${text}).`,
    'Set up the quorum device on this node again.',
    1,
    { cause },
  );
}
