/**
 * From a host's name to a TCP connection: every address in turn, each with its share of the time. The resolver runs in
 * one of the few threads that Node.js shares among all its work, and cannot be called off; so there is never more than
 * one look-up out for the same name, however often a connection is tried while no name server answers.
 */
import type { LookupAddress } from 'node:dns';
import { ADDRCONFIG, promises as dns } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { connectReason, lookupReason } from './reasons.ts';

export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly forceIpVersion: 0 | 4 | 6;
}

export type Dialled =
  | { readonly ok: true; readonly socket: Socket }
  /** In words. Nobody is told anything after the signal. */
  | { readonly ok: false; readonly detail: string };

type Lookup = (host: string, family: 0 | 4 | 6) => Promise<readonly string[]>;

const ADDRESSES_MAX = 16;
/** Even the last of many addresses gets this long. */
const SHARE_MS_MIN = 100;

export class Dialler {
  readonly #lookup: Lookup;
  readonly #out = new Map<string, Promise<readonly string[]>>();

  constructor(lookup: Lookup = systemLookup) {
    this.#lookup = lookup;
  }

  /** Never rejects. The socket has no listeners and is paused. */
  async dial(destination: Destination, budgetMs: number, signal: AbortSignal): Promise<Dialled> {
    const endMs = performance.now() + budgetMs;
    const { host, port } = destination;
    const found = await before(endMs, signal, this.#addressesOf(destination));
    if (!found.ok) {
      const reason = found.reason ?? `no answer from the resolver within ${Math.round(budgetMs)} ms`;
      return { ok: false, detail: `the name ${host} cannot be resolved (${reason}); check quorum.device.net.host` };
    }
    const failures: string[] = [];
    for (const [index, address] of found.value.entries()) {
      if (signal.aborted) break;
      const left = found.value.length - index;
      const shareMs = Math.max(SHARE_MS_MIN, (endMs - performance.now()) / left);
      const outcome = await connectTo(address, port, shareMs, signal);
      if (typeof outcome !== 'string') return { ok: true, socket: outcome };
      failures.push(`${endpoint(address, port)} ${outcome}`);
    }
    const remedy = `check that the arbiter runs there and that TCP port ${port} is open`;
    return { ok: false, detail: `${failures.join(', ')}; ${remedy}` };
  }

  async #addressesOf({ host, forceIpVersion: family }: Destination): Promise<readonly string[]> {
    const version = isIP(host);
    if (version !== 0) {
      if (family === 0 || family === version) return [host];
      throw new Error(`it is no IPv${family} address, which force_ip_version asks for`);
    }
    const key = `${family} ${host}`;
    const running = this.#out.get(key);
    if (running !== undefined) return await running;
    const started = this.#lookup(host, family).finally(() => this.#out.delete(key));
    this.#out.set(key, started);
    return (await started).slice(0, ADDRESSES_MAX);
  }
}

/** As printed for people: an IPv6 address in brackets. */
export function endpoint(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Only families that this host has, in the resolver's order. */
async function systemLookup(host: string, family: 0 | 4 | 6): Promise<readonly string[]> {
  const found: LookupAddress[] = await dns.lookup(host, { all: true, family, hints: ADDRCONFIG, verbatim: true });
  return found.map(({ address }) => address);
}

/** What is late is forgotten, not ended. */
async function before<T>(endMs: number, signal: AbortSignal, work: Promise<T>) {
  let giveUp = (): void => undefined;
  const late = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
  });
  const timer = setTimeout(giveUp, Math.max(0, endMs - performance.now()));
  signal.addEventListener('abort', giveUp);
  try {
    const done = work.then(
      (value) => ({ ok: true, value }) as const,
      (error: unknown) => ({ ok: false, reason: lookupReason(error) }) as const,
    );
    return (await Promise.race([done, late])) ?? ({ ok: false, reason: undefined } as const);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** The socket, or why not. */
function connectTo(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true });
    const settle = (outcome: Socket | string): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      socket.removeAllListeners();
      if (typeof outcome === 'string') {
        socket.on('error', () => undefined); // one may still be on its way
        socket.destroy();
      }
      resolve(outcome);
    };
    const abandon = (): void => settle('was given up');
    const timer = setTimeout(() => settle(`did not answer within ${Math.round(timeoutMs)} ms`), timeoutMs);
    signal.addEventListener('abort', abandon);
    socket.once('error', (error) => settle(connectReason(error)));
    socket.once('connect', () => settle(socket.pause()));
  });
}
