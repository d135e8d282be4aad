/** The arbiter behind its real server on loopback, in this process, with its log lines kept. */
import { once } from 'node:events';
import type { Server } from 'node:net';
import { type AdmissionSettings, DEFAULT_ADMISSION_SETTINGS } from '../../src/arbiter/admission-settings.ts';
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import { Gate } from '../../src/arbiter/gate.ts';
import type { ArbiterSettings } from '../../src/arbiter/settings.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import type { ArbiterSnapshot, ClusterSnapshot } from '../../src/arbiter/snapshot.ts';
import { readPeerCertificate } from '../../src/certs/peer-certificate.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import { listen } from '../../src/qnetd/listen.ts';
import { type LogSink, ReportLog } from '../../src/qnetd/log-lines.ts';
import { memoryRecords } from '../../src/qnetd/records.ts';
import { QnetServer } from '../../src/qnetd/server.ts';
import { TlsUpgrade } from '../../src/qnetd/tls-upgrade.ts';
import { Authority, type Pair } from './certificates.ts';
import { NodeClient } from './node-client.ts';

export { initOptions } from './wire-options.ts';

export const CLUSTER = 'tst';
export const authority = new Authority();
export const serverPair = authority.issue({ commonName: 'Qnetd Server' });
export const clusterPair = authority.issue({ commonName: CLUSTER });

export interface KeptLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function keptLog(): { readonly lines: KeptLine[]; readonly sink: LogSink } {
  const lines: KeptLine[] = [];
  const keep = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...fields } });
  };
  const sink = {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    fatal: keep('fatal'),
  };
  return { lines, sink };
}

export interface RigWishes {
  readonly settings?: Partial<ArbiterSettings>;
  readonly admission?: Partial<AdmissionSettings>;
  readonly sendMessagesMax?: number;
  /** Of a rig that was stopped; none: any free one. */
  readonly port?: number;
  /** The certificate served; none: a good one. */
  readonly pair?: Pair;
}

export class Rig {
  readonly arbiter: Arbiter;
  readonly server: QnetServer;
  readonly lines: KeptLine[];
  readonly failures: unknown[] = [];
  readonly #clients: NodeClient[] = [];
  #listener: Server | undefined;
  #upgrade: TlsUpgrade;

  static async start(wishes: RigWishes = {}): Promise<Rig> {
    const rig = new Rig(wishes);
    rig.#listener = await listen(
      { address: '127.0.0.1', family: undefined, port: wishes.port ?? 0, backlog: 511 },
      (socket) => rig.server.accept(socket),
    );
    return rig;
  }

  private constructor({ settings, admission, sendMessagesMax = 32, pair = serverPair }: RigWishes) {
    const arbiterSettings = { ...DEFAULT_ARBITER_SETTINGS, ...settings };
    const { lines, sink } = keptLog();
    this.lines = lines;
    this.arbiter = new Arbiter(arbiterSettings);
    this.#upgrade = upgradeWith(pair, arbiterSettings.clientCertRequired);
    this.server = new QnetServer({
      core: new Gate(this.arbiter, { ...DEFAULT_ADMISSION_SETTINGS, ...admission }),
      nowMs: () => performance.now(),
      log: new ReportLog(sink),
      records: memoryRecords(),
      changed: () => undefined,
      sendMessagesMax,
      tlsUpgrade: () => this.#upgrade,
      failed: (error) => this.failures.push(error),
    });
  }

  get port(): number {
    const address = this.#listener?.address();
    if (address === null || address === undefined || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  use(upgrade: TlsUpgrade): void {
    this.#upgrade = upgrade;
  }

  snapshot(): ArbiterSnapshot {
    return this.arbiter.snapshot(performance.now());
  }

  cluster(): ClusterSnapshot | undefined {
    return this.snapshot().clusters.find(({ name }) => name === CLUSTER);
  }

  /** The lines at warn and above. */
  warnings(): KeptLine[] {
    return this.lines.filter(({ level }) => !['debug', 'info'].includes(level));
  }

  async connect(): Promise<NodeClient> {
    const client = await NodeClient.connect(this.port);
    this.#clients.push(client);
    return client;
  }

  /** Connected, PREINIT answered. */
  async introduced(cluster = CLUSTER): Promise<NodeClient> {
    const client = await this.connect();
    client.send('preinit', { msgSeqNumber: 1, clusterName: cluster });
    await expectAnswer(client, 'preinitReply');
    return client;
  }

  async secured(pair: Pair = clusterPair, cluster = CLUSTER): Promise<NodeClient> {
    const client = await this.introduced(cluster);
    client.send('startTls', { msgSeqNumber: 2 });
    await client.secure({ caPem: authority.certPem, pair });
    return client;
  }

  async stop(): Promise<void> {
    const listener = this.#listener;
    listener?.close();
    await this.server.stop();
    for (const client of this.#clients) client.destroy();
    if (listener?.listening === true) await once(listener, 'close');
  }
}

export function upgradeWith(pair: Pair, clientCertRequired = true): TlsUpgrade {
  const identity = { caPem: authority.certPem, ...pair };
  return new TlsUpgrade({ identity, clientCertRequired, readPeerCertificate });
}

export async function expectAnswer(client: NodeClient, name: string): Promise<OptionValues> {
  const answer = await client.answer();
  if (answer?.name !== name) throw new Error(`expected ${name}, got ${answer?.name ?? 'the end'}`);
  return answer.options;
}

/** Passes over everything else that comes before it. A connection that ends is a failure: waiting for it would never end. */
export async function awaitAnswer(client: NodeClient, name: string): Promise<OptionValues> {
  for (;;) {
    const answer = await client.answer();
    if (answer === undefined) throw new Error(`the connection ended before ${name} came`);
    if (answer.name === name) return answer.options;
  }
}
