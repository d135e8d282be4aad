/** A cluster of the lab: real corosync and a qdevice daemon, Debian's or ours, on each of its hosts. */
import type { TieBreaker } from './expected.ts';
import type { Host } from './host.ts';
import type { NodeProgram, NodePrograms } from './node-program.ts';
import type { CommandResult, Daemon } from './processes.ts';
import { until } from './wait.ts';
import { Watch } from './watch.ts';

const COROSYNC = 'corosync';
const QDEVICE = 'qdevice';
const ALGORITHM = 'ffsplit';
const ANSWER_DEADLINE_MS = 20_000;
/** Unless a cluster wants another: after this long without a word from qdevice votequorum drops its vote. */
export const DEVICE_TIMEOUT_MS = 3000;
/** The token is lost after this, however many nodes there are (coefficient 0); a new membership forms 1.2 times as long after. */
const TOKEN_MS = 1000;
/** As upstream's defaults have it; corosync gives up on a device that is silent for so long in a new membership. */
const SYNC_IN_TIMEOUTS = 3;
const SYNC_TIMEOUT_MS_MIN = 10_000;
/** The shortest that both programs accept. */
const HEURISTICS_MS = 1000;

export interface ClusterSettings {
  readonly tieBreaker: TieBreaker;
  readonly keepActivePartition: boolean;
  /** A command that says whether a node is well; empty: heuristics are off. */
  readonly heuristics: string;
  /** `quorum.device.timeout`; the heartbeat to the arbiter is 0.8 of it. */
  readonly deviceTimeoutMs?: number;
  readonly algorithm?: 'ffsplit' | 'lms' | '2nodelms';
  /** Between two looks at a node; a measurement wants fewer of them than a safety check. */
  readonly watchSeconds?: number;
}

export class Cluster {
  readonly name: string;
  readonly watch: Watch;
  readonly #nodes: Map<number, Host>;
  readonly #programs: NodePrograms;
  readonly #arbiterAddress: string;
  #settings: ClusterSettings;
  #configVersion = 1;

  constructor(
    name: string,
    nodes: ReadonlyMap<number, Host>,
    programs: NodePrograms,
    arbiterAddress: string,
    settings: ClusterSettings,
  ) {
    this.name = name;
    this.watch = new Watch(nodes, settings.watchSeconds);
    this.#nodes = new Map(nodes);
    this.#programs = programs;
    this.#arbiterAddress = arbiterAddress;
    this.#settings = settings;
    this.#writeConfiguration();
  }

  get nodes(): ReadonlyMap<number, Host> {
    return this.#nodes;
  }

  get settings(): ClusterSettings {
    return this.#settings;
  }

  get nodeIds(): number[] {
    return [...this.#nodes.keys()];
  }

  host(nodeId: number): Host {
    const host = this.#nodes.get(nodeId);
    if (host === undefined) throw new Error(`${this.name} has no node ${nodeId}`);
    return host;
  }

  /** Cold start, all nodes at once. */
  async start(): Promise<void> {
    await Promise.all(this.nodeIds.map((node) => this.startNode(node)));
  }

  async startNode(nodeId: number): Promise<void> {
    await this.startCorosync(nodeId);
    await this.startQdevice(nodeId);
  }

  /** Resolves when corosync answers, as qdevice gives up on one that does not. */
  async startCorosync(nodeId: number): Promise<void> {
    const startedMs = Date.now();
    const daemon = await this.host(nodeId).start(COROSYNC, ['corosync', '-f']);
    await until(
      `corosync answers on node ${nodeId} of ${this.name}`,
      () => {
        if (!daemon.running) throw new Error(`corosync ended with ${daemon.outcome}\n${this.host(nodeId).logTails()}`);
        return this.watch.newest(nodeId, startedMs)?.reading === undefined ? 'no answer' : undefined;
      },
      { deadlineMs: ANSWER_DEADLINE_MS },
    );
  }

  async startQdevice(nodeId: number): Promise<void> {
    await this.host(nodeId).start(QDEVICE, this.program(nodeId).daemon);
  }

  /** A daemon that has to end by itself. */
  runQdevice(nodeId: number): Promise<CommandResult> {
    return this.host(nodeId).tryExec(...this.program(nodeId).daemon);
  }

  program(nodeId: number): NodeProgram {
    return this.#programs(nodeId);
  }

  qdevice(nodeId: number): Daemon {
    return this.host(nodeId).daemon(QDEVICE);
  }

  /** Debian's own status tool serves both programs: the socket and its text are part of the contract. */
  qdeviceTool(nodeId: number, ...args: readonly string[]): Promise<CommandResult> {
    return this.host(nodeId).tryExec('/usr/sbin/corosync-qdevice-tool', ...args);
  }

  /** corosync alone dies; its clients see their connections end. */
  async killCorosync(nodeId: number): Promise<void> {
    await this.host(nodeId).daemon(COROSYNC).stop('SIGKILL');
  }

  /** corosync alone stands still; whoever asks it something stands still with it. */
  freezeCorosync(nodeId: number): void {
    this.host(nodeId).daemon(COROSYNC).freeze();
  }

  thawCorosync(nodeId: number): void {
    this.host(nodeId).daemon(COROSYNC).thaw();
  }

  async stopQdevice(nodeId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.host(nodeId).daemon(QDEVICE).stop(signal);
  }

  freezeQdevice(nodeId: number): void {
    this.host(nodeId).daemon(QDEVICE).freeze();
  }

  thawQdevice(nodeId: number): void {
    this.host(nodeId).daemon(QDEVICE).thaw();
  }

  /** qdevice reads its settings once and the arbiter wants one tie-breaker per cluster: all stop before the first starts. */
  async reconfigure(changes: Partial<ClusterSettings>): Promise<void> {
    await Promise.all(this.nodeIds.map((node) => this.stopQdevice(node, 'SIGTERM')));
    await this.reload(changes);
    await Promise.all(this.nodeIds.map((node) => this.startQdevice(node)));
  }

  /** A new configuration file on every node, then the word to all corosyncs to read it. */
  async reload(changes: Partial<ClusterSettings>): Promise<void> {
    this.#settings = { ...this.#settings, ...changes };
    this.#configVersion += 1;
    this.#writeConfiguration();
    const [first = 0] = this.nodeIds;
    await this.host(first).exec('corosync-cfgtool', '-R');
  }

  /** The others learn of a new node by a reload; it has its certificates and is not started yet. */
  async addNode(nodeId: number, host: Host): Promise<void> {
    this.#nodes.set(nodeId, host);
    this.watch.follow(nodeId, host);
    await this.reload({});
  }

  #writeConfiguration(): void {
    for (const host of this.#nodes.values()) {
      host.write('/etc/corosync/corosync.conf', this.#configuration(host.logPath('corosync-log')));
    }
  }

  #configuration(logFile: string): string {
    const nodes = [...this.#nodes].map(([nodeId, { name, address }]) =>
      section('node', { name, nodeid: nodeId, quorum_votes: 1, ring0_addr: address }),
    );
    const net = section('net', {
      host: this.#arbiterAddress,
      tls: 'required',
      algorithm: this.#settings.algorithm ?? ALGORITHM,
      tie_breaker: this.#settings.tieBreaker,
      keep_active_partition_tie_breaker: this.#settings.keepActivePartition ? 'on' : 'off',
    });
    const inner = this.#settings.heuristics === '' ? [net] : [net, heuristicsSection(this.#settings.heuristics)];
    const timeout = this.#settings.deviceTimeoutMs ?? DEVICE_TIMEOUT_MS;
    const syncTimeout = Math.max(SYNC_TIMEOUT_MS_MIN, SYNC_IN_TIMEOUTS * timeout);
    const device = { model: 'net', votes: 1, timeout, sync_timeout: syncTimeout };
    return [
      section('totem', {
        version: 2,
        cluster_name: this.name,
        config_version: this.#configVersion,
        transport: 'knet',
        crypto_cipher: 'none',
        crypto_hash: 'none',
        token: TOKEN_MS,
        token_coefficient: 0,
      }),
      section('nodelist', {}, nodes),
      section('quorum', { provider: 'corosync_votequorum' }, [section('device', device, inner)]),
      section('system', { allow_knet_handle_fallback: 'yes', sched_rr: 'no' }),
      section('logging', { to_syslog: 'no', to_stderr: 'no', to_logfile: 'yes', logfile: logFile, timestamp: 'hires' }),
    ].join('');
  }
}

function heuristicsSection(command: string): string {
  const times = { timeout: HEURISTICS_MS, sync_timeout: HEURISTICS_MS, interval: HEURISTICS_MS };
  return section('heuristics', { mode: 'on', ...times, exec_well: command });
}

function section(name: string, keys: Readonly<Record<string, string | number>>, inner: readonly string[] = []): string {
  const lines = Object.entries(keys).map(([key, value]) => `${key}: ${value}\n`);
  return `${name} {\n${lines.join('')}${inner.join('')}}\n`;
}
