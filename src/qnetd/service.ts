/** The arbiter as a service: everything that is opened at start, in order, and closed again at the end. */
import type { Server } from 'node:net';
import type { AdmissionSettings } from '../arbiter/admission-settings.ts';
import { ALGORITHMS } from '../arbiter/algorithms/all.ts';
import { Arbiter } from '../arbiter/arbiter.ts';
import { Gate } from '../arbiter/gate.ts';
import type { Records } from '../arbiter/safety/guards.ts';
import { type LocalAnswer, type LocalSocketServer, serveLocalSocket } from '../runtime/local-socket.ts';
import { type LockFile, takeLockFile } from '../runtime/lock-file.ts';
import type { ServiceManager } from '../runtime/service-manager.ts';
import { ServiceStatus } from '../runtime/service-status.ts';
import type { ServerFacts } from '../status/facts.ts';
import { ipcReply } from '../status/ipc-reply.ts';
import { ipcRequest } from '../status/ipc-request.ts';
import { ipcWords } from '../status/ipc-words.ts';
import { counted } from '../status/text-layout.ts';
import { connectionsMaxOf, descriptorLimit, keepReserve } from './descriptor-reserve.ts';
import { listen } from './listen.ts';
import { type LogSink, ReportLog } from './log-lines.ts';
import { type QnetdOptions, recordDirOf } from './options.ts';
import { loadRecords, recordsIn } from './records.ts';
import { ServedIdentity } from './served-identity.ts';
import { QnetServer } from './server.ts';

export interface ServicePorts {
  readonly log: LogSink;
  readonly manager: ServiceManager;
  /** The arbiter failed: the process has to end. */
  readonly failed: (error: unknown) => void;
  /** The local socket was asked to stop the service. */
  readonly stopAsked: () => void;
}

/** Longest that the end waits for the service manager's program. */
const FAREWELL_MS_MAX = 400;

export class Service {
  readonly #options: QnetdOptions;
  readonly #ports: ServicePorts;
  readonly #arbiter: Arbiter;
  readonly #gate: Gate;
  readonly #admission: AdmissionSettings;
  readonly #fileLimit: number | undefined;
  readonly #server: QnetServer;
  readonly #status: ServiceStatus;
  readonly #lock: LockFile;
  #identity: ServedIdentity | undefined;
  #localSocket: LocalSocketServer | undefined;
  #listener: Server | undefined;

  /** Opens everything and tells the service manager; on failure nothing is left open. */
  static async start(options: QnetdOptions, ports: ServicePorts): Promise<Service> {
    const lock = await takeLockFile(options.lockFile, process.pid);
    // Nobody else writes them from here on.
    const isStrict = options.arbiter.voteSafety === 'strict';
    const byCluster = isStrict ? await loadRecords(recordDirOf(options), ports.log) : new Map();
    const service = new Service(
      options,
      ports,
      lock,
      { byCluster, startedAtMs: performance.now() },
      await descriptorLimit(),
    );
    try {
      await service.#open();
    } catch (error) {
      await service.#close();
      throw error;
    }
    return service;
  }

  private constructor(
    options: QnetdOptions,
    ports: ServicePorts,
    lock: LockFile,
    records: Records,
    fileLimit: number | undefined,
  ) {
    this.#options = options;
    this.#ports = ports;
    this.#lock = lock;
    this.#arbiter = new Arbiter(options.arbiter, ALGORITHMS, records);
    const connectionsMax =
      fileLimit === undefined ? undefined : connectionsMaxOf(fileLimit, options.reservedDescriptors);
    this.#admission = { ...options.admission, connectionsMax };
    this.#gate = new Gate(this.#arbiter, this.#admission);
    this.#fileLimit = fileLimit;
    this.#server = new QnetServer({
      core: this.#gate,
      nowMs: () => performance.now(),
      log: new ReportLog(ports.log),
      records: recordsIn(recordDirOf(options)),
      changed: () => this.#status.changed(),
      sendMessagesMax: options.maxSendBuffers,
      tlsUpgrade: () => this.#identity?.upgrade,
      failed: ports.failed,
    });
    this.#status = new ServiceStatus({
      manager: ports.manager,
      line: () => {
        const { clients, clusters } = this.#arbiter.counts();
        return `${counted(clients, 'client')} in ${counted(clusters, 'cluster')}`;
      },
      check: () => this.#server.tick(),
    });
  }

  /** Reads the certificates again. */
  async reload(): Promise<void> {
    if (this.#identity === undefined) this.#ports.log.info({}, 'TLS is off, there are no certificates to reload');
    else await this.#identity.reload();
  }

  async stop(): Promise<void> {
    const farewell = this.#status.stopping();
    await this.#close();
    await Promise.race([farewell, new Promise((resolve) => setTimeout(resolve, FAREWELL_MS_MAX).unref())]);
  }

  async #open(): Promise<void> {
    const { arbiter, stateDir, certNickname, localSocket } = this.#options;
    const { log, stopAsked } = this.#ports;
    if (arbiter.tls !== 'unsupported') {
      const { clientCertRequired } = arbiter;
      const revoked = (fingerprints: ReadonlySet<string>) => this.#server.revoke(fingerprints);
      this.#identity = await ServedIdentity.open({ stateDir, certNickname, clientCertRequired, log, revoked });
    }
    // A status that answers says that the arbiter can be reached: health checks and scripts that wait rely on it.
    this.#listener = await this.#listen();
    this.#localSocket = await serveLocalSocket(localSocket, (line) => this.#answer(line), stopAsked);
    log.info({ ...this.#facts(), localSocket: localSocket.path, pid: process.pid }, 'serving');
    await this.#status.ready();
  }

  /** The other way round, and what tells clients that it is over first. */
  async #close(): Promise<void> {
    await this.#localSocket?.close();
    this.#listener?.close();
    await this.#server.stop();
    await this.#lock.release();
  }

  async #listen(): Promise<Server> {
    const { listenAddress, family, port, listenBacklog } = this.#options;
    const where = { address: listenAddress, family, port, backlog: listenBacklog };
    const listener = await listen(where, (socket) => this.#server.accept(socket));
    keepReserve(listener, {
      limit: this.#fileLimit,
      reserved: this.#options.reservedDescriptors,
      log: this.#ports.log,
      nowMs: () => performance.now(),
    });
    listener.on('error', (error) => {
      this.#ports.log.error(
        { reason: error.message },
        'a connection could not be accepted; see the limit of open files',
      );
    });
    return listener;
  }

  #answer(line: string): LocalAnswer {
    const { maxSendBytes } = this.#options.localSocket;
    const nowMs = performance.now();
    const reply = ipcReply(ipcRequest(ipcWords(line)), {
      server: { ...this.#facts(), admission: { limits: this.#admission, counts: this.#gate.counts(nowMs) } },
      snapshot: this.#arbiter.snapshot(nowMs),
      timeBefore: (agoMs) => new Date(Date.now() - agoMs).toISOString(),
      maxSendBytes,
    });
    if (reply.tooLong) {
      this.#ports.log.warn({ maxSendBytes }, 'an answer was too long for the local socket, raise ipc_max_send_size');
    }
    if (reply.reload === true) void this.reload();
    if (reply.release !== undefined) this.#server.release(reply.release.cluster, reply.release.nodeId);
    return reply;
  }

  #facts(): ServerFacts {
    const { listenAddress, port } = this.#options;
    const { tls, clientCertRequired, maxClients, maxSendBytes, maxReceiveBytes, voteSafety } = this.#options.arbiter;
    const address = `${listenAddress ?? '*'}:${port}`;
    const { maxReceiveBytesBeforeTls, clusterNodesMax } = this.#options.arbiter;
    const limits = {
      receiveBytesBeforeTlsMax: Math.min(maxReceiveBytesBeforeTls, maxReceiveBytes),
      nodesPerClusterMax: clusterNodesMax,
      messagesWaitingMax: this.#options.maxSendBuffers,
      reservedDescriptors: this.#options.reservedDescriptors,
    };
    const { slowReaders } = this.#server;
    return {
      address,
      tls,
      clientCertRequired,
      maxClients,
      maxSendBytes,
      maxReceiveBytes,
      voteSafety,
      limits,
      slowReaders,
    };
  }
}
