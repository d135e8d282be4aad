/**
 * How long a real cut takes, upstream's programs against ours, in one run: `npx tsx test/bench/cut.ts` as root, with strace
 * installed, after `npm run build`. Two clusters of two nodes each, one all Debian's, one all ours, are cut in turn, 20 times each.
 *
 * whole: on the winner, from corosync's log line that it waits for the device to the line with the new members. corosync's clock
 * for log lines moves in steps of 4 ms.
 * inside: the winner's daemon, from reading corosync's notification of the new node list to handing the vote to corosync, by
 * strace, in microseconds. In between lie both phases of the arbiter: list sent, the loser's vote taken away, ACK read.
 * `--debug` turns on debug logging in both daemons, as in the figures of upstream that this is held against. `--arbiter debian`
 * puts Debian's arbiter before our nodes, which leaves the daemons alone to be compared.
 *
 * Where the inside of ours goes, by `perf trace` on all three processes, in ms: from the notification to the list 0.3 to 0.5, the
 * arbiter's decision 0.4, NACK at the loser 0.1 to 0.3, cast there and confirmed 0.4, ACK behind the confirmation 0.3, read and
 * cast 0.2, and some 0.1 for each of five ways. Half of what a process does for a message is the write under TLS, in native code.
 * What helped: sends and casts before the log; the log aside; bytecode kept (ready-code.ts); and the record of the change begun
 * with the first report, in 6 steps instead of 13, each a trip to the thread pool: the ACK had waited 8 to 54 ms for it on a busy
 * machine. What did not: other flags of V8 (maglev, no optimiser, collection on one thread, huge pages) and a higher priority.
 */
import { parseArgs } from 'node:util';
import { arbiterProgram } from '../lab/arbiter.ts';
import type { Cluster } from '../lab/cluster.ts';
import { Lab } from '../lab/lab.ts';
import { nodePrograms } from '../lab/node-program.ts';
import { FIRST_HOLDS, HEALTHY, settled, startInTurn } from '../lab/settled.ts';
import { type Call, readTrace, traced } from './traced.ts';

const { values: wishes } = parseArgs({
  options: {
    cuts: { type: 'string', default: '20' },
    debug: { type: 'boolean', default: false },
    arbiter: { type: 'string', default: 'ours' },
  },
});
const CUTS = Number(wishes.cuts);
const WINNER = 1;
const TRACE = '/run/lab-trace';
const WATCH_SECONDS = 0.5;
/** The log's clock may lag behind the trace's by one step. */
const LOG_CLOCK_STEP_MS = 5;

interface Stage {
  readonly name: 'debian' | 'ours';
  readonly lab: Lab;
  readonly cluster: Cluster;
}

/** Milliseconds. */
interface Cut {
  readonly whole: number;
  readonly inside: number;
  readonly untilListSent: number;
  readonly untilVoteRead: number;
}

async function setUp(name: Stage['name']): Promise<Stage> {
  const lab = await Lab.create(arbiterProgram(wishes.arbiter === 'debian' ? 'debian' : name));
  const plain = nodePrograms(name);
  const debug = wishes.debug ? ['-d'] : [];
  const cluster = await lab.addCluster('bench', 2, { watchSeconds: WATCH_SECONDS }, (node) => {
    const program = { ...plain(node), daemon: [...plain(node).daemon, ...debug] };
    return node === WINNER ? traced(program, TRACE, 'transfers') : program;
  });
  await startInTurn(cluster);
  return { name, lab, cluster };
}

/** Cuts the cluster and heals it; gives the log of the cut. */
async function cut({ lab, cluster }: Stage): Promise<string> {
  const before = log(cluster).length;
  await lab.network.split(cluster, [[1], [2]]);
  await settled(cluster, FIRST_HOLDS);
  const lines = log(cluster).slice(before);
  await lab.network.heal(cluster);
  await settled(cluster, HEALTHY);
  return lines;
}

function log(cluster: Cluster): string {
  return cluster.host(WINNER).read(cluster.host(WINNER).logPath('corosync-log')).toString('utf8');
}

/** undefined: the trace does not show it, which happens where a busy machine lets corosync's own deadlines pass. */
function measure(lines: string, calls: readonly Call[]): Cut | undefined {
  const waitsMs = logTimeMs(lines, 'waiting for quorum device');
  const membersMs = logTimeMs(lines, '[QUORUM] Members[');
  const ofCut = calls.filter(
    ({ beganMs }) => beganMs > waitsMs - LOG_CLOCK_STEP_MS && beganMs < membersMs + LOG_CLOCK_STEP_MS,
  );
  const notices = ofCut.filter(({ peer, action }) => peer === 'votequorum' && action === 'receive');
  const notice = notices[0];
  const next = notices.find((call) => notice !== undefined && call.beganMs > notice.beganMs + LOG_CLOCK_STEP_MS * 10);
  if (notice === undefined) return undefined;
  const between = ofCut.filter(({ beganMs }) => beganMs >= notice.beganMs && beganMs < (next?.beganMs ?? Infinity));
  const voteRead = between.filter(({ peer, action }) => peer === 'arbiter' && action === 'receive');
  const cast = between.find(
    (call) => call.peer === 'votequorum' && call.action === 'send' && call.beganMs > (voteRead[0]?.beganMs ?? Infinity),
  );
  const listSent = between.find(({ peer, action }) => peer === 'arbiter' && action === 'send');
  const ack = voteRead.findLast(({ beganMs }) => cast !== undefined && beganMs < cast.beganMs);
  if (cast === undefined || listSent === undefined || ack === undefined) return undefined;
  return {
    whole: membersMs - waitsMs,
    inside: cast.beganMs - notice.beganMs,
    untilListSent: listSent.beganMs - notice.beganMs,
    untilVoteRead: ack.beganMs - notice.beganMs,
  };
}

function logTimeMs(lines: string, text: string): number {
  const line = lines.split('\n').find((candidate) => candidate.includes(text));
  const [, day, time] = /^(\w+ +\d+) (\d+:\d+:\d+\.\d+)/.exec(line ?? '') ?? [];
  if (day === undefined || time === undefined) throw new Error(`corosync's log has no line "${text}"`);
  return Date.parse(`${day} ${new Date().getFullYear()} ${time}`);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low = 0, high = low] = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return (low + high) / 2;
}

function report(upstream: readonly Cut[], ours: readonly Cut[]): void {
  const rows = {
    whole: 'whole',
    inside: 'inside',
    untilListSent: '  to list sent',
    untilVoteRead: '  to vote read',
  } as const;
  const cell = (text: string): string => text.padStart(20);
  console.log(
    `${''.padEnd(16)}${['upstream: median', 'worst', 'ours: median', 'worst', 'ratio of medians', 'of worst'].map(cell).join('')}`,
  );
  for (const [key, label] of Object.entries(rows)) {
    const values = (cuts: readonly Cut[]): number[] =>
      cuts.map((one) => Object.entries(one).find(([name]) => name === key)?.[1] ?? 0);
    const [theirs, own] = [values(upstream), values(ours)];
    const ms = [median(theirs), Math.max(...theirs), median(own), Math.max(...own)];
    const ratios = [median(own) / median(theirs), Math.max(...own) / Math.max(...theirs)];
    console.log(
      label.padEnd(16) +
        [...ms.map((value) => `${value.toFixed(2)} ms`), ...ratios.map((value) => value.toFixed(2))].map(cell).join(''),
    );
  }
}

const stages: Stage[] = [];
try {
  for (const name of ['debian', 'ours'] as const) stages.push(await setUp(name));
  const logs = stages.map((): string[] => []);
  for (let round = 1; round <= CUTS; round += 1) {
    for (const [index, stage] of stages.entries()) logs[index]?.push(await cut(stage));
    console.error(`${round} of ${CUTS} cuts`);
  }
  const [upstream = [], ours = []] = stages.map(({ name, cluster }, index) => {
    const calls = readTrace(cluster.host(WINNER).read(TRACE).toString('utf8'));
    const cuts = (logs[index] ?? []).map((lines) => measure(lines, calls));
    const seen = cuts.filter((one) => one !== undefined);
    if (seen.length < cuts.length) console.log(`${name}: the trace shows ${seen.length} of ${cuts.length} cuts`);
    return seen;
  });
  report(upstream, ours);
} finally {
  await Promise.all(stages.map(({ lab }) => lab.destroy()));
}
