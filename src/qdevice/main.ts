/**
 * `qdevice run`: from options to a running daemon to an exit code. What goes wrong before the daemon runs is an
 * OperatorError for the command to print; afterwards the log tells, and the exit code.
 */
import { endingNotes, nodeCertificates } from '../certs/validity.ts';
import { connectCorosync } from '../corosync/connect.ts';
import { daily } from '../runtime/daily.ts';
import { isDetached, startDetached, tellStarter } from '../runtime/detach.ts';
import { OperatorError } from '../runtime/errors.ts';
import { createLog, type Log } from '../runtime/log.ts';
import type { LogSink } from '../runtime/log-aside.ts';
import { keepCodeReady } from '../runtime/ready-code.ts';
import { type ServiceManager, serviceManager } from '../runtime/service-manager.ts';
import { onSignals } from '../runtime/signals.ts';
import { qdeviceIpcReply } from '../status/qdevice-ipc.ts';
import { Daemon } from './daemon.ts';
import type { QdeviceOptions } from './options.ts';
import { SETTLE_TIMES, untilSettled } from './settled-corosync.ts';
import { wallClock } from './wall-clock.ts';

/** Longest that the end waits for a reader of the log. */
const LOG_FLUSH_MS_MAX = 300;

/** Runs until the daemon is told to stop, or until it has detached itself; the caller exits with the answer. */
export async function runQdevice(options: QdeviceOptions): Promise<number> {
  const detached = isDetached();
  if (!options.foreground && !detached) {
    await startDetached();
    return 0;
  }
  keepCodeReady();
  const { serviceName: ident, syslogDebugAsInfo: debugAsInfo } = options;
  process.title = ident;
  const target = options.foreground ? ({ kind: 'stdout' } as const) : ({ kind: 'syslog', ident, debugAsInfo } as const);
  const log = await createLog(options.debug ? 'debug' : 'info', target);
  dieOfDefects(log);
  try {
    return await runLogged(options, log, detached);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    if (!options.foreground) log.sink.fatal({}, error.message);
    if (!detached) throw error;
    await tellStarter(error);
    return error.exitCode;
  } finally {
    await log.flush(LOG_FLUSH_MS_MAX);
  }
}

async function runLogged(options: QdeviceOptions, log: Log, detached: boolean): Promise<number> {
  const stop = new AbortController();
  const { maxSendBytes } = options.localSocket;
  const clock = wallClock();
  warnOfEnds(options.stateDir, log.sink);
  const connect = () => connectCorosync({ maxTryAgain: options.corosyncTriesMax });
  onSignals({
    stop: (signal) => {
      log.sink.info({ askedBy: signal }, 'stopping');
      stop.abort();
    },
    reload: () =>
      log.sink.info(
        {},
        'nothing to do: the configuration comes from corosync, certificates are read again at each connection',
      ),
  });
  const code = await Daemon.run(
    options,
    {
      log: log.sink,
      setDebug: (debug) => {
        log.setLevel(debug ? 'debug' : 'info');
      },
      manager: tellingStarter(systemd(log), detached),
      connectCorosync: async () => {
        await untilSettled(connect, SETTLE_TIMES);
        return await connect();
      },
      answer: (line, snapshot, facts) => qdeviceIpcReply(line, { facts, snapshot, clock, maxSendBytes }),
    },
    stop.signal,
  );
  log.sink.info({ code }, 'stopped');
  return code;
}

function warnOfEnds(stateDir: string, sink: LogSink): void {
  daily(
    async () => {
      for (const note of endingNotes(await nodeCertificates(stateDir, new Date()))) sink.warn({ stateDir }, note);
    },
    (error) => sink.debug({ err: error, stateDir }, 'the ends of certificates could not be looked at'),
  );
}

function systemd({ sink }: Log): ServiceManager {
  return serviceManager(process.env, process.pid, (problem) => {
    sink.warn({ problem }, 'the service manager could not be told');
  });
}

/** Whoever started a daemon that has left its terminal is a service manager of a kind: it waits until it is ready. */
function tellingStarter(manager: ServiceManager, detached: boolean): ServiceManager {
  if (!detached) return manager;
  return {
    watchdogIntervalMs: manager.watchdogIntervalMs,
    ready: async (status) => {
      await Promise.all([manager.ready(status), tellStarter()]);
    },
    status: (text) => manager.status(text),
    stopping: () => manager.stopping(),
    alive: () => manager.alive(),
  };
}

/** An error that nobody expected leaves a state that nobody knows. */
function dieOfDefects(log: Log): void {
  process.on('uncaughtException', (error) => dieOf(error, log));
  process.on('unhandledRejection', (error) => dieOf(error, log));
}

function dieOf(err: unknown, log: Log): void {
  log.sink.fatal({ err }, 'a defect of this program: it ends, to be started clean by the service manager');
  // Not waiting for anything but the log. What is registered is taken back when the process exits.
  void log.flush(LOG_FLUSH_MS_MAX).then(() => process.exit(1));
}
