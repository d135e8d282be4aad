/**
 * Each key of corosync's table that the daemon reads, with a wrong value, on a real corosync: one sentence that names the key,
 * exit code 1 as upstream's daemon has it, and no device registered. Upstream's leaves one behind. Keys that corosync lets
 * nobody write are in test/qdevice/wrong-configuration.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { arbiterProgram } from './arbiter.ts';
import type { Cluster } from './cluster.ts';
import type { Host } from './host.ts';
import { Lab } from './lab.ts';
import { nodePrograms } from './node-program.ts';

const NODE = 1;
const DEVICE = 'quorum.device.';

/** Key, its type in the table, what is wrong; undefined: it is not there. */
const WRONG: readonly (readonly [string, 'str' | 'u32', string | undefined])[] = [
  ['model', 'str', 'disk'],
  ['timeout', 'u32', '500'],
  ['votes', 'u32', '2'],
  ['net.tls', 'str', 'perhaps'],
  ['net.host', 'str', undefined],
  ['net.port', 'str', '70000'],
  ['net.algorithm', 'str', 'coin'],
  ['net.algorithm', 'str', 'test'],
  ['net.tie_breaker', 'str', 'middle'],
  ['net.connect_timeout', 'str', '5'],
  ['net.force_ip_version', 'str', '5'],
  ['net.keep_active_partition_tie_breaker', 'str', 'perhaps'],
  ['heuristics.mode', 'str', 'perhaps'],
  ['heuristics.timeout', 'str', '5'],
  ['heuristics.sync_timeout', 'str', '5'],
  ['heuristics.interval', 'str', '5'],
];

let lab: Lab;
let cluster: Cluster;

before(async () => {
  lab = await Lab.create(arbiterProgram('ours'));
  cluster = await lab.addCluster('wrong', 1, {}, nodePrograms('ours'));
  await cluster.startCorosync(NODE);
});

after(() => lab.destroy());

async function found(host: Host, key: string): Promise<string | undefined> {
  const { exitCode, stdout } = await host.tryExec('corosync-cmapctl', '-g', key);
  return exitCode === 0 ? / = (.*)\n$/.exec(stdout)?.[1] : undefined;
}

async function put(host: Host, key: string, type: string, value: string | undefined): Promise<void> {
  if (value === undefined) await host.exec('corosync-cmapctl', '-d', key);
  else await host.exec('corosync-cmapctl', '-s', key, type, value);
}

for (const [name, type, value] of WRONG) {
  test(`${DEVICE}${name}: ${value ?? 'missing'} is one sentence, exit code 1, and no registration`, async () => {
    const host = cluster.host(NODE);
    const key = `${DEVICE}${name}`;
    const right = await found(host, key);
    await put(host, key, type, value);
    const { exitCode, stderr } = await cluster.runQdevice(NODE);
    await put(host, key, type, right);
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, /^[^\n]*, and must be [^\n]*\. Correct corosync\.conf [^\n]*\.\n$/);
    assert.ok(stderr.includes(key), stderr);
    const { stdout } = await host.tryExec('corosync-quorumtool', '-s');
    assert.match(stdout, /^ +1 +1 \S+ \(local\)$/m, `a column for the device, or no node at all:\n${stdout}`);
  });
}

test('with everything right again it registers', async () => {
  const host = cluster.host(NODE);
  await cluster.startQdevice(NODE);
  for (let left = 100; left > 0; left -= 1) {
    const { stdout } = await host.tryExec('corosync-quorumtool', '-s');
    if (stdout.includes('A,V,NMW')) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail(await lab.describe());
});
