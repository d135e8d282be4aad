/**
 * The node's daemon: everything that is opened at start, in order, and closed again at the end, whichever way it ends.
 * Nothing is registered with corosync before the whole configuration was found good, and a registration never outlives
 * the daemon: a device that is registered and silent makes the whole cluster wait at the next change.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CorosyncError } from '../corosync/errors.ts';
import type { Corosync, CorosyncListener } from '../corosync/port.ts';
import { memberAlgorithm } from '../member/algorithms/rules.ts';
import { Member } from '../member/member.ts';
import type { MemberSnapshot } from '../member/snapshot.ts';
import { OperatorError } from '../runtime/errors.ts';
import { type LocalAnswer, type LocalSocketServer, serveLocalSocket } from '../runtime/local-socket.ts';
import { takeLockFile } from '../runtime/lock-file.ts';
import type { ServiceManager } from '../runtime/service-manager.ts';
import { ServiceStatus } from '../runtime/service-status.ts';
import type { QdeviceFacts } from '../status/qdevice-facts.ts';
import { ArbiterLinks } from './arbiter-links.ts';
import { type Configuration, hasDevice, readConfiguration, rereadConfiguration } from './configuration.ts';
import { Credentials } from './credentials.ts';
import { Driver } from './driver.ts';
import { HeuristicsRunner } from './heuristics-runner.ts';
import { type LogSink, ReportLog } from './log-lines.ts';
import type { QdeviceOptions } from './options.ts';

export interface DaemonPorts {
  readonly log: LogSink;
  readonly setDebug: (debug: boolean) => void;
  readonly manager: ServiceManager;
  readonly connectCorosync: () => Promise<Corosync>;
  /** Answers a line on the local socket. */
  readonly answer: (line: string, snapshot: MemberSnapshot, facts: QdeviceFacts) => LocalAnswer;
}

/** Setup tools start the daemon a little before they write the section quorum.device. */
const DEVICE_WAIT_MS_MAX = 20_000;
const DEVICE_POLL_MS = 250;
/** Longest that the end waits for the service manager's program. */
const FAREWELL_MS_MAX = 400;
/** What makes a key worth reading the configuration again. */
const WATCHED = ['quorum.', 'nodelist.', 'logging.', 'totem.'];

export class Daemon {
  readonly #options: QdeviceOptions;
  readonly #ports: DaemonPorts;
  readonly #corosync: Corosync;
  readonly #member: Member;
  readonly #driver: Driver;
  readonly #links: ArbiterLinks;
  readonly #heuristics: HeuristicsRunner;
  readonly #status: ServiceStatus;
  readonly #reports: ReportLog;
  /** The exit code, settled by whatever ends the daemon first. */
  readonly #left: Promise<0 | 1>;
  #leave = (_code: 0 | 1): void => undefined;
  #localSocket: LocalSocketServer | undefined;
  #registered = false;
  #hasRing = false;
  #problem: string | undefined;

  private constructor(
    options: QdeviceOptions,
    ports: DaemonPorts,
    corosync: Corosync,
    credentials: Credentials,
    { settings, waitForAll }: Configuration,
  ) {
    this.#options = options;
    this.#ports = ports;
    this.#corosync = corosync;
    this.#left = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#reports = new ReportLog(ports.log);
    this.#member = new Member(settings, memberAlgorithm(settings.algorithm, settings.voteSafety, waitForAll));
    this.#links = new ArbiterLinks(options, credentials, () => this.#member.settings);
    this.#heuristics = new HeuristicsRunner({
      ...options.heuristics,
      done: (run, result) => this.#driver.feed({ kind: 'heuristicsDone', run, result }),
      failed: (command, reason) => this.#reports.heuristicsFailed(command, reason),
    });
    this.#status = new ServiceStatus({
      manager: ports.manager,
      line: () => statusLine(this.snapshot()),
      check: () => this.#driver.feed({ kind: 'tick', jitter: Math.random() }),
    });
    this.#driver = this.#makeDriver();
  }

  /**
   * Runs until the signal, or until there is no use in going on; the answer is the exit code. What cannot be started
   * is thrown as an OperatorError, and nothing is left open then.
   */
  static async run(options: QdeviceOptions, ports: DaemonPorts, stop: AbortSignal): Promise<0 | 1> {
    const lock = await takeLockFile(options.lockFile, process.pid);
    try {
      const corosync = await ports.connectCorosync();
      try {
        return await Daemon.#runOn(corosync, options, ports, stop);
      } catch (error) {
        throw error instanceof CorosyncError ? corosyncFailure(error) : error;
      } finally {
        corosync.close();
      }
    } finally {
      await lock.release();
    }
  }

  static async #runOn(
    corosync: Corosync,
    options: QdeviceOptions,
    ports: DaemonPorts,
    stop: AbortSignal,
  ): Promise<0 | 1> {
    await untilDevice(corosync, ports.log, stop);
    if (stop.aborted) return 0;
    const configuration = readConfiguration(corosync, options);
    const { stateDir: directory, certNickname: clusterNickname } = options;
    const credentials = new Credentials({ directory, clusterNickname, log: ports.log });
    if (configuration.settings.tls !== 'off') await credentials.current();
    const daemon = new Daemon(options, ports, corosync, credentials, configuration);
    return await daemon.#serve(configuration, stop);
  }

  snapshot(): MemberSnapshot {
    return this.#member.snapshot(performance.now());
  }

  async #serve(configuration: Configuration, stop: AbortSignal): Promise<0 | 1> {
    const { log } = this.#ports;
    const { settings } = configuration;
    const unregister = (): void => this.#corosync.unregister();
    const onStop = (): void => this.#driver.feed({ kind: 'stop' });
    // Even a process that dies of a defect takes its registration back.
    process.once('exit', unregister);
    try {
      this.#apply(configuration);
      await this.#open(configuration);
      const { host, port, algorithm, tls } = settings;
      log.info({ host, port, algorithm, tls, node: settings.nodeId, pid: process.pid }, 'registered with corosync');
      stop.addEventListener('abort', onStop);
      if (stop.aborted) onStop();
      return await this.#left;
    } finally {
      stop.removeEventListener('abort', onStop);
      await this.#close();
      process.off('exit', unregister);
    }
  }

  async #open({ deviceName, masterWins }: Configuration): Promise<void> {
    const { localSocket } = this.#options;
    this.#localSocket = await serveLocalSocket(
      localSocket,
      (line) => this.#ports.answer(line, this.snapshot(), this.#facts()),
      () => {
        this.#ports.log.info({}, 'the local socket asks this daemon to stop');
        this.#driver.feed({ kind: 'stop' });
      },
    );
    await this.#register(deviceName);
    this.#registered = true;
    this.#corosync.setMasterWins(masterWins);
    // No notification tells of the figure that holds already.
    const votes = this.#corosync.info(0)?.expectedVotes;
    if (votes !== undefined) this.#driver.feed({ kind: 'expectedVotes', votes });
    this.#corosync.track(this.#listener());
  }

  #facts(): QdeviceFacts {
    const { masterWins } = this.#options;
    return { registered: this.#registered, masterWins, configurationProblem: this.#problem };
  }

  /**
   * Corosync answers no question about a key while it synchronises, so the answer means that it does not. A device that
   * registers on a node in the moment in which the others first meet this node kills their corosync (3.1.7: assertion
   * sender_node != NULL in votequorum.c): they hear of the device before they hear of its node.
   */
  async #register(name: string): Promise<void> {
    this.#corosync.get('runtime.votequorum.this_node_id');
    try {
      await this.#corosync.register(name);
    } catch (cause) {
      if (!(cause instanceof CorosyncError)) throw cause;
      throw new OperatorError(
        `Corosync did not register the quorum device as "${name}" (${cause.message}).`,
        'Look into its log; every node of the cluster has to use the same votequorum_device_name.',
        1,
        { cause },
      );
    }
  }

  /** Corosync hears first that there is no device any more: a cluster may be waiting for its vote. */
  async #close(): Promise<void> {
    this.#driver.stop();
    this.#corosync.unregister();
    const farewell = this.#status.stopping();
    await this.#localSocket?.close();
    await Promise.all([this.#heuristics.close(), this.#links.released()]);
    await Promise.race([farewell, pause(FAREWELL_MS_MAX, undefined, { ref: false })]);
  }

  #makeDriver(): Driver {
    const { log } = this.#ports;
    return new Driver({
      core: this.#member,
      nowMs: () => performance.now(),
      ports: {
        connect: (link) => this.#links.open(link, this.#driver),
        castVote: (ringId, cast) => {
          const result = this.#corosync.castVote(ringId, cast);
          if (result !== 'ok') log.debug({ result, cast }, 'corosync did not take the vote now, which is no failure');
          return result === 'ok';
        },
        runHeuristics: (run, timeoutMs) => {
          this.#heuristics.start(run, this.#member.settings.heuristics.commands, timeoutMs);
        },
        abandonHeuristics: (run) => this.#heuristics.abandon(run),
        report: (report) => {
          this.#reports.report(report);
          this.#status.changed();
        },
        exit: (code) => this.#leave(code),
      },
      failed: (err) => {
        log.fatal({ err }, 'a defect of this program: it ends, to be started clean by the service manager');
        this.#leave(1);
      },
    });
  }

  #listener(): CorosyncListener {
    return {
      onNodeList: (ringId, nodeIds) => {
        // Readiness does not depend on the arbiter, which this event makes the core look for.
        if (!this.#hasRing) void this.#status.ready();
        this.#hasRing = true;
        this.#driver.feed({ kind: 'nodeList', ringId, nodeIds });
      },
      onQuorum: (quorate, nodes) => this.#driver.feed({ kind: 'quorum', quorate, nodes }),
      onExpectedVotes: (votes) => this.#driver.feed({ kind: 'expectedVotes', votes }),
      onKeysChanged: (keys) => {
        if (keys.some((key) => WATCHED.some((prefix) => key.startsWith(prefix)))) this.#reload();
      },
      onLost: (reason) => {
        this.#ports.log.fatal({ reason }, 'corosync is gone, so this daemon ends');
        this.#leave(1);
      },
    };
  }

  /** A configuration that is not good as a whole changes nothing. */
  #reload(): void {
    const { log } = this.#ports;
    const read = this.#read();
    if (read === undefined) return;
    const problem = 'problem' in read ? read.problem : algorithmProblem(read.configuration, this.#member);
    if (problem !== undefined) {
      if (problem !== this.#problem) log.error({ problem }, 'the configuration is wrong, this daemon goes on as it is');
      this.#problem = problem;
      return;
    }
    if ('problem' in read) return;
    this.#problem = undefined;
    this.#apply(read.configuration);
    log.info({ configVersion: read.configuration.settings.configVersion?.toString() }, 'configuration read again');
    this.#driver.feed({ kind: 'settings', settings: read.configuration.settings });
  }

  /** undefined: corosync is gone, which is told by itself. */
  #read(): ReturnType<typeof rereadConfiguration> | undefined {
    try {
      return rereadConfiguration(this.#corosync, this.#options);
    } catch (error) {
      if (!(error instanceof CorosyncError)) throw error;
      this.#ports.log.debug({ reason: error.message }, 'the configuration could not be read');
      return undefined;
    }
  }

  #apply({ debug, notes }: Configuration): void {
    this.#ports.setDebug(debug);
    for (const { level, text } of notes) this.#ports.log[level]({}, text);
  }
}

async function untilDevice(corosync: Corosync, log: LogSink, stop: AbortSignal): Promise<void> {
  if (hasDevice(corosync)) return;
  log.info({ waitMs: DEVICE_WAIT_MS_MAX }, 'no quorum.device in the configuration yet, waiting for it');
  const endMs = performance.now() + DEVICE_WAIT_MS_MAX;
  while (performance.now() < endMs && !stop.aborted) {
    await pause(DEVICE_POLL_MS, undefined, { signal: stop }).catch(() => undefined);
    if (hasDevice(corosync)) return;
  }
}

function corosyncFailure(cause: CorosyncError): OperatorError {
  return new OperatorError(`Corosync failed (${cause.message}).`, 'See whether it still runs, and its log.', 1, {
    cause,
  });
}

/** Which of the rules this daemon can follow is settled when it starts. */
function algorithmProblem({ settings }: Configuration, member: Member): string | undefined {
  if (settings.algorithm === member.settings.algorithm) return undefined;
  return `The algorithm changed from ${member.settings.algorithm} to ${settings.algorithm}: restart this daemon.`;
}

function statusLine({ settings, link, vote }: MemberSnapshot): string {
  const arbiter = `${settings.host}:${settings.port}`;
  return `${link === 'ready' ? 'connected to' : 'not connected to'} ${arbiter}, vote ${vote}`;
}
