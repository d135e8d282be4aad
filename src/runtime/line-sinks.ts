/**
 * Where log lines go. A reader that has stalled must not stall the daemon: what it does not take waits up to a limit,
 * then lines are dropped and counted. A line that could be written at once is with the kernel when write() returns, so
 * that nothing is lost by an exit.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { constants, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';

export interface LineSink {
  /** One line with its newline. */
  write(line: string): void;
  /** Resolved when everything is out, or at `limitMs`. */
  flush(limitMs: number): Promise<void>;
}

/** Some thousand lines. */
export const WAITING_BYTES_MAX = 4 * 1_024 * 1_024;
const RETRY_MS = 50;

/** For pipes and sockets, where Node.js writes without blocking. */
export class StreamSink implements LineSink {
  readonly #stream: Writable;
  readonly #lost: LostLines;
  readonly #waitingBytesMax: number;

  constructor(stream: Writable, lostLine: (count: number) => string, waitingBytesMax = WAITING_BYTES_MAX) {
    this.#stream = stream;
    this.#lost = new LostLines(lostLine);
    this.#waitingBytesMax = waitingBytesMax;
    // The reader is gone: nobody is left to tell, and a log is no reason to stop.
    stream.on('error', () => undefined);
  }

  write(line: string): void {
    if (this.#stream.destroyed) return;
    if (this.#stream.writableLength > this.#waitingBytesMax) {
      this.#lost.count += 1;
      return;
    }
    this.#stream.write(this.#lost.takeNotice() + line);
  }

  flush(limitMs: number): Promise<void> {
    if (this.#stream.destroyed || this.#stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.#stream.write('', () => {
        clearTimeout(limit);
        resolve();
      });
    });
  }
}

/** For files and terminals. */
export class DescriptorSink implements LineSink {
  readonly #fd: number;
  readonly #lost: LostLines;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(fd: number, lostLine: (count: number) => string) {
    this.#fd = fd;
    this.#lost = new LostLines(lostLine);
  }

  write(line: string): void {
    if (this.#waitingBytes > WAITING_BYTES_MAX) {
      this.#lost.count += 1;
      return;
    }
    const bytes = Buffer.from(this.#lost.takeNotice() + line);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#retry === undefined) this.#writeWaiting();
  }

  async flush(limitMs: number): Promise<void> {
    for (let waitedMs = 0; this.#waiting.length > 0 && waitedMs < limitMs; waitedMs += RETRY_MS) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #writeWaiting(): void {
    this.#retry = undefined;
    for (let bytes = this.#waiting[0]; bytes !== undefined; bytes = this.#waiting[0]) {
      const written = this.#tryWrite(bytes);
      this.#waitingBytes -= written;
      if (written === bytes.length) {
        this.#waiting.shift();
        continue;
      }
      this.#waiting[0] = bytes.subarray(written);
      this.#retry = setTimeout(() => this.#writeWaiting(), RETRY_MS).unref();
      return;
    }
  }

  /** A terminal that somebody stopped answers EAGAIN; on a full disk or a closed terminal the line is given up. */
  #tryWrite(bytes: Buffer): number {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'EAGAIN' ? 0 : bytes.length;
    }
  }
}

/** Feeds syslog through logger(1); Node.js has no Unix datagram sockets. */
export class LoggerSink implements LineSink {
  readonly #start: () => ChildProcess;
  readonly #lostLine: (count: number) => string;
  #sink: StreamSink | undefined;
  #startedAtMs = Number.NEGATIVE_INFINITY;

  constructor(ident: string, pid: number, lostLine: (count: number) => string, socketPath?: string) {
    const target = socketPath === undefined ? [] : ['--socket', socketPath];
    const args = ['--tag', ident, `--id=${pid}`, '--prio-prefix', '--size', '8KiB', ...target];
    this.#start = () => spawn('logger', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    this.#lostLine = lostLine;
  }

  write(line: string): void {
    if (this.#sink === undefined) this.#open();
    this.#sink?.write(line);
  }

  flush(limitMs: number): Promise<void> {
    return this.#sink?.flush(limitMs) ?? Promise.resolve();
  }

  /** A logger that ended is replaced, but one that cannot run is not tried with every line. */
  #open(): void {
    const nowMs = performance.now();
    if (nowMs - this.#startedAtMs < 10_000) return;
    this.#startedAtMs = nowMs;
    const child = this.#start();
    child.on('error', () => undefined);
    child.on('close', () => {
      this.#sink = undefined;
    });
    child.unref();
    // Typed as null where there is none, but without a free descriptor the program has no such member at all.
    if (child.pid !== undefined && child.stdin) this.#sink = new StreamSink(child.stdin, this.#lostLine);
  }
}

class LostLines {
  count = 0;
  readonly #notice: (count: number) => string;

  constructor(notice: (count: number) => string) {
    this.#notice = notice;
  }

  takeNotice(): string {
    if (this.count === 0) return '';
    const notice = this.#notice(this.count);
    this.count = 0;
    return notice;
  }
}

/** A descriptor for the terminal behind `fd` whose writes do not wait; the shell's own descriptor is left as it is. */
export function terminalDescriptor(fd: number): number {
  if (!isatty(fd)) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}
