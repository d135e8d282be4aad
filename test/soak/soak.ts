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
import { DaemonProcess, type Line } from '../qnetd/daemon.ts';
import { authority } from '../qnetd/rig.ts';
import { LogChecker } from './log-checker.ts';
import { MissedVote, Pair, type Random } from './pair.ts';

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
  /** Medians of the second and of the last quarter. */
  readonly resident: Growth;
  /** After a collection. */
  readonly heap: Growth;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
}

export interface Growth {
  readonly secondQuarterMb: number;
  readonly lastQuarterMb: number;
}

const RECENT_LINES = 40;
const SAMPLES = 40;
const BYTES_PER_MB = 1_048_576;
/** Long, for this process may be busy for a while and its nodes are none the worse for it. */
const HEARTBEAT_MS = 60_000;
const NONSENSE_BYTES_MAX = 200;
const STRANGER_MS = 250;
const DESCRIPTORS_MS_MAX = 20_000;

export async function soak({ minutes, clusters, seed, options, say }: SoakWishes): Promise<SoakResult> {
  const checker = new LogChecker();
  const recent = new RecentLines();
  const heap: number[] = [];
  const sampleMs = (minutes * 60_000) / SAMPLES;
  const daemon = new DaemonProcess(
    { ...options, arbiter: DEFAULT_ARBITER_SETTINGS, logLevel: 'debug' },
    {
      onLine: (line) => {
        if (line.msg === 'heap') heap.push(Number(line['heapBytes']) / BYTES_PER_MB);
        else checker.read(line);
        recent.keep(line);
      },
      env: { ...process.env, QNETD_TEST_HEAP_MS: String(Math.round(sampleMs)) },
    },
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
        await pause(sampleMs);
        resident.push(residentMb(daemon));
        const faults = pairs.reduce((sum, pair) => sum + pair.faults, 0);
        say(
          `${faults} faults, ${checker.decisions} decisions, ${resident.at(-1)?.toFixed(1)} MB, heap ${heap.at(-1)?.toFixed(1)} MB`,
        );
      }
    })();
    await Promise.all([lives, watch, strangers(options.port, random, isOver)]);
    const descriptorsAfter = await settled(daemon, descriptorsBefore);
    return {
      faults: pairs.reduce((sum, pair) => sum + pair.faults, 0),
      decisions: checker.decisions,
      complaints: checker.complaints,
      resident: growthOf(resident),
      heap: growthOf(heap),
      descriptorsBefore,
      descriptorsAfter,
    };
  } catch (error) {
    const told = error instanceof MissedVote ? recent.of(error.cluster) : [];
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${told.join('\n')}`, { cause: error });
  } finally {
    await daemon.kill();
  }
}

/** The end of the log about each cluster, for a vote that was missed. */
class RecentLines {
  readonly #lines = new Map<string, string[]>();

  keep(line: Line): void {
    const { cluster } = line;
    if (typeof cluster !== 'string') return;
    const lines = this.#lines.get(cluster) ?? [];
    lines.push(JSON.stringify(line));
    this.#lines.set(cluster, lines.slice(-RECENT_LINES));
  }

  of(cluster: string): readonly string[] {
    return this.#lines.get(cluster) ?? [];
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

function growthOf(samples: readonly number[]): Growth {
  const quarter = samples.length / 4;
  return {
    secondQuarterMb: middle(samples.slice(quarter, 2 * quarter)),
    lastQuarterMb: middle(samples.slice(3 * quarter)),
  };
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
