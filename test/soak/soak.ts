/**
 * The arbiter as a process for as long as wished, under clusters that split, heal, lose nodes and come back, and
 * strangers that say nonsense. Nobody may miss a vote, the log alone has to explain every decision, and neither memory
 * nor descriptors may grow.
 */
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import type { QnetdOptions } from '../../src/qnetd/options.ts';
import { DaemonProcess } from '../qnetd/daemon.ts';
import { authority } from '../qnetd/rig.ts';
import { LogChecker } from './log-checker.ts';
import { Pair, type Random } from './pair.ts';

export interface SoakWishes {
  readonly minutes: number;
  readonly clusters: number;
  readonly seed: number;
  /** Of a daemon of its own, certificates laid out. */
  readonly options: QnetdOptions;
  readonly say: (text: string) => void;
}

export interface SoakResult {
  readonly faults: number;
  readonly decisions: number;
  readonly complaints: readonly string[];
  /** Resident, median of the second and of the last quarter. */
  readonly secondQuarterMb: number;
  readonly lastQuarterMb: number;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
}

const SAMPLES = 40;
const HEARTBEAT_MS = 120_000;
const NONSENSE_BYTES_MAX = 200;
const STRANGER_MS = 250;
const DESCRIPTORS_MS_MAX = 20_000;

export async function soak({ minutes, clusters, seed, options, say }: SoakWishes): Promise<SoakResult> {
  const checker = new LogChecker();
  const arbiter = { ...DEFAULT_ARBITER_SETTINGS, voteSafety: 'upstream' as const };
  const daemon = new DaemonProcess(
    { ...options, arbiter, logLevel: 'debug' },
    { onLine: (line) => checker.read(line) },
  );
  try {
    await daemon.line('serving');
    const descriptorsBefore = descriptors(daemon);
    const random = seeded(seed);
    const { certPem, keyPem } = authority.issue({ commonName: '*.soak.example' });
    const context = tls.createSecureContext({ cert: certPem, key: keyPem });
    const target = { port: options.port, heartbeatMs: HEARTBEAT_MS, context };
    const endMs = performance.now() + minutes * 60_000;
    const isOver = () => performance.now() >= endMs;
    const pairs = Array.from({ length: clusters }, (_, at) => {
      return new Pair(`c${at}.soak.example`, `127.3.${at >> 8}.${at & 255}`, target, seeded(random() * 2 ** 31));
    });
    const lives = Promise.all(pairs.map((pair) => pair.live(isOver)));
    const resident: number[] = [];
    const watch = (async () => {
      while (!isOver()) {
        await pause((minutes * 60_000) / SAMPLES);
        resident.push(residentMb(daemon));
        const faults = pairs.reduce((sum, pair) => sum + pair.faults, 0);
        say(`${faults} faults, ${checker.decisions} decisions, ${resident.at(-1)?.toFixed(1)} MB`);
      }
    })();
    await Promise.all([lives, watch, strangers(options.port, random, isOver)]);
    const descriptorsAfter = await settled(daemon, descriptorsBefore);
    return {
      faults: pairs.reduce((sum, pair) => sum + pair.faults, 0),
      decisions: checker.decisions,
      complaints: checker.complaints,
      secondQuarterMb: middle(resident.slice(SAMPLES / 4, SAMPLES / 2)),
      lastQuarterMb: middle(resident.slice((SAMPLES * 3) / 4)),
      descriptorsBefore,
      descriptorsAfter,
    };
  } finally {
    await daemon.kill();
  }
}

/** Connections that say what comes to their mind, one after another. */
async function strangers(port: number, random: Random, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: '127.9.0.1' });
    socket.on('error', () => undefined);
    const words = Buffer.from(Array.from({ length: random() * NONSENSE_BYTES_MAX }, () => random() * 256));
    socket.write(words);
    await pause(random() * STRANGER_MS);
    socket.destroy();
  }
}

/** Connections take a moment to be gone. */
async function settled(daemon: DaemonProcess, expected: number): Promise<number> {
  const deadlineMs = performance.now() + DESCRIPTORS_MS_MAX;
  while (descriptors(daemon) > expected && performance.now() < deadlineMs) await pause(100);
  return descriptors(daemon);
}

const descriptors = ({ child }: DaemonProcess): number => readdirSync(`/proc/${child.pid}/fd`).length;

function residentMb({ child }: DaemonProcess): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Mulberry32: small, and good enough to draw faults. */
function seeded(seed: number): Random {
  let state = Math.trunc(seed);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
