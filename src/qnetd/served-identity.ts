/** The certificate that new connections are served with, and its reload while the service runs. */
import { type LoadedIdentity, loadOrCreateServerIdentity, loadServerIdentity } from '../certs/identity.ts';
import { readPeerCertificate } from '../certs/peer-certificate.ts';
import { revokedCertificates } from '../certs/revoked.ts';
import { OperatorError } from '../runtime/errors.ts';
import type { LogSink } from './log-lines.ts';
import { TlsUpgrade } from './tls-upgrade.ts';

export interface ServedIdentityOptions {
  readonly stateDir: string;
  /** Nickname of the server certificate in an NSS database that is imported. */
  readonly certNickname: string;
  readonly clientCertRequired: boolean;
  readonly log: LogSink;
  /** All certificates that are revoked, each time that the list was read. */
  readonly revoked: (fingerprints: ReadonlySet<string>) => void;
}

const ORIGIN: Readonly<Record<LoadedIdentity['origin'], string>> = {
  loaded: 'certificate loaded',
  created: 'certificate authority and certificate made',
  imported: 'certificate imported from the NSS database',
};

export class ServedIdentity {
  readonly #options: ServedIdentityOptions;
  #upgrade: TlsUpgrade;
  #reloading: Promise<void> = Promise.resolve();

  /** Makes authority and certificate if there are none yet. */
  static async open(options: ServedIdentityOptions): Promise<ServedIdentity> {
    const { stateDir, certNickname } = options;
    const loaded = await loadOrCreateServerIdentity(stateDir, { serverNickname: certNickname });
    await readRevoked(options);
    return new ServedIdentity(options, loaded);
  }

  private constructor(options: ServedIdentityOptions, loaded: LoadedIdentity) {
    this.#options = options;
    this.#upgrade = this.#upgradeWith(loaded);
  }

  get upgrade(): TlsUpgrade {
    return this.#upgrade;
  }

  /** Reads the files again. If that fails, what was served before goes on being served. Never rejects. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(async () => {
      const { stateDir, certNickname, log } = this.#options;
      try {
        this.#upgrade = this.#upgradeWith(await loadServerIdentity(stateDir, { serverNickname: certNickname }));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const message =
          'certificates not reloaded, the ones read before stay in use; mend the files and send SIGHUP again';
        log.error({ reason, stateDir, fingerprint: this.#upgrade.fingerprint }, message);
      }
      try {
        await readRevoked(this.#options);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ reason, stateDir }, 'list of revoked certificates not reloaded, the one read before stays in use');
      }
    });
    return this.#reloading;
  }

  #upgradeWith({ identity, origin, notes }: LoadedIdentity): TlsUpgrade {
    const { stateDir, clientCertRequired, log } = this.#options;
    const upgrade = upgradeOrMistake({ identity, clientCertRequired, readPeerCertificate }, stateDir);
    log.info({ stateDir, fingerprint: upgrade.fingerprint }, ORIGIN[origin]);
    for (const note of notes) log.warn({ stateDir }, note);
    return upgrade;
  }
}

async function readRevoked({ stateDir, log, revoked }: ServedIdentityOptions): Promise<void> {
  const certificates = await revokedCertificates(stateDir);
  if (certificates.length > 0) log.info({ stateDir, certificates: certificates.length }, 'revoked certificates loaded');
  revoked(new Set(certificates.map(({ fingerprint }) => fingerprint)));
}

function upgradeOrMistake(options: ConstructorParameters<typeof TlsUpgrade>[0], stateDir: string): TlsUpgrade {
  try {
    return new TlsUpgrade(options);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(
      `The certificates in ${stateDir} cannot be used by OpenSSL (${detail}).`,
      'Restore them from a backup, or empty the directory to start a new authority, which every node must be given.',
      1,
      { cause },
    );
  }
}
