/**
 * For how long both halves of a split cluster are quorate at once when the holder of the vote fails in the ways that upstream's arbiter
 * does not see, and how long ordinary first failures take: `npm run windows` as root, with Debian's packages installed. Three stacks
 * side by side, each a cluster of two with real corosync and upstream's default times; quorumtool is read on every node every tenth
 * of a second, and corosync's log tells what happened in between. Faults begin at their worst moment, see test/lab/moments.ts.
 *
 * `--stacks upstream,ours,stock-nodes`, `--windows silent,killed,frozen,untold` and `--failures link,crash,power` choose, an empty
 * list leaves a part out; `--rounds N` repeats the windows (the longest counts) and the failures (the median counts); `--timeout MS` is
 * quorum.device.timeout, `--observe S` how long S18 is looked at, `--vote-safety MODE` what our programs are told.
 */
import { parseArgs } from 'node:util';
import { arbiterProgram } from '../lab/arbiter.ts';
import type { Cluster } from '../lab/cluster.ts';
import { Lab } from '../lab/lab.ts';
import { nodePrograms } from '../lab/node-program.ts';
import { HEALTHY, settled } from '../lab/settled.ts';
import { until } from '../lab/wait.ts';
import {
  type FailureName,
  type Pair,
  playFailure,
  playUntold,
  playWindow,
  type Seen,
  type WindowName,
} from '../lab/windows.ts';

const STACKS = {
  upstream: { title: 'upstream', arbiter: 'debian', nodes: 'debian' },
  ours: { title: 'ours', arbiter: 'ours', nodes: 'ours' },
  'stock-nodes': { title: "our arbiter, Debian's nodes", arbiter: 'ours', nodes: 'debian' },
} as const;
type StackName = keyof typeof STACKS;

const WINDOW_TITLES: Readonly<Record<WindowName | 'untold', string>> = {
  silent: 'the link between the holder and the arbiter goes silent',
  killed: "the holder's qdevice is killed",
  frozen: "the holder's qdevice is frozen",
  untold: 'lms, four nodes: a device of the holding half leaves, the other half asks (S18)',
};
const FAILURE_TITLES: Readonly<Record<FailureName, string>> = {
  link: 'link between the nodes cut: node 1 goes on',
  crash: 'node 1 ends: node 2 goes on',
  power: 'node 1 loses power: node 2 goes on',
};

const { values: wishes } = parseArgs({
  options: {
    stacks: { type: 'string', default: Object.keys(STACKS).join() },
    windows: { type: 'string', default: Object.keys(WINDOW_TITLES).join() },
    failures: { type: 'string', default: Object.keys(FAILURE_TITLES).join() },
    rounds: { type: 'string', default: '1' },
    timeout: { type: 'string', default: '10000' },
    observe: { type: 'string', default: '60' },
    'vote-safety': { type: 'string' },
  },
});
const ROUNDS = Number(wishes.rounds);
const OBSERVE_MS = Number(wishes.observe) * 1000;
const stacks = chosen(STACKS, wishes.stacks);
const windows = chosen(WINDOW_TITLES, wishes.windows);
const failures = chosen(FAILURE_TITLES, wishes.failures);

const START_DEADLINE_MS = 30_000;
const START_HOLD_MS = 1500;

type Cells = ReadonlyMap<string, string>;

function chosen<K extends string>(table: Readonly<Record<K, unknown>>, wish: string): K[] {
  const words = wish.split(',').filter((word) => word !== '');
  const known = (word: string): word is K => Object.hasOwn(table, word);
  const strangers = words.filter((word) => !known(word));
  if (strangers.length > 0) {
    console.error(`There is no ${strangers.join(', ')}. Choose from: ${Object.keys(table).join(', ')}.`);
    process.exit(1);
  }
  return words.filter(known);
}

function asWished<P extends { name: string; daemon: readonly string[] }>(program: P): P {
  const mode = wishes['vote-safety'];
  if (mode === undefined || program.name !== 'ours') return program;
  return { ...program, daemon: [...program.daemon, '-S', `vote_safety=${mode}`] };
}

async function measure(name: StackName): Promise<Cells> {
  const { arbiter, nodes } = STACKS[name];
  const cells = new Map<string, string>();
  const note = (what: string, text: string): void => {
    cells.set(what, text);
    console.error(`${name}: ${what}: ${text}`);
  };
  const lab = await Lab.create(asWished(arbiterProgram(arbiter)));
  try {
    const pairOf = async (size: number, algorithm: 'ffsplit' | 'lms'): Promise<Pair> => {
      const settings = { deviceTimeoutMs: Number(wishes.timeout), algorithm };
      const programs = nodePrograms(nodes);
      const cluster = await lab.addCluster(algorithm, size, settings, (node) => asWished(programs(node)));
      await startInOrder(cluster);
      return { lab, cluster };
    };
    if (windows.includes('untold')) note('untold', await untoldCell(() => pairOf(4, 'lms')));
    const others = windows.filter((window) => window !== 'untold');
    if (others.length + failures.length === 0) return cells;
    const pair = await pairOf(2, 'ffsplit');
    await settled(pair.cluster, HEALTHY);
    for (const failure of failures) {
      const tookMs = await repeated(() => playFailure(pair, failure));
      note(failure, seconds(tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length / 2)] ?? Number.NaN));
    }
    for (const window of others) note(window, await windowCell(pair, window));
    return cells;
  } catch (error) {
    console.error(await lab.describe());
    throw error;
  } finally {
    await lab.destroy();
  }
}

/** Corosync 3.1.7 may end itself over a device that registers while its node merges, which stock nodes do at once. */
async function startInOrder(cluster: Cluster): Promise<void> {
  await Promise.all(cluster.nodeIds.map((node) => cluster.startCorosync(node)));
  const apart = (): string | undefined => {
    const sizes = cluster.nodeIds.map((node) => cluster.watch.newest(node, 0)?.reading?.members.length);
    return sizes.every((size) => size === sizes.length) ? undefined : `members: ${sizes.join()}`;
  };
  await until('all nodes are in one membership', apart, { deadlineMs: START_DEADLINE_MS, holdMs: START_HOLD_MS });
  await Promise.all(cluster.nodeIds.map((node) => cluster.startQdevice(node)));
}

/** Ends the cluster: under upstream it stays with two quorate halves. */
async function untoldCell(pairOf: () => Promise<Pair>): Promise<string> {
  try {
    const pair = await pairOf();
    const seen = await playUntold(pair, OBSERVE_MS);
    await Promise.all([...pair.cluster.nodes.values()].map((host) => host.crash()));
    return cell(seen);
  } catch (error) {
    return `not played: ${String(error).split('\n')[0]}`;
  }
}

async function windowCell(pair: Pair, window: WindowName): Promise<string> {
  const all = await repeated(() => playWindow(pair, window));
  const worst = all.toSorted((a, b) => b.mostMs - a.mostMs)[0];
  return worst === undefined ? '' : cell(worst);
}

async function repeated<T>(play: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let round = 0; round < ROUNDS; round += 1) all.push(await play());
  return all;
}

function cell({ leastMs, mostMs, takenOverMs, unended, observedMs }: Seen): string {
  const after = takenOverMs === undefined ? 'no takeover' : `takeover after ${seconds(takenOverMs)}`;
  if (unended) return `without end (looked for ${seconds(observedMs)}); ${after}`;
  const [least, most] = [seconds(leastMs), seconds(mostMs)];
  return `${mostMs === 0 ? '0' : least === most ? most : `${least} to ${most}`}; ${after}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function table(heading: string, titles: Readonly<Record<string, string>>, rows: readonly string[], all: Cells[]): void {
  if (rows.length === 0) return;
  console.log(`\n| ${[heading, ...stacks.map((name) => STACKS[name].title)].join(' | ')} |`);
  console.log(`|${'---|'.repeat(stacks.length + 1)}`);
  for (const row of rows) {
    console.log(`| ${[titles[row], ...all.map((cells) => cells.get(row) ?? '')].join(' | ')} |`);
  }
}

const all = await Promise.all(stacks.map(measure));
table(`both sides quorate, timeout ${wishes.timeout} ms`, WINDOW_TITLES, windows, all);
table('first failure: from the fault to quorum', FAILURE_TITLES, failures, all);
