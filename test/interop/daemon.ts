/**
 * A corosync-qnetd of its own for a test: Debian's, or ours with the same switches and told to decide as Debian's does.
 * Each has its own directory for lock file and local socket and its own port, and is ended by its process id.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DaemonAddress } from '../scenarios/socket-wire.ts';
import { askLocalSocket } from '../scenarios/socket-wire.ts';

export type DaemonKind = 'upstream' | 'ours';

export interface Daemon extends DaemonAddress {
  /** What it wrote to stderr so far. */
  log(): string;
  /** Resolves when the process is gone, with its exit code or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  stop(): Promise<void>;
}

const OUR_DAEMON = fileURLToPath(new URL('../../src/cli/bin/corosync-qnetd.ts', import.meta.url));
/** Where ours is stricter on purpose, it is told to be as upstream: what is compared is the rest. */
const AS_UPSTREAM =
  'vote_safety=upstream,max_client_receive_size_before_tls=32768,handshake_timeout=0,penalty_failures=0';
const COMMANDS: Readonly<Record<DaemonKind, readonly [string, ...string[]]>> = {
  upstream: ['/usr/bin/corosync-qnetd'],
  ours: [process.execPath, '--import', 'tsx', OUR_DAEMON, '-S', AS_UPSTREAM],
};
const START_MS_MAX = 20_000;
const START_TRIES = 3;

/** One IPv4 address, one port; without it, everything the machine has. */
const LOOPBACK = ['-4', '-l', '127.0.0.1'];

/** `switches` are upstream's; lock file, local socket and port are given here. */
export async function startDaemon(
  kind: DaemonKind,
  switches: readonly string[] = [],
  address: readonly string[] = LOOPBACK,
): Promise<Daemon> {
  for (let attempt = 1; ; attempt += 1) {
    const daemon = await spawnDaemon(kind, [...address, ...switches]);
    if (await isUp(daemon)) return daemon;
    await daemon.stop();
    // The free port may have been taken by somebody else in between.
    if (attempt === START_TRIES) throw new Error(`${kind} corosync-qnetd does not start: ${daemon.log()}`);
  }
}

async function spawnDaemon(kind: DaemonKind, switches: readonly string[]): Promise<Daemon> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'qnetd-interop-'));
  const localSocket = path.join(directory, 'qnetd.sock');
  const port = await freePort();
  const [program, ...first] = COMMANDS[kind];
  const files = `lock_file=${path.join(directory, 'qnetd.pid')},local_socket_file=${localSocket}`;
  const args = [...first, '-f', '-p', String(port), '-s', 'off', ...switches, '-S', files];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log = (log + chunk).slice(-10_000);
  });
  const ended = endOf(child);
  return {
    host: '127.0.0.1',
    port,
    localSocket,
    ended,
    log: () => log,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function isUp(daemon: Daemon): Promise<boolean> {
  let gone = false;
  const watched = daemon.ended.then(() => {
    gone = true;
  });
  for (let waitedMs = 0; waitedMs < START_MS_MAX && !gone; waitedMs += 20) {
    try {
      await askLocalSocket(daemon.localSocket, 'status \n');
      return true;
    } catch {
      await Promise.race([sleep(20), watched]);
    }
  }
  return false;
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const [code, signal]: [number | null, NodeJS.Signals | null] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...result) => resolve(result));
  });
  return signal ?? code ?? -1;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
