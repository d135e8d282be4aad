/**
 * Debian's programs alone, our daemon with Debian's arbiter, and ours alone, side by side in three labs: the same things happen
 * to all, and what corosync-quorumtool and Debian's own corosync-qdevice-tool show on each node must be alike line by line.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Combination, type Stage, setUp } from './matrix.ts';
import type { Part, Play } from './play.ts';
import type { CommandResult } from './processes.ts';
import { until } from './wait.ts';

const COMBINATIONS: readonly Combination[] = [
  "Debian's arbiter, Debian's nodes",
  "Debian's arbiter, our nodes",
  'our arbiter, our nodes',
];
/** The next echo reply, which gives a line of its own, is 2.4 s away. */
const STATUS_DEADLINE_MS = 10_000;
const NODES = [1, 2];
/** One after the other, as corosync lists nodes in the order in which it met them. */
const START: readonly Part[] = NODES.flatMap((node) => [
  { daemon: 'corosync', node },
  { daemon: 'qdevice', node },
]);

let stages: readonly Stage[] = [];

before(async () => {
  const settled = await Promise.allSettled(COMBINATIONS.map((combination) => setUp(combination, 2)));
  stages = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
});
after(() => Promise.all(stages.map(({ lab }) => lab.destroy())));

const COMMANDS: Readonly<Record<string, (play: Play, node: number) => Promise<CommandResult>>> = {
  'corosync-quorumtool -s': ({ cluster }, node) => cluster.host(node).tryExec('corosync-quorumtool', '-s'),
  "corosync-quorumtool -siH, Proxmox's way": ({ cluster }, node) =>
    cluster.host(node).tryExec('corosync-quorumtool', '-siH'),
  'corosync-qdevice-tool -s': ({ cluster }, node) => cluster.qdeviceTool(node, '-s'),
  'corosync-qdevice-tool -sv': ({ cluster }, node) => cluster.qdeviceTool(node, '-sv'),
};

/**
 * The one wanted difference: after a reload that left the nodes as they were Debian's daemon goes on showing the number of the
 * configuration before it, ours the number of the one that it uses.
 */
const VERSION_LAGS = /^(Configuration version:\s+).*$/gm;

/** Times and rings are chance. What stands after a time, whether the last vote was cast, is not. */
function masked({ exitCode, stdout, stderr }: CommandResult, unlike: RegExp | undefined): string {
  const known = unlike === undefined ? stdout : stdout.replaceAll(unlike, '$1NUMBER');
  const text = known
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/^(Date:\s+).*$/gm, '$1TIME')
    .replaceAll(/^(Ring ID:\s+).*$/gm, '$1RING');
  return `exit ${exitCode}\n${text}${stderr}`;
}

/** Lines that only one of two texts has, for a failure message. */
function differences([standard = '', ...others]: readonly string[]): string | undefined {
  const lines = new Set(standard.split('\n'));
  const found = others.flatMap((text, index) => {
    if (text === standard) return [];
    const own = text.split('\n');
    const lacking = [...lines].filter((line) => !own.includes(line));
    const surplus = own.filter((line) => !lines.has(line));
    return [
      `${COMBINATIONS[index + 1]}:`,
      ...lacking.map((line) => `- ${line}`),
      ...surplus.map((line) => `+ ${line}`),
    ];
  });
  return found.length === 0 ? undefined : found.join('\n');
}

async function assertAlike(unlike: RegExp | undefined): Promise<void> {
  for (const [title, command] of Object.entries(COMMANDS)) {
    for (const node of NODES) {
      let texts: readonly string[] = [];
      const look = async (): Promise<string | undefined> => {
        texts = await Promise.all(stages.map(async ({ play }) => masked(await command(play, node), unlike)));
        return differences(texts);
      };
      await until(`${title} on node ${node} prints the same`, look, { deadlineMs: STATUS_DEADLINE_MS });
      assert.match(texts[0] ?? '', /^exit [02]\n.*information\n/);
    }
  }
}

const STORY: readonly (readonly [string, (play: Play) => Promise<void>, RegExp?])[] = [
  ['healthy', (play) => play.coldStart(['arbiter', ...START])],
  ['split', (play) => play.split('1|2')],
  ['healed', (play) => play.heal()],
  ['one node without the arbiter', (play) => play.loseArbiter(2)],
  ['the node reaches the arbiter again', (play) => play.regainArbiter(2)],
  ['the arbiter gone', (play) => play.stopArbiter('SIGKILL')],
  ['the arbiter back', (play) => play.startArbiter()],
  ['heuristics on', (play) => play.reloadHeuristics('first', [2]), VERSION_LAGS],
  ['split, decided by heuristics', (play) => play.split('1|2'), VERSION_LAGS],
  ['healed with heuristics', (play) => play.heal(), VERSION_LAGS],
  ['heuristics off', (play) => play.reloadWithoutHeuristics(), VERSION_LAGS],
  ['a third node known, not started', (play) => play.grow()],
];

for (const [state, act, unlike] of STORY) {
  test(`${state}: quorumtool and status tool show the same with both daemons`, async () => {
    await Promise.all(stages.map(({ play }) => act(play)));
    await assertAlike(unlike);
  });
}
