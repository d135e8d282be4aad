/**
 * A log that is written when nobody waits. Between the report of a cut and the vote for it lie a handful of turns of the
 * event loop in several processes; a line that is put together and handed to the kernel in between makes each of them
 * longer. So lines wait for a moment, in their order; what is fatal is written at once, with all that waits before it.
 */
export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** The part of a pino logger that is needed here. */
export type LogSink = Readonly<Record<Level, (fields: object, message: string) => void>>;

export interface AsideLog {
  readonly sink: LogSink;
  /** Writes everything that waits. */
  drain(): void;
}

/** Longer than both phases of a decision take. */
const QUIET_MS = 10;
/** Beyond, lines are written as they come: a flood must not pile up here. */
const WAITING_MAX = 1_000;

export function logAside(logger: LogSink): AsideLog {
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  const drain = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const lines = waiting;
    waiting = [];
    for (const write of lines) write();
  };
  const later = (level: Level) => (fields: object, message: string) => {
    waiting.push(() => logger[level](fields, message));
    if (level === 'fatal' || waiting.length >= WAITING_MAX) drain();
    else timer ??= setTimeout(drain, QUIET_MS);
  };
  return {
    sink: {
      debug: later('debug'),
      info: later('info'),
      warn: later('warn'),
      error: later('error'),
      fatal: later('fatal'),
    },
    drain,
  };
}
