/**
 * The log: JSON lines on stdout, text for eyes when stdout is a terminal, and syslog by way of logger(1) for a daemon
 * that has left its terminal. Pretty printing is loaded only where it is used.
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { pino } from 'pino';
import { printable } from '../status/printable.ts';
import type { LineSink } from './line-sinks.ts';
import { DescriptorSink, LoggerSink, StreamSink, terminalDescriptor } from './line-sinks.ts';
import { type LogSink, logAside } from './log-aside.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type LogTarget =
  | { readonly kind: 'stdout' }
  | {
      readonly kind: 'syslog';
      readonly ident: string;
      /** Send debug lines with priority info, as upstream does with `-d -d`. */
      readonly debugAsInfo: boolean;
      /** Undefined: the system's own log socket. */
      readonly socketPath?: string;
    };

export interface Log {
  readonly sink: LogSink;
  setLevel(level: LogLevel): void;
  /** To be awaited before exit: resolved when every line is out, or at `limitMs` if nobody reads. */
  flush(limitMs: number): Promise<void>;
}

const STDOUT = 1;
const MESSAGE_CHARACTERS_MAX = 2_000;
/** syslog(3): facility daemon, and the severities of our levels. */
const DAEMON = 3 << 3;
const SEVERITY: Readonly<Record<string, number>> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 };

export async function createLog(level: LogLevel, target: LogTarget, pid = process.pid): Promise<Log> {
  const sink = target.kind === 'stdout' ? stdoutSink() : new LoggerSink(target.ident, pid, lostLine, target.socketPath);
  const format = await formatOf(target);
  const logger = pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    { write: (line: string) => writeQuietly(sink, format, line) },
  );
  const aside = logAside(logger);
  // Whichever way the process ends.
  process.once('exit', aside.drain);
  return {
    sink: aside.sink,
    setLevel: (wanted) => {
      aside.drain();
      logger.level = wanted;
    },
    flush: (limitMs) => {
      aside.drain();
      return sink.flush(limitMs);
    },
  };
}

/** A line that cannot be written is given up: whoever wanted to say it has more important things to go on with. */
function writeQuietly(sink: LineSink, format: (line: string) => string, line: string): void {
  try {
    sink.write(format(line));
  } catch {
    // There is nowhere left to tell it.
  }
}

function stdoutSink(): LineSink {
  const kind = fstatSync(STDOUT);
  if (kind.isFIFO() || kind.isSocket()) return new StreamSink(process.stdout, lostLine);
  return new DescriptorSink(terminalDescriptor(STDOUT), lostLine);
}

async function formatOf(target: LogTarget): Promise<(line: string) => string> {
  if (target.kind === 'stdout' && !isatty(STDOUT)) return (line) => line;
  const { prettyFactory } = await import('pino-pretty');
  if (target.kind === 'stdout') {
    const colorize = !('NO_COLOR' in process.env);
    return prettyFactory({ colorize, singleLine: true, messageFormat, translateTime: 'SYS:HH:MM:ss.l' });
  }
  const text = prettyFactory({ colorize: false, singleLine: true, messageFormat, ignore: 'time,level' });
  return (line) => `<${DAEMON | severityOf(line, target.debugAsInfo)}>${text(line).trimStart()}`;
}

/** Fields are written as JSON; the message alone could otherwise bring a line end or a terminal's commands. */
function messageFormat(line: Record<string, unknown>, messageKey: string): string {
  return printable(String(line[messageKey] ?? ''), MESSAGE_CHARACTERS_MAX);
}

function severityOf(line: string, debugAsInfo: boolean): number {
  const level = /^{"level":"(\w+)"/.exec(line)?.[1] ?? 'info';
  return SEVERITY[debugAsInfo && level === 'debug' ? 'info' : level] ?? 6;
}

/** Written in place of lines for which a stalled reader had left no room. */
function lostLine(count: number): string {
  const fields = { level: 'warn', time: new Date().toISOString(), lines: count };
  return `${JSON.stringify({ ...fields, msg: 'log lines were lost: nobody read them in time' })}\n`;
}
