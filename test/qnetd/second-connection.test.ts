/** A node that is connected comes again, over real TLS: its first connection belongs to a living, a frozen or a lost process. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { authority, clusterPair, expectAnswer, initOptions, Rig } from './rig.ts';

const PROGRAM = fileURLToPath(new URL('run-node.ts', import.meta.url));
const DUPLICATE = 17;

interface NodeProcess {
  readonly child: ChildProcess;
  readonly heard: string[];
  readonly lines: Interface;
}

/** Node 1, connected, its lists answered. */
async function nodeProcess(t: TestContext, rig: Rig): Promise<NodeProcess> {
  const args = [String(rig.port), '1', authority.certPem, clusterPair.certPem, clusterPair.keyPem];
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout !== null);
  const heard: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => heard.push(line));
  while (heard.length < 2) await once(lines, 'line');
  return { child, heard, lines };
}

async function rigFor(t: TestContext): Promise<Rig> {
  const rig = await Rig.start();
  t.after(() => rig.stop());
  return rig;
}

/** The answer to the INIT of a second connection of node 1. */
async function comesAgain(rig: Rig): Promise<number | undefined> {
  const second = await rig.secured();
  second.send('init', initOptions(1, 8_000));
  return (await expectAnswer(second, 'initReply')).replyErrorCode;
}

const told = (rig: Rig, words: RegExp) => rig.lines.some(({ message }) => words.test(message));

test('its process lives: it is asked, answers, and stays; the second is refused', async (t) => {
  const rig = await rigFor(t);
  const first = await nodeProcess(t, rig);
  assert.equal(await comesAgain(rig), DUPLICATE);
  // It tells us of the question only after it has answered it.
  while (!first.heard.includes('voteInfo noChange')) await once(first.lines, 'line');
  assert.ok(!first.heard.includes('closed'));
  assert.ok(told(rig, /the first connection answers/));
  assert.equal(rig.cluster()?.nodes[0]?.client, 1);
});

test('its process is frozen: the second takes its place, and once it goes on it finds itself closed', async (t) => {
  const rig = await rigFor(t);
  const first = await nodeProcess(t, rig);
  const before = rig.cluster()?.nodes[0]?.client;
  first.child.kill('SIGSTOP');
  assert.equal(await comesAgain(rig), 0);
  assert.ok(told(rig, /it does not answer, and the node has come back on another/));
  assert.notEqual(rig.cluster()?.nodes[0]?.client, before);
  first.child.kill('SIGCONT');
  await once(first.child, 'close');
  assert.deepEqual(first.heard.slice(-2), ['voteInfo noChange', 'closed']);
});

test('its process is killed while it is asked: the second is in', async (t) => {
  const rig = await rigFor(t);
  const first = await nodeProcess(t, rig);
  first.child.kill('SIGSTOP');
  const answer = comesAgain(rig);
  while (!told(rig, /is asked whether it is still there/)) await new Promise((resolve) => setTimeout(resolve, 5));
  first.child.kill('SIGKILL');
  assert.equal(await answer, 0);
});

test('somebody with a certificate of his own for the cluster is refused while it is frozen, and nobody is asked', async (t) => {
  const rig = await rigFor(t);
  const first = await nodeProcess(t, rig);
  first.child.kill('SIGSTOP');
  const other = await rig.secured(authority.issue({ commonName: 'tst' }));
  other.send('init', initOptions(1, 8_000));
  assert.equal((await expectAnswer(other, 'initReply')).replyErrorCode, DUPLICATE);
  assert.ok(!told(rig, /is asked/));
  assert.equal(rig.snapshot().secondConnections?.asked, 0);
});
