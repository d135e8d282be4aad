/**
 * One TCP connection, from accept to FIN. It moves bytes and says what happened to them; what they mean is the
 * arbiter's business. After it was told to close, or has said that it is gone, it raises no event any more.
 */
import type { Socket } from 'node:net';
import type { PeerCertificate } from '../arbiter/events.ts';
import { SendQueue } from '../runtime/send-queue.ts';
import { socketReason } from './reasons.ts';
import type { TlsUpgrade } from './tls-upgrade.ts';

export interface LinkListener {
  bytes(bytes: Uint8Array): void;
  /** Comes before any byte that was encrypted. */
  secured(certificate: PeerCertificate | undefined): void;
  /** One of these ends a connection from outside; `gone` follows at once. */
  handshakeFailed(reason: string): void;
  /** The peer left or the connection broke. `finished`: its FIN was read. */
  gone(reason: string, finished: boolean): void;
  /** The socket is released; the last thing that is ever heard of this link. */
  released(): void;
}

export interface LinkOptions {
  /** How many messages may wait for a peer that does not read. */
  readonly sendMessagesMax: number;
  /** What TLS is started with, asked for when it is needed so that a reload counts; undefined if TLS is off. */
  readonly tlsUpgrade: () => TlsUpgrade | undefined;
}

/** How long a closed connection may take to send its last bytes and to hear the peer's FIN. */
const CLOSE_MS_MAX = 1_000;
const EOF = 'the peer closed the connection';

export class Link {
  readonly #plain: Socket;
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  readonly #queue: SendQueue;
  /** The socket that carries messages: the plain one, later the TLS socket over it. */
  #carrier: Socket;
  #phase: 'plain' | 'handshake' | 'secured' | 'closing' = 'plain';

  constructor(socket: Socket, options: LinkOptions, listener: LinkListener) {
    this.#plain = socket;
    this.#carrier = socket;
    this.#options = options;
    this.#listener = listener;
    this.#queue = new SendQueue(socket, options.sendMessagesMax);
    socket.once('close', () => {
      this.#lost('the connection is closed');
      listener.released();
    });
    this.#listen(socket);
  }

  /** Queues one frame; false if the queue is full and the frame was dropped. A closed link swallows it. */
  send(frame: Uint8Array): boolean {
    return this.#phase === 'closing' || this.#queue.add(frame);
  }

  /** Hands what was queued to the operating system. */
  flush(): void {
    if (this.#phase !== 'closing') this.#queue.flush();
  }

  /** Lets the peer's words wait in the kernel, and the peer with them. */
  pauseReading(): void {
    if (this.#phase !== 'closing') this.#carrier.pause();
  }

  resumeReading(): void {
    if (this.#phase !== 'closing') this.#carrier.resume();
  }

  /** Speaks TLS from here on; `alreadyRead` is the beginning of what the client says in it. */
  startTls(alreadyRead: Uint8Array): void {
    if (this.#phase === 'closing') return;
    const upgrade = this.#options.tlsUpgrade();
    if (this.#phase !== 'plain' || upgrade === undefined) {
      this.#fail('the client asked for TLS where it cannot be started');
      return;
    }
    this.#phase = 'handshake';
    this.#queue.hold();
    this.#plain.removeAllListeners('data');
    upgrade.start(this.#plain, alreadyRead, (result) => {
      if (this.#phase !== 'handshake') {
        result.secured?.destroy();
        return;
      }
      if (result.secured !== undefined) this.#carry(result.secured);
      if (!result.ok) {
        this.#fail(result.reason);
        return;
      }
      this.#phase = 'secured';
      this.#listener.secured(result.certificate);
      this.#listen(result.secured);
      this.#queue.resume(result.secured);
    });
  }

  /** Sends what is queued, close_notify and FIN as far as the peer lets it within a second; reads nothing any more. */
  close(): void {
    if (this.#phase === 'closing') return;
    this.#queue.flush();
    const midHandshake = this.#phase === 'handshake' && this.#carrier === this.#plain;
    this.#phase = 'closing';
    if (midHandshake) {
      this.#plain.destroy();
      return;
    }
    // Input is thrown away rather than left unread, which would turn the FIN into a reset that eats our last bytes.
    this.#carrier.removeAllListeners('data');
    this.#carrier.resume();
    this.#carrier.end();
    if (this.#plain.destroyed) return;
    const deadline = setTimeout(() => this.#plain.destroy(), CLOSE_MS_MAX);
    this.#plain.once('close', () => clearTimeout(deadline));
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#phase = 'closing';
    this.#plain.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => {
      if (this.#phase !== 'closing') this.#listener.bytes(bytes);
    });
    if (socket !== this.#plain) return;
    socket.on('error', (error) => this.#lost(socketReason(error)));
    socket.on('end', () => this.#lost(EOF));
  }

  /** From here on the TLS socket stands for the connection. */
  #carry(secured: Socket): void {
    this.#carrier = secured;
    secured.on('error', (error) => this.#lost(socketReason(error)));
    secured.on('end', () => this.#lost(EOF));
    secured.on('close', () => this.#plain.destroy());
  }

  #fail(reason: string): void {
    if (this.#phase === 'closing') return;
    this.#listener.handshakeFailed(reason);
    this.close();
    this.#listener.gone(`TLS handshake failed: ${reason}`, false);
  }

  #lost(reason: string): void {
    if (this.#phase === 'closing') return;
    if (this.#phase === 'handshake') {
      this.#fail('the client closed the connection during the handshake');
      return;
    }
    this.close();
    this.#listener.gone(reason, reason === EOF);
  }
}
