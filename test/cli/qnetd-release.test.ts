/** `qnetd release` against the daemon: asked, explained, done, and refused where nobody waits for that node. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { recordText } from '../../src/arbiter/safety/record-text.ts';
import { DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { qnetdRelease, type ReleaseChoice } from '../../src/cli/qnetd-release.ts';
import { qnetdStatus } from '../../src/cli/qnetd-status.ts';
import { type DaemonProcess, ownOptions, spawnDaemon } from '../qnetd/daemon.ts';
import type { NodeClient } from '../qnetd/node-client.ts';
import { initOptions } from '../qnetd/wire-options.ts';

const CLUSTER = 'tst';
const LMS = 3;

interface Waiting {
  readonly daemon: DaemonProcess;
  readonly node: NodeClient;
  readonly sockets: readonly string[];
  readonly record: () => Promise<string>;
}

/** The record says that node 2 had the vote by itself, and no time tells when it has it no more; node 1 asks for it. */
async function waiting(t: TestContext): Promise<Waiting> {
  const arbiter = { ...DEFAULT_ARBITER_SETTINGS, tls: 'unsupported' as const };
  const options = await ownOptions(t, { options: { arbiter } });
  const votes = join(options.stateDir, 'votes');
  const grants = [{ nodeId: 2, members: [2], leaseMs: Number.POSITIVE_INFINITY }];
  await mkdir(votes);
  const file = join(votes, `${CLUSTER}.json`);
  await writeFile(file, recordText({ cluster: CLUSTER, grants }));
  const daemon = spawnDaemon(t, options);
  await daemon.line('serving');
  const node = await daemon.introduced();
  t.after(() => node.destroy());
  node.send('init', { ...initOptions(1), decisionAlgorithm: LMS });
  const nodes = (ids: readonly number[]) => ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));
  node.send('nodeList', { msgSeqNumber: 4, nodeListType: 'initialConfig', nodeInfo: nodes([1, 2]) });
  const ringId = { nodeId: 1, seq: 9n };
  node.send('nodeList', { msgSeqNumber: 5, nodeListType: 'membership', ringId, nodeInfo: nodes([1]) });
  await node.answer();
  await node.answer();
  assert.equal((await node.answer())?.options.vote, 'waitForReply');
  return { daemon, node, sockets: [options.localSocket.path], record: () => readFile(file, 'utf8') };
}

const WISH: ReleaseChoice = { cluster: CLUSTER, node: '2', dryRun: false, yes: true, json: false };

async function release({ sockets }: Waiting, wish: Partial<ReleaseChoice>, answer?: boolean) {
  const said: string[] = [];
  const output = { out: (line: string) => void said.push(line), err: () => undefined };
  const confirm = answer === undefined ? undefined : () => Promise.resolve(answer);
  const result = await qnetdRelease({ ...WISH, ...wish }, sockets, { output, confirm });
  return { ...result, said: said.join('\n') };
}

test('the status names the command; it explains itself, changes nothing unless told so, and then the vote is given', async (t) => {
  const rig = await waiting(t);
  const choice = { verbose: false, json: false, cluster: undefined };
  const { stdout } = await qnetdStatus(choice, rig.sockets);
  assert.match(
    stdout.replace(/\s+/g, ' '),
    /Or release if node 2 will never be back: qnetd release --cluster tst --node 2/,
  );
  const asked = await release(rig, { dryRun: true });
  assert.deepEqual([asked.exitCode, asked.stdout], [0, 'Nothing was changed (--dry-run).\n']);
  assert.match(asked.said, /^Node 2 had the vote .* would wait for it until it is back\.\nWith this the arbiter/s);
  assert.match(asked.said.replace(/\s+/g, ' '), /the machine of node 2 is powered off, or corosync on it is stopped/);
  assert.ok(asked.said.split('\n').every((line) => line.length <= 80));
  for (const [answer, words] of [
    [undefined, /nobody has confirmed it\. Say it with --yes/],
    [false, /Nothing was changed\. Stop the node first/],
  ] as const) {
    const refused = await release(rig, { yes: false }, answer);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, words);
  }
  assert.match(await rig.record(), /"nodeId":2/);
  const done = await release(rig, { yes: false }, true);
  assert.deepEqual([done.exitCode, done.stderr, done.stdout], [0, '', 'Node 2 is waited for no more.\n']);
  assert.equal((await rig.node.answer())?.options.vote, 'ack');
  assert.doesNotMatch(await rig.record(), /"nodeId":2/);
  const line = await rig.daemon.line('an operator says that this node casts nothing: it is waited for no more');
  assert.deepEqual([line.level, line['cluster'], line['node']], ['warn', CLUSTER, 2]);
  const again = await release(rig, {});
  assert.deepEqual([again.exitCode, again.stdout], [4, '']);
  assert.match(again.stderr, /^Nothing was changed: Nobody waits for node 2\. See qnetd status --cluster tst\.\n$/);
});

test('for machines; and refused for a node that is connected, another cluster, or what is no node', async (t) => {
  const rig = await waiting(t);
  for (const [wish, exitCode, words] of [
    [{ node: '1' }, 4, /Node 1 is connected: it says itself what it casts/],
    [{ cluster: 'other' }, 4, /No node of such a cluster is connected/],
    [{ node: '3' }, 4, /Nobody waits for node 3/],
    [{ node: '4294967296' }, 4, /That is no node id/],
    [{ node: 'n2' }, 1, /is no node\. Give --node the id/],
    [{ cluster: 'a\nb' }, 1, /is no node/],
  ] as const) {
    const refused = await release(rig, wish);
    assert.equal(refused.exitCode, exitCode, JSON.stringify(wish));
    assert.match(refused.stderr, words);
  }
  const expected = { cluster: CLUSTER, nodeId: 2, partition: [1], reason: 'lease', remainingMs: null };
  for (const dryRun of [true, false]) {
    const { stdout, said } = await release(rig, { json: true, dryRun });
    assert.deepEqual([JSON.parse(stdout), said], [{ ...expected, released: !dryRun }, '']);
  }
});
