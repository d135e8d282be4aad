/**
 * Descriptors that no connection may take. Anybody who reaches the port can open connections, without a certificate;
 * if they took every descriptor, neither the status tool could be answered nor the service manager be told that the
 * service lives, and it would be killed with every client that it serves.
 */
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import type { LogSink } from './log-lines.ts';

/** Where the limit is so low that the reserve would leave nothing, connections get this share of it. */
const CONNECTIONS_SHARE_MIN = 1 / 4;
const TOLD_AGAIN_AFTER_MS = 60_000;

/** The limit of open files of this process; undefined: it has none, or the system does not tell. */
export async function descriptorLimit(): Promise<number | undefined> {
  return softLimitIn(await readFile('/proc/self/limits', 'latin1').catch(() => ''));
}

/** From a line like `Max open files            1024                 524288               files` (proc(5)). */
export function softLimitIn(limits: string): number | undefined {
  const soft = /^Max open files +(\d{1,15}) /m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

export function connectionsMaxOf(limit: number, reserved: number): number {
  return Math.max(limit - reserved, Math.floor(limit * CONNECTIONS_SHARE_MIN));
}

export interface ReserveOptions {
  /** Undefined: no connection is refused. */
  readonly limit: number | undefined;
  readonly reserved: number;
  readonly log: Pick<LogSink, 'warn'>;
  readonly nowMs: () => number;
}

/** Closes what comes to `listener` beyond the limit at once, and says so at most once a minute. */
export function keepReserve(listener: Server, { limit, reserved, log, nowMs }: ReserveOptions): void {
  if (limit === undefined) return;
  const connectionsMax = connectionsMaxOf(limit, reserved);
  let refused = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  listener.maxConnections = connectionsMax;
  listener.on('drop', () => {
    refused += 1;
    if (nowMs() - toldAtMs < TOLD_AGAIN_AFTER_MS) return;
    log.warn(
      { refused, connectionsMax, openFilesLimit: limit },
      'connections refused, the rest of the open files is kept for the service itself; ' +
        'see who connects with: ss -tnp, or raise LimitNOFILE= of the unit (ulimit -n)',
    );
    refused = 0;
    toldAtMs = nowMs();
  });
}
