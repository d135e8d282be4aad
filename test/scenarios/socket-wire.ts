/** The wire to a daemon: plain TCP to one port of 127.0.0.1, its local status socket, and real time. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Wire } from './wire.ts';

/** A daemon that says nothing for this long is stuck, and the test is better told than left waiting. */
const STUCK_MS = 30_000;
const LIST_TRIES = 250;

export interface DaemonAddress {
  readonly host: string;
  readonly port: number;
  /** Its local status socket. */
  readonly localSocket: string;
}

export class SocketWire implements Wire {
  readonly #daemon: DaemonAddress;

  constructor(daemon: DaemonAddress) {
    this.#daemon = daemon;
  }

  connect(): Promise<Connection> {
    return connectTo(this.#daemon);
  }

  async connectedNodes(cluster: string): Promise<number[]> {
    for (let attempt = 1; attempt <= LIST_TRIES; attempt += 1) {
      const list = await askLocalSocket(this.#daemon.localSocket, `list cluster "${cluster}" \n`);
      // Nothing at all: the daemon has its limit of status clients.
      if (!list.startsWith('OK\n')) await sleep(20);
      else return [...list.matchAll(/^ {4}Node ID (\d+):$/gm)].map((match) => Number(match[1]));
    }
    throw new Error(`the daemon does not list the nodes of ${cluster}`);
  }

  pass(ms: number): Promise<void> {
    return sleep(ms);
  }
}

/** One request of the line protocol; everything the daemon answers until it closes. */
export function askLocalSocket(path: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(path, () => socket.write(request));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

export function connectTo(address: { readonly host: string; readonly port: number }): Promise<SocketConnection> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...address, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(new SocketConnection(socket));
    });
  });
}

export class SocketConnection implements Connection {
  readonly #socket: net.Socket;
  readonly #localPort: number;
  #arrived: Buffer[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    this.#localPort = socket.localPort ?? 0;
    socket.on('data', (chunk) => {
      this.#arrived.push(chunk);
      this.#wake?.();
    });
    // A reset counts as a close; 'close' follows every error.
    socket.on('error', () => undefined);
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#closed = true;
        this.#wake?.();
      });
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Hands the socket over, for TLS to go on with. */
  release(): net.Socket {
    this.#socket.removeAllListeners('data');
    return this.#socket;
  }

  /** The port on our side: how a test finds this connection in the daemon's status. */
  get localPort(): number {
    return this.#localPort;
  }

  send(bytes: Uint8Array): void {
    if (!this.#closed) this.#socket.write(bytes);
  }

  drain(): Uint8Array {
    const bytes = Buffer.concat(this.#arrived);
    this.#arrived = [];
    return bytes;
  }

  async more(): Promise<void> {
    if (this.#arrived.length > 0 || this.#closed) return;
    await new Promise<void>((resolve, reject) => {
      const stuck = setTimeout(() => reject(new Error(`the daemon was silent for ${STUCK_MS} ms`)), STUCK_MS);
      this.#wake = () => {
        clearTimeout(stuck);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
    this.#wake?.();
  }

  freeze(): void {
    this.#socket.pause();
  }
}
