/** Opens the attempts to reach the arbiter, and knows those that are closed and still send their last bytes. */
import type { LinkId } from '../member/events.ts';
import type { MemberSettings } from '../member/settings.ts';
import { ArbiterLink } from './arbiter-link.ts';
import type { Credentials } from './credentials.ts';
import { Dialler } from './dial.ts';
import type { Driver } from './driver.ts';
import type { QdeviceOptions } from './options.ts';
import type { LinkPort } from './run-effects.ts';

/** Of the core's limit for the whole attempt, so that its end still has words for what failed. */
const CONNECT_SHARE = 0.9;

export class ArbiterLinks {
  readonly #options: Pick<QdeviceOptions, 'serverName' | 'maxSendBuffers'>;
  readonly #credentials: Credentials;
  readonly #settings: () => MemberSettings;
  readonly #dialler = new Dialler();
  readonly #open = new Set<ArbiterLink>();

  constructor(
    options: Pick<QdeviceOptions, 'serverName' | 'maxSendBuffers'>,
    credentials: Credentials,
    settings: () => MemberSettings,
  ) {
    this.#options = options;
    this.#credentials = credentials;
    this.#settings = settings;
  }

  open(id: LinkId, driver: Driver): LinkPort {
    const { host, port, forceIpVersion, connectTimeoutMs, tls, clusterName } = this.#settings();
    const link = new ArbiterLink(
      {
        destination: { host, port, forceIpVersion },
        clusterName,
        connectMs: CONNECT_SHARE * connectTimeoutMs,
        sendMessagesMax: this.#options.maxSendBuffers,
        serverName: this.#options.serverName,
        credentials: tls === 'off' ? undefined : this.#credentials,
        dialler: this.#dialler,
      },
      {
        connected: () => driver.feed({ kind: 'connected', link: id }),
        bytes: (bytes) => driver.feed({ kind: 'bytes', link: id, bytes }),
        secured: (certificateSent) => driver.feed({ kind: 'secured', link: id, certificateSent }),
        ended: (cause, detail) => driver.disconnected(id, cause, detail),
      },
    );
    this.#open.add(link);
    void link.released.then(() => this.#open.delete(link));
    return link;
  }

  /** Resolved when every connection is gone; each has to be closed before. */
  async released(): Promise<void> {
    await Promise.all([...this.#open].map((link) => link.released));
  }
}
