/** A real corosync with Debian's qdevice daemon or ours on a host of its own, and the scripted arbiter beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Vote } from '../../src/protocol/enums.ts';
import { Hosts } from '../corosync/hosts.ts';
import type { DeviceState, NodeStage } from '../member/scripts/run-script.ts';
import type { VoteRing } from '../member/scripts/scripted-arbiter.ts';
import { deviceStateOf } from '../member/scripts/twin-stage.ts';
import { type NodeChoice, nodePrograms } from './node-program.ts';
import type { AgentAnswer, AgentCommand } from './scripted-arbiter-agent.ts';

const AGENT = new URL('./scripted-arbiter-agent.ts', import.meta.url).pathname;
const ANSWER_MS_MAX = 20_000;
const REGISTERED_MS_MAX = 20_000;
const POLL_MS = 100;
const END_MS_MAX = 5_000;

function heuristicsOf({ heuristics }: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (heuristics === undefined) return {};
  return { mode: 'sync', exec_slow: `/bin/sleep ${Number(heuristics) / 1000}` };
}

export class RealStage implements NodeStage {
  readonly #hosts: Hosts;
  readonly #daemonLine: readonly string[];
  readonly #agent: ChildProcess;
  readonly #answers: ((answer: AgentAnswer) => void)[] = [];
  #daemon: ChildProcess | undefined;
  #daemonLog = '';

  private constructor(hosts: Hosts, daemonLine: readonly string[]) {
    this.#hosts = hosts;
    this.#daemonLine = daemonLine;
    const [program = '', ...enter] = hosts.host(1).enter;
    const line = [...enter, process.execPath, '--import', import.meta.resolve('tsx'), AGENT];
    this.#agent = spawn(program, line, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#agent;
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (text) => this.#answers.shift()?.(JSON.parse(text)));
    }
  }

  /** `words` are those of the script's cluster line. */
  static async create(
    words: Readonly<Record<string, string>>,
    program: Exclude<NodeChoice, 'mix'>,
  ): Promise<RealStage> {
    const hosts = await Hosts.create({
      count: 2,
      device: { timeout: words['timeout'] ?? 4_000, sync_timeout: 30_000 },
      net: { host: '127.0.0.1', tls: 'off', algorithm: words['algorithm'] ?? 'ffsplit' },
      quorum: words['wait-for-all'] === 'on' ? { wait_for_all: 1 } : {},
      heuristics: heuristicsOf(words),
    });
    const settings = ['-S', 'net_test_algorithm_enabled=on'];
    if (program === 'ours') settings.push('-S', `vote_safety=${words['safety'] ?? 'strict'}`);
    return new RealStage(hosts, [...nodePrograms(program)(1).daemon, ...settings]);
  }

  async start(): Promise<void> {
    const host = this.#hosts.host(1);
    await host.startCorosync();
    const [program = '', ...enter] = host.enter;
    const daemon = spawn(program, [...enter, ...this.#daemonLine], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#daemon = daemon;
    daemon.stderr.on('data', (text) => {
      this.#daemonLog += String(text);
    });
    for (let waitedMs = 0; (await this.state()).device === undefined; waitedMs += POLL_MS) {
      if (waitedMs > REGISTERED_MS_MAX) throw new Error(`the daemon does not register\n${this.#daemonLog}`);
      await pause(POLL_MS);
    }
  }

  async peer(runs: boolean): Promise<void> {
    const host = this.#hosts.host(2);
    if (runs) await host.startCorosync();
    else await host.stopCorosync('SIGTERM');
  }

  async listen(on: boolean): Promise<void> {
    await this.#ask({ do: 'listen', on });
  }

  async closeConnection(): Promise<void> {
    await this.#ask({ do: 'closeConnection' });
  }

  async say(what: { readonly vote: Vote; readonly ring: VoteRing } | { readonly error: number }) {
    await this.#ask('error' in what ? { do: 'error', ...what } : { do: 'vote', ...what });
  }

  async answerMembership(vote: Vote): Promise<void> {
    await this.#ask({ do: 'answerMembership', vote });
  }

  async answerHeartbeats(on: boolean): Promise<void> {
    await this.#ask({ do: 'answerHeartbeats', on });
  }

  async answerInit(code: number): Promise<void> {
    await this.#ask({ do: 'answerInit', code });
  }

  async pass(ms: number): Promise<void> {
    await pause(ms);
  }

  async listsHeard(): Promise<number> {
    return (await this.#ask({ do: 'look' })).listsHeard;
  }

  async initsHeard(): Promise<number> {
    return (await this.#ask({ do: 'look' })).initsHeard;
  }

  async take(): Promise<string[]> {
    return [...(await this.#ask({ do: 'take' })).frames];
  }

  async state(): Promise<DeviceState> {
    return deviceStateOf(await this.#hosts.host(1).quorumtool());
  }

  exitCode(): number | undefined {
    return this.#daemon?.exitCode ?? undefined;
  }

  get daemonLog(): string {
    return this.#daemonLog;
  }

  async close(): Promise<void> {
    const ended = once(this.#agent, 'exit');
    this.#agent.stdin?.end();
    await Promise.race([ended, pause(END_MS_MAX, undefined, { ref: false })]);
    await this.#hosts.close(); // ends the daemon with its host
  }

  async #ask(command: AgentCommand): Promise<AgentAnswer> {
    const answer = new Promise<AgentAnswer>((resolve) => {
      this.#answers.push(resolve);
    });
    this.#agent.stdin?.write(`${JSON.stringify(command)}\n`);
    const late = pause(ANSWER_MS_MAX, undefined, { ref: false }).then(() => {
      throw new Error(`the scripted arbiter does not answer: ${JSON.stringify(command)}`);
    });
    return await Promise.race([answer, late]);
  }
}
