/**
 * What an idle daemon costs: `npx tsx test/bench/idle.ts [--seconds 60]` as root, with strace installed, after `npm run build`.
 * A healthy cluster of two nodes is left alone; Debian's daemons in a second one beside it, to compare.
 *
 * On node 1 the kernel's own counts are read before and after: how often each thread went to sleep by itself, and memory. On
 * node 2 the daemon runs under strace, and each waking is put down to what followed it: a vote cast into corosync, a word to the
 * arbiter, a word from it, a notification from corosync. A timer that does anything else shows as "nothing".
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { arbiterProgram } from '../lab/arbiter.ts';
import type { Cluster } from '../lab/cluster.ts';
import { Lab } from '../lab/lab.ts';
import { nodePrograms } from '../lab/node-program.ts';
import { startInTurn } from '../lab/settled.ts';
import { type Call, readTrace, traced } from './traced.ts';

const { values: wishes } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SECONDS = Number(wishes.seconds);
const COUNTED = 1;
const TRACED = 2;
const TRACE = '/run/lab-trace';
/** V8 takes some seconds after the start to give back what starting needed, by a timer of its own that then stops. */
const WARM_UP_MS = 30_000;
const SLEEP_MS_MIN = 0.1;
const RSS_MB_MAX = 80;

const REASONS = ['vote cast', 'heartbeat sent', 'arbiter answered', 'corosync notified', 'nothing'] as const;
type Reason = (typeof REASONS)[number];

interface Stage {
  readonly name: 'debian' | 'ours';
  readonly lab: Lab;
  readonly cluster: Cluster;
}

async function setUp(name: Stage['name']): Promise<Stage> {
  const lab = await Lab.create(arbiterProgram(name));
  const plain = nodePrograms(name);
  const cluster = await lab.addCluster('bench', 2, { watchSeconds: 1 }, (node) =>
    node === TRACED ? traced(plain(node), TRACE, 'waits too') : plain(node),
  );
  await startInTurn(cluster);
  return { name, lab, cluster };
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}

/** Per thread, by name and id. */
function sleeps(pid: number): Map<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`).map((id): [string, number] => {
    const name = readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim();
    return [`${name} ${id}`, field(readFileSync(`/proc/${pid}/task/${id}/status`, 'utf8'), 'voluntary_ctxt_switches')];
  });
  return new Map(threads);
}

function residentMb(pid: number): number {
  return field(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') / 1024;
}

/**
 * What the main thread did after each sleep. libuv counts whole milliseconds, so a timer may end its sleep just too early and
 * sleep one more: that is one waking.
 */
function reasons(calls: readonly Call[], fromMs: number, toMs: number): Map<Reason, number> {
  const counts = new Map<Reason, number>(REASONS.map((reason) => [reason, 0]));
  const main = calls.filter(({ threadId, endedMs }) => threadId === calls[0]?.threadId && endedMs > fromMs);
  let done: Call[] | undefined;
  for (const call of main) {
    if (call.endedMs > toMs) break;
    if (call.action !== 'wait') done?.push(call);
    else if (slept(call) && !(call.timeoutMs === 1 && done?.length === 0)) {
      if (done !== undefined) count(counts, reasonOf(done));
      done = [];
    }
  }
  return counts;
}

/** A wait for something that is there already ends at once. */
function slept({ timeoutMs, beganMs, endedMs }: Call): boolean {
  return timeoutMs !== 0 && endedMs - beganMs > SLEEP_MS_MIN;
}

function count(counts: Map<Reason, number>, reason: Reason): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}

function reasonOf(calls: readonly Call[]): Reason {
  const did = (action: Call['action'], ...peers: readonly Call['peer'][]): boolean =>
    calls.some((call) => call.action === action && peers.includes(call.peer));
  if (did('send', 'votequorum')) return 'vote cast';
  if (did('receive', 'votequorum', 'cmap')) return 'corosync notified';
  if (did('send', 'arbiter')) return 'heartbeat sent';
  return did('receive', 'arbiter') ? 'arbiter answered' : 'nothing';
}

const stages: Stage[] = [];
try {
  for (const name of ['debian', 'ours'] as const) stages.push(await setUp(name));
  await pause(WARM_UP_MS);
  const pids = stages.map(({ cluster }) => cluster.qdevice(COUNTED).pid);
  const before = pids.map(sleeps);
  const fromMs = Date.now();
  await pause(SECONDS * 1000);
  const toMs = Date.now();
  for (const [index, { name, cluster }] of stages.entries()) {
    const pid = pids[index] ?? 0;
    console.log(`${name}: ${SECONDS} seconds idle, ${residentMb(pid).toFixed(1)} MB resident`);
    for (const [thread, times] of sleeps(pid)) {
      const slept = times - (before[index]?.get(thread) ?? 0);
      if (slept > 0) console.log(`  thread ${thread} woke ${slept} times`);
    }
    const counts = reasons(readTrace(cluster.host(TRACED).read(TRACE).toString('utf8')), fromMs, toMs);
    for (const [reason, times] of counts)
      console.log(`  main thread of node ${TRACED} woke for: ${reason} ${times} times`);
    if (name === 'ours' && ((counts.get('nothing') ?? 0) > 0 || residentMb(pid) > RSS_MB_MAX)) process.exitCode = 1;
  }
} finally {
  await Promise.all(stages.map(({ lab }) => lab.destroy()));
}
