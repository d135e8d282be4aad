/** A node's end of the conversation on a real socket: frames out, frames in, TLS when a test says so. */
import net from 'node:net';
import tls from 'node:tls';
import { decodeBody } from '../../src/protocol/decode.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { FrameReader } from '../../src/protocol/frame-reader.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import type { Pair } from './certificates.ts';

export interface Answer {
  readonly name: MessageName;
  readonly options: OptionValues;
}

export interface ClientTls {
  readonly caPem: string;
  readonly pair?: Pair | undefined;
  readonly version?: tls.SecureVersion;
}

/** Long, as tests run beside others and with the lowest priority; only a failure takes it. */
const PATIENCE_MS = 60_000;

export class NodeClient {
  readonly plain: net.Socket;
  #carrier: net.Socket;
  readonly #reader = new FrameReader(1_000_000);
  readonly #answers: Answer[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #error: Error | undefined;

  static async connect(port: number, host = '127.0.0.1'): Promise<NodeClient> {
    const socket = net.connect({ port, host, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve();
      });
    });
    return new NodeClient(socket);
  }

  constructor(socket: net.Socket) {
    this.plain = socket;
    this.#carrier = socket;
    this.#listen(socket);
  }

  /** Undefined: closed by FIN, or still open. */
  get error(): Error | undefined {
    return this.#error;
  }

  get carrier(): net.Socket {
    return this.#carrier;
  }

  send(name: MessageName, options: OptionValues = {}): void {
    this.#carrier.write(encodeMessage(name, options));
  }

  write(bytes: Uint8Array): void {
    this.#carrier.write(bytes);
  }

  /** The next frame, or undefined if the server closed the connection before it. */
  async answer(): Promise<Answer | undefined> {
    await this.#until(() => this.#answers.length > 0 || this.#ended);
    return this.#answers.shift();
  }

  async ended(): Promise<void> {
    await this.#until(() => this.#ended);
  }

  /** Speaks TLS from here on; rejects with the handshake's error. */
  async secure({ caPem, pair, version }: ClientTls): Promise<tls.TLSSocket> {
    this.plain.removeAllListeners('data');
    const identity = pair === undefined ? {} : { cert: pair.certPem, key: pair.keyPem };
    const versions = version === undefined ? {} : { minVersion: version, maxVersion: version };
    // OpenSSL itself refuses to offer the old versions at its default level; the server is to be asked.
    const ciphers = version === 'TLSv1.1' ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {};
    const secured = tls.connect({
      socket: this.plain,
      ca: caPem,
      servername: 'Qnetd Server',
      checkServerIdentity: () => undefined,
      ...identity,
      ...versions,
      ...ciphers,
    });
    this.#carrier = secured;
    await new Promise<void>((resolve, reject) => {
      secured.once('error', reject);
      secured.once('close', () => reject(new Error('closed during the handshake')));
      secured.once('secureConnect', resolve);
    });
    this.#listen(secured);
    return secured;
  }

  destroy(): void {
    this.#carrier.destroy();
    this.plain.destroy();
  }

  #listen(socket: net.Socket): void {
    socket.on('data', (bytes: Buffer) => {
      this.#reader.push(bytes);
      for (let event = this.#reader.next(); event !== undefined; event = this.#reader.next()) {
        if (event.kind !== 'frame') throw new Error(`the server sent an unknown frame: ${event.code}`);
        const decoded = decodeBody(event.body);
        if (!decoded.ok) throw new Error(`the server sent a ${event.name} that cannot be decoded`);
        this.#answers.push({ name: event.name, options: decoded.options });
      }
      this.#wake?.();
    });
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(new Error('the server neither answered nor closed'));
        patience.addEventListener('abort', onAbort, { once: true });
        this.#wake = () => {
          patience.removeEventListener('abort', onAbort);
          resolve();
        };
      });
    }
  }
}
