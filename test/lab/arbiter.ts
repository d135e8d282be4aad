/** The arbiter's host: either program, Debian's or ours, behind the same few operations. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Host } from './host.ts';
import { until } from './wait.ts';

const DAEMON = 'arbiter';
const READY_DEADLINE_MS = 15_000;
const REQUEST = '/run/lab-inbox/qdevice-net-node.crq';

export interface ArbiterProgram {
  readonly name: 'debian' | 'ours';
  readonly daemon: readonly string[];
  readonly certutil: readonly string[];
  /** Where certutil leaves the authority's certificate and the signed ones. */
  readonly store: string;
}

/** Said to both, as their defaults differ: upstream admits plaintext clients unless told otherwise. */
const SWITCHES = ['-f', '-s', 'req'];

export const DEBIAN: ArbiterProgram = {
  name: 'debian',
  daemon: ['corosync-qnetd', ...SWITCHES],
  certutil: ['corosync-qnetd-certutil'],
  store: '/etc/corosync/qnetd/nssdb',
};

export const OURS: ArbiterProgram = {
  name: 'ours',
  daemon: [process.execPath, built('corosync-qnetd'), ...SWITCHES],
  certutil: [process.execPath, built('corosync-qnetd-certutil')],
  store: '/etc/corosync/qnetd/nssdb',
};

/** LAB_ARBITER=debian runs the same tests against the program that we must behave like. */
export function chosenArbiter(): ArbiterProgram {
  const choice = process.env['LAB_ARBITER'] ?? OURS.name;
  if (choice !== DEBIAN.name && choice !== OURS.name) {
    throw new Error(`LAB_ARBITER=${choice} is unknown. Use debian or ours.`);
  }
  return arbiterProgram(choice);
}

export function arbiterProgram(name: ArbiterProgram['name']): ArbiterProgram {
  if (name === DEBIAN.name) return DEBIAN;
  if (!existsSync(built('corosync-qnetd'))) throw new Error('dist is missing. Run npm run build first.');
  return OURS;
}

/** Where the build leaves an executable; LAB_DIST names another build than the usual one. */
export function built(program: string): string {
  const dist = process.env['LAB_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));
  return `${dist}/cli/bin/${program}.js`;
}

export class Arbiter {
  readonly host: Host;
  readonly program: ArbiterProgram;

  constructor(host: Host, program: ArbiterProgram) {
    this.host = host;
    this.program = program;
  }

  /** Makes the authority and the server's own certificate. */
  async initialise(): Promise<void> {
    await this.host.exec(...this.program.certutil, '-i');
  }

  authorityCertificate(): Buffer {
    return this.host.read(`${this.program.store}/qnetd-cacert.crt`);
  }

  async sign(cluster: string, request: Uint8Array): Promise<Buffer> {
    this.host.write(REQUEST, request);
    await this.host.exec(...this.program.certutil, '-s', '-c', REQUEST, '-n', cluster);
    return this.host.read(`${this.program.store}/cluster-${cluster}.crt`);
  }

  /** Resolves when it answers on its local socket, which both programs open together with the port. */
  async start(): Promise<void> {
    const daemon = await this.host.start(DAEMON, this.program.daemon);
    await until(
      `the arbiter (${this.program.name}) answers its status tool`,
      async () => {
        if (!daemon.running) throw new Error(`the arbiter ended with ${daemon.outcome}\n${this.host.logTails()}`);
        const { exitCode, stderr } = await this.tool('-s');
        return exitCode === 0 ? undefined : stderr.trim();
      },
      { deadlineMs: READY_DEADLINE_MS },
    );
  }

  /** Asked to stop, it must end as one that was asked: with 0. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.host.daemon(DAEMON);
    await daemon.stop(signal);
    const wanted = signal === 'SIGTERM' ? 0 : signal;
    assert.equal(daemon.outcome, wanted, `the arbiter ended with ${daemon.outcome}\n${this.host.logTails()}`);
  }

  freeze(): void {
    this.host.daemon(DAEMON).freeze();
  }

  thaw(): void {
    this.host.daemon(DAEMON).thaw();
  }

  /** Debian's own status tool serves both programs: the socket and its text are part of the contract. */
  tool(...args: readonly string[]): ReturnType<Host['tryExec']> {
    return this.host.tryExec('corosync-qnetd-tool', ...args);
  }
}
