/**
 * Does what a Containerfile says, without a container engine: its base is a plain Debian tree, its steps are carried out
 * in it, and what comes of it runs as an engine runs it, as process 1 of namespaces of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layers } from '../lab/debian-trees.ts';
import { mountSystem } from '../lab/namespaces.ts';
import { type CommandResult, run, tryRun } from '../lab/processes.ts';

const STEP_MS_MAX = 300_000;
const START_TRIES = 300;
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const NAMESPACES = ['unshare', '-m', '-p', '-f', '--propagation', 'private'];
const WORDS = ['FROM', 'COPY', 'RUN', 'VOLUME', 'EXPOSE', 'USER', 'STOPSIGNAL', 'HEALTHCHECK', 'ENTRYPOINT'];

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

function instructionsIn(containerfile: string): Instruction[] {
  const lines = containerfile.split('\n').filter((line) => !line.startsWith('#') && line !== '');
  const whole = lines.join('\n').replaceAll(/\\\n\s*/g, '');
  return whole.split('\n').map((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (!WORDS.includes(word)) throw new Error(`this line is not understood: ${line}`);
    return { word, rest };
  });
}

export class Image {
  readonly layers: Layers;
  readonly #directory: string;
  readonly #steps: readonly Instruction[];

  private constructor(directory: string, base: Layers, steps: readonly Instruction[]) {
    this.layers = [join(directory, 'upper'), ...base];
    this.#directory = directory;
    this.#steps = steps;
  }

  /** `context`: where COPY finds its files. Packages come over the network of this machine. */
  static async build(containerfile: string, context: string, base: Layers): Promise<Image> {
    const directory = mkdtempSync(join(tmpdir(), 'image-'));
    const image = new Image(directory, base, instructionsIn(readFileSync(containerfile, 'utf8')));
    try {
      for (const { word, rest } of image.#steps) {
        if (word === 'COPY') image.#copy(context, rest);
        if (word === 'RUN') await image.#step(rest, base);
      }
    } catch (error) {
      image.remove();
      throw error;
    }
    return image;
  }

  /** Of an instruction that is there once. */
  get(word: string): string {
    const [only, another] = this.#steps.filter((step) => step.word === word);
    if (only === undefined || another !== undefined) throw new Error(`${word} has to be there once`);
    return only.rest;
  }

  /** What the steps have written. */
  get files(): readonly string[] {
    const top = join(this.#directory, 'upper');
    const found = readdirSync(top, { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(top.length));
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #copy(context: string, rest: string): void {
    const [pattern = '', target = ''] = rest.split(/\s+/);
    const [before = '', behind = ''] = pattern.split('*');
    const names = readdirSync(context).filter((name) => name.startsWith(before) && name.endsWith(behind));
    for (const name of names) {
      cpSync(join(context, name), join(this.#directory, 'upper', target, name), { recursive: true });
    }
  }

  async #step(command: string, base: Layers): Promise<void> {
    const root = join(this.#directory, 'root');
    mkdirSync(root, { recursive: true });
    const lines = ['set -e', ...mountSystem(base, this.#directory, root), `chmod 1777 '${root}/tmp'`];
    const script = [...lines, `exec chroot '${root}' sh -c "$STEP"`].join('\n');
    const environment = ['env', '-i', PATH, 'DEBIAN_FRONTEND=noninteractive', `STEP=${command}`];
    await run([...environment, ...NAMESPACES, 'sh', '-c', script], '', STEP_MS_MAX);
  }
}

export interface Manner {
  readonly user: number;
  /** A directory of this machine, for each path of VOLUME. */
  readonly volume: string;
}

/** What an engine starts: read-only but for /run and the volume, no powers, a network of its own. */
export class Running {
  readonly pid: number;
  readonly #user: number;
  readonly #holder: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #directory: string;
  readonly #said: () => string;

  private constructor(holder: ChildProcess, pid: number, user: number, directory: string, said: () => string) {
    this.#holder = holder;
    this.pid = pid;
    this.#user = user;
    this.#directory = directory;
    this.#said = said;
    this.#ended = once(holder, 'exit').then(([code]) => code);
  }

  static async start(image: Image, { user, volume }: Manner): Promise<Running> {
    const directory = mkdtempSync(join(tmpdir(), 'container-'));
    const root = join(directory, 'root');
    mkdirSync(root);
    const entry: unknown = JSON.parse(image.get('ENTRYPOINT'));
    if (!Array.isArray(entry)) throw new Error('ENTRYPOINT is to be a list');
    const script = [
      'set -e',
      'ip link set lo up',
      ...mountSystem(image.layers, directory, root),
      `mount -o remount,ro '${root}'`,
      `chmod 1777 '${root}/run'`,
      `mount --bind '${volume}' '${root}${image.get('VOLUME')}'`,
      `exec chroot '${root}' ${asUser(user).join(' ')} "$@"`,
    ].join('\n');
    const argv = ['-n', '-u', '-i', 'sh', '-c', script, 'sh', ...entry.map(String)];
    const [program = '', ...args] = [...NAMESPACES, ...argv];
    const holder = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [holder.stdout, holder.stderr]) stream.on('data', (bytes) => (said += bytes));
    for (let tries = 0; tries < START_TRIES; tries += 1) {
      const [first] = childrenOf(holder.pid);
      if (said.includes('"msg":"serving"') && first !== undefined) {
        return new Running(holder, first, user, directory, () => said);
      }
      if (holder.exitCode !== null) break;
      await sleep(100);
    }
    holder.kill('SIGKILL');
    throw new Error(`the container does not serve: ${said}`);
  }

  get log(): string {
    return this.#said();
  }

  /** As `exec` of an engine does it: the same user, the same powers. */
  exec(command: readonly string[]): Promise<CommandResult> {
    const enter = ['nsenter', '-t', String(this.pid), '-m', '-u', '-i', '-n', '-p', '--root', '--wd'];
    return tryRun([...enter, ...asUser(this.#user), ...command]);
  }

  /** With its files and without its network. */
  execElsewhere(command: readonly string[]): Promise<CommandResult> {
    const enter = ['nsenter', '-t', String(this.pid), '-m', '-p', '--root', '--wd', 'unshare', '-n'];
    return tryRun([...enter, ...asUser(this.#user), ...command]);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** The exit code. */
  async end(): Promise<unknown> {
    const code = await this.#ended;
    rmSync(this.#directory, { recursive: true, force: true });
    return code;
  }

  async kill(): Promise<void> {
    if (this.#holder.exitCode === null) process.kill(this.pid, 'SIGKILL');
    await this.end();
  }
}

function asUser(user: number): string[] {
  const powers = ['--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, ...powers, 'env', '-i', PATH];
}

function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
