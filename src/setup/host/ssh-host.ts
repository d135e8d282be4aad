/**
 * A host behind the system's OpenSSH client: the user's configuration, keys, agent, known hosts, jump hosts and ports
 * are ssh's own business. One connection is opened and everything goes through it; its first session is a `cat` that
 * lives on our standard input, so that the connection ends with this process, however that ends.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../status/printable.ts';
import type { Askpass } from './askpass.ts';
import { type Host, HostLost, type RunOptions, type ScriptResult } from './host.ts';
import type { RememberedSecrets } from './prompts.ts';
import { runInShell } from './shell-process.ts';
import { publicKeys } from './ssh-config.ts';
import { SshFailure, sshFailure } from './ssh-failure.ts';

export interface SshTarget {
  /** As an operator calls the host. */
  readonly name: string;
  /** What ssh is told: an address, or a name that its configuration knows. */
  readonly destination: string;
  readonly user?: string;
  /** More of ssh's options, as `-o` takes them. */
  readonly options?: readonly string[];
  /** Who shares a password. */
  readonly secretGroup: string;
}

export interface SshServices {
  readonly askpass: Askpass;
  readonly secrets: RememberedSecrets;
}

const CONNECT_SECONDS_MAX = 15;
/** Somebody may have to find a password first; ssh itself gives up after two minutes on most servers. */
const LOGIN_MS_MAX = 180_000;
/** A connection on which nothing comes back for 15 s is lost. */
const ALIVE = ['ServerAliveInterval=5', 'ServerAliveCountMax=3', 'TCPKeepAlive=yes'];
/** The exit code of ssh where ssh itself fails. */
const SSH_FAILED = 255;
const LINE_BYTES_MAX = 200;
/** More than any greeting. */
const GREETING_BYTES_MAX = 1_000_000;
let connections = 0;

export class SshHost implements Host {
  readonly name: string;
  readonly #target: SshTarget;
  readonly #services: SshServices;
  readonly #id: string;
  readonly #controlPath: string;
  #master: ChildProcessWithoutNullStreams | undefined;
  #shell: readonly string[] = ['sh'];
  #sudoPassword: string | undefined;
  /** About the key of a host that is not known. */
  #asked = '';

  constructor(target: SshTarget, services: SshServices) {
    connections += 1;
    this.name = target.name;
    this.#target = target;
    this.#services = services;
    this.#id = `h${connections}`;
    this.#controlPath = join(services.askpass.directory, this.#id);
  }

  /** Logs in and makes sure of root's rights. Rejects with SshFailure. */
  async connect(): Promise<void> {
    await this.close();
    await this.#openMaster();
    this.#shell = ['sh'];
    this.#sudoPassword = undefined;
    const { stdout } = await this.run('id -u');
    if (stdout.trim() !== '0') await this.#becomeRoot();
  }

  async run(script: string, options: RunOptions = {}): Promise<ScriptResult> {
    if (this.#master === undefined) throw new HostLost(this.name, 'closed by the other end');
    // Without its connection ssh would make another one of its own accord: the proxy that fails keeps it from that.
    const told = ['ControlMaster=no', 'BatchMode=yes', 'LogLevel=ERROR', 'ProxyCommand=/bin/false'];
    const argv: [string, ...string[]] = ['ssh', '-T', ...this.#options(told), '--', this.#destination, ...this.#shell];
    const firstLine = this.#sudoPassword === undefined ? {} : { firstLine: this.#sudoPassword };
    return await runInShell({ hostName: this.name, argv, ...firstLine }, script, options);
  }

  async close(): Promise<void> {
    const master = this.#master;
    this.#master = undefined;
    if (master === undefined || master.exitCode !== null || master.signalCode !== null) return;
    const ended = new Promise((resolve) => master.once('exit', resolve));
    master.stdin.end();
    const timer = setTimeout(() => master.kill('SIGKILL'), 2_000);
    await ended;
    clearTimeout(timer);
  }

  get #destination(): string {
    return this.#target.destination;
  }

  #options(told: readonly string[]): string[] {
    const { user, options = [] } = this.#target;
    const all = [
      `ControlPath=${this.#controlPath}`,
      'ForwardAgent=no',
      'ForwardX11=no',
      'ClearAllForwardings=yes',
      ...told,
    ];
    return [...[...all, ...options].flatMap((option) => ['-o', option]), ...(user === undefined ? [] : ['-l', user])];
  }

  async #openMaster(): Promise<void> {
    const { askpass } = this.#services;
    // An ssh that was killed leaves its socket, and the next one would not listen in its place.
    await rm(this.#controlPath, { force: true });
    const env = await askpass.environment(this.#id, (question) => this.#answer(question));
    const told = ['ControlMaster=yes', 'ControlPersist=no', `ConnectTimeout=${CONNECT_SECONDS_MAX}`, ...ALIVE];
    const args = [
      '-T',
      ...this.#options([...told, 'RequestTTY=no', 'RemoteCommand=none']),
      '--',
      this.#destination,
      'cat',
    ];
    const master = spawn('ssh', args, { env, stdio: 'pipe', detached: true });
    try {
      const unheard = await echoed(master);
      if (unheard?.loggedIn === true) throw new SshFailure(this.name, 'noShell', unheard.said);
      if (unheard !== undefined) {
        throw sshFailure(this.name, unheard.said, await publicKeys(this.#destination), this.#asked);
      }
    } finally {
      await askpass.forget(this.#id);
    }
    master.once('exit', () => {
      if (this.#master === master) this.#master = undefined;
    });
    this.#master = master;
  }

  /** ssh asks for secrets and for confirmations in the same way, and tells them apart only by their words. */
  async #answer(question: string): Promise<string | undefined> {
    const { secrets } = this.#services;
    if (question.includes('(yes/no')) this.#asked = question;
    if (question.includes('(yes/no')) return (await secrets.confirm(question)) ? 'yes' : 'no';
    if (/passphrase for key/i.test(question)) return await secrets.secret(question, this.name, question);
    return await secrets.secret(this.#target.secretGroup, this.name, `${question.trim()} `);
  }

  async #becomeRoot(): Promise<void> {
    const sudo = await this.run('sudo -n true');
    if (sudo.exitCode === 0) {
      this.#shell = ['sudo', '-n', 'sh'];
      return;
    }
    const { secrets } = this.#services;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const asker = `${this.name} sudo ${this.#id}`;
      const password = await secrets.secret(this.#target.secretGroup, asker, `Password for sudo on ${this.name}: `);
      if (password === undefined) break;
      // -k: without a remembered login sudo always reads the line, which would else be taken for the script's first.
      this.#shell = ['sudo', '-k', '-S', '-p', "''", 'sh'];
      this.#sudoPassword = password;
      const tried = await this.run('id -u').catch(() => undefined);
      if (tried?.stdout.trim() === '0') return;
    }
    await this.close();
    throw new SshFailure(this.name, 'notRoot', sudo.stderr.trim());
  }
}

interface Unheard {
  readonly loggedIn: boolean;
  readonly said: string;
}

/** Resolves when a line has come back through the `cat` at the other end; else with what is said instead. */
function echoed(master: ChildProcessWithoutNullStreams): Promise<Unheard | undefined> {
  const line = `qdevice-${randomBytes(12).toString('hex')}`;
  return new Promise((resolve) => {
    let stdout = '';
    let stdoutBytes = 0;
    let stderr = '';
    const timer = setTimeout(() => master.kill('SIGKILL'), LOGIN_MS_MAX);
    master.stdin.on('error', () => undefined);
    master.stderr.setEncoding('latin1').on('data', (text: string) => {
      stderr = `${stderr}${text}`.slice(-4_000);
    });
    master.stdout.setEncoding('latin1').on('data', (text: string) => {
      stdout = `${stdout}${text}`.slice(-4_000);
      stdoutBytes += text.length;
      if (stdoutBytes > GREETING_BYTES_MAX) return settle({ loggedIn: true, said: 'it prints without end' });
      if (!stdout.includes(line)) return;
      clearTimeout(timer);
      resolve(undefined);
    });
    const settle = (unheard: Unheard) => {
      clearTimeout(timer);
      master.kill('SIGKILL');
      resolve(unheard);
    };
    master.once('error', (error) => settle({ loggedIn: false, said: error.message }));
    master.once('close', (exitCode) => {
      // Any other code than its own is that of the shell behind the login.
      const loggedIn = exitCode !== null && exitCode !== SSH_FAILED;
      const last = lastLine(stdout) || lastLine(stderr) || 'it is over at once';
      settle({ loggedIn, said: loggedIn ? last : stderr });
    });
    master.stdin.write(`${line}\n`);
  });
}

function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return printable(lines.findLast((line) => line !== '') ?? '', LINE_BYTES_MAX);
}
