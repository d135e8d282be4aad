/**
 * One attempt to reach the arbiter, from the look-up of its name to FIN. It moves bytes and says what happened to them;
 * what they mean is the core's business. After it was told to close, or has said that it ended, it raises no event.
 */
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { certificateNamesCluster } from '../arbiter/certificate-name.ts';
import { readPeerCertificate } from '../certs/peer-certificate.ts';
import { SendQueue } from '../runtime/send-queue.ts';
import { printableName } from '../status/printable.ts';
import type { Credentials } from './credentials.ts';
import { type Destination, type Dialler, endpoint } from './dial.ts';
import { socketReason } from './reasons.ts';
import { startTls } from './tls-client.ts';
import { certificateMissing, refusedReason, type TlsContext } from './tls-reasons.ts';

export interface LinkListener {
  connected(): void;
  bytes(bytes: Uint8Array): void;
  secured(certificateSent: boolean): void;
  /** The attempt failed or the connection ended, from outside; `detail` is in words, or ''. */
  ended(cause: 'connectFailed' | 'arbiterClosed' | 'tlsFailed', detail: string): void;
}

export interface LinkOptions {
  readonly destination: Destination;
  readonly clusterName: string;
  /** From the start to a TCP connection. */
  readonly connectMs: number;
  /** How many messages may wait for an arbiter that does not read. */
  readonly sendMessagesMax: number;
  readonly serverName: string;
  /** undefined: TLS is off here. */
  readonly credentials: Credentials | undefined;
  readonly dialler: Dialler;
}

/** How long a closed connection may take to send its last bytes and to hear the arbiter's FIN. */
const CLOSE_MS_MAX = 1_000;

export class ArbiterLink {
  /** The socket is gone, or there never was one. */
  readonly released: Promise<void>;
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  readonly #dialling = new AbortController();
  #release = (): void => undefined;
  #plain: Socket | undefined;
  /** The socket that carries messages: the plain one, later the TLS socket over it. */
  #carrier: Socket | undefined;
  #queue: SendQueue | undefined;
  #phase: 'dialling' | 'plain' | 'handshake' | 'secured' | 'closing' = 'dialling';
  #tls: TlsContext | undefined;
  /** Something was heard since the connection took its present shape. */
  #heard = false;

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
    void this.#dial();
  }

  /** Queues one frame. A closed link swallows it. */
  send(frame: Uint8Array): void {
    if (this.#phase === 'closing' || this.#queue === undefined) return;
    if (this.#queue.add(frame)) return;
    // Not from inside the core's own turn.
    setImmediate(() => this.#end('arbiterClosed', 'it does not read what it is sent, so the connection was given up'));
  }

  /** Hands what was queued to the operating system. */
  flush(): void {
    if (this.#phase !== 'closing') this.#queue?.flush();
  }

  /** Speaks TLS from here on; `alreadyRead` is the beginning of what the arbiter says in it. */
  startTls(alreadyRead: Uint8Array): void {
    if (this.#phase !== 'plain' || this.#plain === undefined) return;
    this.#phase = 'handshake';
    this.#queue?.hold();
    this.#plain.removeAllListeners('data');
    this.#plain.pause();
    void this.#secure(this.#plain, alreadyRead);
  }

  /** Sends what is queued, close_notify and FIN as far as the arbiter lets it within a second; reads nothing any more. */
  close(): void {
    if (this.#phase === 'closing') return;
    this.#queue?.flush();
    const polite = this.#phase === 'plain' || this.#phase === 'secured';
    this.#phase = 'closing';
    this.#dialling.abort();
    const [plain, carrier] = [this.#plain, this.#carrier];
    if (plain === undefined || carrier === undefined) return;
    if (!polite) {
      plain.destroy();
      return;
    }
    // Input is thrown away rather than left unread, which would turn the FIN into a reset that eats our last bytes.
    carrier.removeAllListeners('data');
    carrier.resume();
    carrier.end();
    if (plain.destroyed) return;
    const deadline = setTimeout(() => plain.destroy(), CLOSE_MS_MAX);
    plain.once('close', () => clearTimeout(deadline));
  }

  async #dial(): Promise<void> {
    const { dialler, destination, connectMs, credentials } = this.#options;
    // Read while the name is looked up; what is wrong with them matters only if TLS is started.
    const looked = credentials?.current().catch(() => undefined);
    const dialled = await dialler.dial(destination, connectMs, this.#dialling.signal);
    await looked;
    if (!dialled.ok) {
      this.#release();
      this.#end('connectFailed', dialled.detail);
      return;
    }
    const { socket } = dialled;
    this.#plain = socket;
    this.#carrier = socket;
    socket.once('close', () => {
      this.#release();
      this.#lost('');
    });
    socket.on('error', (error) => this.#lost(socketReason(error)));
    if (this.#phase === 'closing') {
      socket.destroy();
      return;
    }
    this.#phase = 'plain';
    this.#queue = new SendQueue(socket, this.#options.sendMessagesMax);
    this.#listener.connected();
    socket.on('end', () => this.#lost(''));
    this.#listen(socket);
  }

  async #secure(plain: Socket, alreadyRead: Uint8Array): Promise<void> {
    const { credentials, serverName, destination } = this.#options;
    try {
      if (credentials === undefined) throw new Error('TLS is off here');
      const identity = await credentials.current();
      this.#tls = { identity, directory: credentials.directory, serverName, host: destination.host };
    } catch (error) {
      this.#end('tlsFailed', error instanceof Error ? error.message : String(error));
      return;
    }
    const context = this.#tls;
    if (this.#phase !== 'handshake') return;
    startTls(plain, alreadyRead, context, (result) => {
      if (this.#phase !== 'handshake') {
        if (result.ok) result.socket.destroy();
        return;
      }
      if (!result.ok) {
        this.#end('tlsFailed', result.detail);
        return;
      }
      const { socket, certificateSent } = result;
      this.#phase = 'secured';
      this.#carrier = socket;
      this.#heard = false;
      socket.on('error', (error) => {
        const refused = refusedReason(error, context);
        if (refused === undefined) this.#lost(socketReason(error));
        else this.#end('tlsFailed', refused);
      });
      socket.on('end', () => this.#lost(''));
      socket.on('close', () => plain.destroy());
      this.#queue?.resume(socket);
      this.#listener.secured(certificateSent);
      this.#listen(socket);
    });
  }

  #listen(socket: Socket): void {
    if (this.#phase === 'closing') return;
    socket.on('data', (bytes: Buffer) => {
      this.#heard = true;
      if (this.#phase !== 'closing') this.#listener.bytes(bytes);
    });
    socket.resume();
  }

  #lost(detail: string): void {
    if (this.#phase === 'handshake') this.#end('tlsFailed', detail || 'it closed the connection during the handshake');
    else this.#end('arbiterClosed', detail || this.#silenceReason());
  }

  #end(cause: 'connectFailed' | 'arbiterClosed' | 'tlsFailed', detail: string): void {
    if (this.#phase === 'closing') return;
    this.close();
    this.#listener.ended(cause, detail);
  }

  /** An arbiter that closes without a word dislikes something that it was told just before. */
  #silenceReason(): string {
    if (this.#heard) return '';
    const { destination, clusterName } = this.#options;
    if (this.#tls === undefined) {
      const where = endpoint(destination.host, destination.port);
      return `before it said anything; check that ${where} is the arbiter, and its limit of clients`;
    }
    const { pair } = this.#tls.identity;
    if (pair === undefined) return `right after INIT; ${certificateMissing(this.#tls)}`;
    const { raw, validFrom, validTo } = new X509Certificate(pair.certPem);
    const names = readPeerCertificate(raw);
    if (certificateNamesCluster(names, clusterName)) {
      return `right after INIT; its log says why (the certificate of this node is valid from ${validFrom} to ${validTo})`;
    }
    const name = printableName(names.commonName ?? 'nobody');
    return `right after INIT; the certificate of this node is for ${name}, not for the cluster ${printableName(clusterName)}: set up the quorum device again`;
  }
}
