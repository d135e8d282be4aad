/** Starts attackers, and knows when they have begun and whether anybody of them is left. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Scope } from '../qnetd/daemon.ts';
import type { Attack } from './attacker.ts';

const PROGRAM = fileURLToPath(new URL('attacker.ts', import.meta.url));

export class Attackers {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #isOver = false;

  /** Resolves when the attack has begun. */
  static async start(t: Scope, attack: Attack): Promise<Attackers> {
    const attackers = new Attackers(attack);
    t.after(() => attackers.end());
    await attackers.#begun;
    return attackers;
  }

  readonly #begun: Promise<void>;

  private constructor(attack: Attack) {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(attack)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#ended = once(child, 'close');
    this.#begun = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'attacking') resolve();
        if (line === 'over') this.#isOver = true;
      });
      child.once('close', () => reject(new Error('the attackers ended before they began')));
    });
  }

  /** All of them were sent away. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
