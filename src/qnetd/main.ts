/**
 * `qnetd run`: from options to a running service to an exit code. What goes wrong before the service runs is an
 * OperatorError for the command to print; afterwards the log tells, and the exit code.
 */

import { renewServerIfEnding } from '../certs/renew-server.ts';
import { arbiterCertificates, endingNotes } from '../certs/validity.ts';
import { daily } from '../runtime/daily.ts';
import { isDetached, startDetached, tellStarter } from '../runtime/detach.ts';
import { OperatorError } from '../runtime/errors.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { keepCodeReady } from '../runtime/ready-code.ts';
import { serviceManager } from '../runtime/service-manager.ts';
import { onSignals } from '../runtime/signals.ts';
import type { QnetdOptions } from './options.ts';
import { Service } from './service.ts';

/** Longest that the end waits for a reader of the log. */
const LOG_FLUSH_MS_MAX = 300;

/** Runs until the service is told to stop, or until it has detached itself; the caller exits with the answer. */
export async function runQnetd(options: QnetdOptions): Promise<number> {
  const detached = isDetached();
  if (!options.foreground && !detached) {
    await startDetached();
    return 0;
  }
  keepCodeReady();
  const { serviceName, syslogDebugAsInfo, logLevel } = options;
  process.title = serviceName;
  const log = await createLog(
    logLevel,
    options.foreground ? { kind: 'stdout' } : { kind: 'syslog', ident: serviceName, debugAsInfo: syslogDebugAsInfo },
  );
  dieOfDefects(log);
  let isStopAsked = false;
  let askToStop = (_by: string): void => undefined;
  const stopAsked = new Promise<string>((resolve) => {
    askToStop = (by) => {
      isStopAsked = true;
      resolve(by);
    };
  });
  let reload = (): void => undefined;
  onSignals({ stop: (signal) => askToStop(signal), reload: () => reload() });
  try {
    const service = await Service.start(options, {
      log: log.sink,
      manager: serviceManager(process.env, process.pid, (problem) => {
        log.sink.warn({ problem }, 'the service manager could not be told');
      }),
      failed: (error) => dieOf(error, log),
      stopAsked: () => askToStop('the local socket'),
    });
    reload = () => void service.reload();
    if (options.arbiter.tls !== 'unsupported') keepCertificatesInView(options.stateDir, log, () => service.reload());
    if (detached) await tellStarter();
    log.sink.info({ askedBy: await stopAsked }, 'stopping');
    await service.stop();
    log.sink.info({}, 'stopped');
    return 0;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    if (isStopAsked && !detached) {
      // A program that the start waits for gets the signal too, and its end is no failure then.
      log.sink.info({ askedBy: await stopAsked, reason: error.message }, 'stopped before it served');
      return 0;
    }
    if (!options.foreground) log.sink.fatal({}, error.message);
    if (!detached) throw error;
    await tellStarter(error);
    return error.exitCode;
  } finally {
    await log.flush(LOG_FLUSH_MS_MAX);
  }
}

/** Its own certificates, and those that it has given to clusters. */
function keepCertificatesInView(stateDir: string, { sink }: Log, reload: () => Promise<void>): void {
  daily(
    async () => {
      if (await renewServerIfEnding(stateDir, new Date())) {
        sink.info({ stateDir }, 'the certificate of the arbiter was about to end, a new one was made');
        await reload();
      }
      for (const note of endingNotes(await arbiterCertificates(stateDir, new Date()))) sink.warn({ stateDir }, note);
    },
    // Whoever may not read them is told so where it matters.
    (error) => sink.debug({ err: error, stateDir }, 'the ends of certificates could not be looked at'),
  );
}

/** An error that nobody expected leaves a state that nobody knows. */
function dieOfDefects(log: Log): void {
  process.on('uncaughtException', (error) => dieOf(error, log));
  process.on('unhandledRejection', (error) => dieOf(error, log));
}

function dieOf(error: unknown, log: Log): void {
  log.sink.fatal({ err: error }, 'a defect of this program: it ends, to be started clean by the service manager');
  // Not waiting for anything but the log: whoever is connected sees the connection break.
  void log.flush(LOG_FLUSH_MS_MAX).then(() => process.exit(1));
}
