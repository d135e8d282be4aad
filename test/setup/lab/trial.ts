/** What every combination has to get through: setup, status, a cut, remove, and setup again. */
import assert from 'node:assert/strict';
import { readCluster } from '../../../src/setup/conf/cluster.ts';
import { parseConf } from '../../../src/setup/conf/document.ts';
import { CLUSTER_NAME } from './names.ts';
import { differences, snapshot } from './snapshot.ts';
import { Stage, type StageOptions } from './stage.ts';

export interface Combination extends StageOptions {
  readonly name: string;
  /** More words for `qdevice setup`. */
  readonly setup?: readonly string[];
  /** For every command. */
  readonly common?: readonly string[];
  /** As setup is told; left out: the address. */
  readonly arbiterName?: string;
  /** What quorum.device.net then says. */
  readonly configured?: Readonly<Record<string, string>>;
  readonly answers?: readonly (readonly [RegExp, string])[];
}

const CONF = '/etc/corosync/corosync.conf';

export async function goThrough(combination: Combination): Promise<void> {
  const stage = await Stage.create(combination);
  try {
    await play(stage, combination);
  } catch (error) {
    throw new Error(`${combination.name}: ${error instanceof Error ? error.message : String(error)}\n${stage.logs()}`, {
      cause: error,
    });
  } finally {
    await stage.destroy();
  }
}

async function play(stage: Stage, combination: Combination): Promise<void> {
  const { nodes, setup = [], common = [], arbiterName = stage.arbiterAddress, answers = [] } = combination;
  const run = async (...args: readonly string[]): Promise<string> => {
    const all = [...args, ...common, '--yes'];
    const { exitCode, screen, asked } =
      answers.length > 0 ? await stage.onTerminal(all, answers) : await plain(stage, all);
    assert.equal(exitCode, 0, screen);
    for (const times of asked) assert.ok(times <= 1, `asked more than once:\n${screen}`);
    return screen;
  };
  const before = await snapshot(stage);
  const startedMs = performance.now();
  await run('setup', arbiterName, ...setup);
  const setupMs = performance.now() - startedMs;
  const device = readCluster(parseConf(stage.node(nodes).read(CONF).toString('latin1'))).device;
  for (const [key, value] of Object.entries(combination.configured ?? {})) assert.equal(device?.net.get(key), value);
  if (stage.options.arbiter === 'ours') await allRegistered(stage, setup);
  const everybody = stage.nodes.map((_, at) => at + 1);
  await stage.winners(everybody);
  const status = await stage.qdevice('status');
  assert.equal(status.exitCode, 0, status.stdout + status.stderr);
  assert.match(status.stdout, /votes are here, \d make a quorum: quorate\./);
  const first = nodes === 3 ? [1] : everybody.slice(0, nodes / 2);
  await stage.cut(first);
  await stage.winners(nodes === 3 ? [2, 3] : first);
  await stage.heal(first);
  await stage.winners(everybody);
  await run('remove', '--arbiter', arbiterName);
  await stage.settled();
  // The version of corosync.conf went on, a confirmed host key stays known, upstream must not use a serial again, and
  // sudo leaves its greeting.
  const stays = [`${CONF}:`, 'known_hosts', 'nssdb/serial.txt:', '/etc/pve/', '.sudo_as_admin_successful:'];
  const left = differences(before, await snapshot(stage)).filter((line) => !stays.some((part) => line.includes(part)));
  assert.deepEqual(left, []);
  await run('setup', arbiterName, ...setup);
  await stage.winners(everybody);
  console.log(`${combination.name}: first setup ${Math.round(setupMs)} ms`);
}

/** Each node's own certificate is on the record of the cluster's name, for as long as was asked for. */
async function allRegistered(stage: Stage, setup: readonly string[]): Promise<void> {
  const { certificates }: { certificates: { cluster?: string; daysLeft: number }[] } = JSON.parse(
    await stage.arbiter.exec('qnetd', 'certs', 'list', '--json'),
  );
  const own = certificates.filter(({ cluster }) => cluster === CLUSTER_NAME);
  const at = setup.indexOf('--valid-days');
  const days = at < 0 ? 3650 : Number(setup[at + 1]);
  assert.deepEqual(
    own.map(({ daysLeft }) => daysLeft),
    stage.nodes.map(() => days - 1),
  );
}

async function plain(stage: Stage, args: readonly string[]) {
  const { exitCode, stdout, stderr } = await stage.qdevice(...args);
  return { exitCode, screen: stdout + stderr, asked: [] };
}
