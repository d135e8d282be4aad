/**
 * Crowds that reach the port and mean harm, against the arbiter as a process of its own: while they are at it a cluster
 * splits and heals as ever, and when they are gone so is what they cost: connections, wake-ups, memory. `npm run attack`
 * takes ten times as many and prints how long decisions took, as a ratio to quiet times.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { DEFAULT_ADMISSION_SETTINGS } from '../../src/arbiter/admission-settings.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { type DaemonProcess, startDaemon } from '../qnetd/daemon.ts';
import { authority } from '../qnetd/rig.ts';
import { Attackers } from './attackers.ts';
import { Bystander } from './bystander.ts';

const IS_FULL = process.env['QDEVICE_ATTACK'] === 'full';
const SIZE = IS_FULL ? 10_000 : 1_000;
const ROUNDS = IS_FULL ? 40 : 10;
/** Node.js and OpenSSL take this for a handshake that hangs, and some for what is not given back at once. */
const KB_PER_CONNECTION_MAX = 110;
const KB_SPARE = 60 * 1_024;
const HANDSHAKE_MS = 1_500;
/** Within this a flood has had what any cluster may say at once. */
const CREDIT_SPENT_MS = 1_500;
const CALM_MS_MAX = 60_000;
const LOOK_MS = 1_000;
/** A collection, a report to the service manager. */
const WAKE_UPS_SPARE = 40;

const PREINIT = encodeMessage('preinit', { msgSeqNumber: 1, clusterName: 'evil' });
const START_TLS = encodeMessage('startTls', { msgSeqNumber: 2 });
/** The beginning of a message of 32 KB, of which more never comes. */
const HALF_FRAME = Buffer.concat([Buffer.from([0, 0, 0, 0, 0x7f, 0xf0]), Buffer.alloc(30_000)]);
/** Encrypted data before there is a key, as early data is. */
const EARLY_DATA = Buffer.concat([Buffer.from([0x17, 3, 3, 0x40, 0]), Buffer.alloc(0x4000)]);

async function daemonOf(t: TestContext): Promise<DaemonProcess> {
  const admission = { ...DEFAULT_ADMISSION_SETTINGS, handshakeMs: HANDSHAKE_MS };
  return await startDaemon(t, { options: { logLevel: 'info', admission } });
}

function residentKb({ child }: DaemonProcess): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
}

const descriptors = ({ child }: DaemonProcess): number => readdirSync(`/proc/${child.pid}/fd`).length;

/** How often its main thread has gone to sleep: idle, that is how often something woke it. */
function wakeUps({ child }: DaemonProcess): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
}

interface Rest {
  readonly descriptors: number;
  readonly wakeUps: number;
}

async function restOf(daemon: DaemonProcess): Promise<Rest> {
  const before = wakeUps(daemon);
  await pause(LOOK_MS);
  return { descriptors: descriptors(daemon), wakeUps: wakeUps(daemon) - before };
}

/** Splits and heals for as long as the attack is to last; the times of the decisions, in ascending order. */
async function decisions(bystander: Bystander): Promise<number[]> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) took.push(await bystander.split(), await bystander.heal());
  return took.sort((a, b) => a - b);
}

const middle = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;

/** Within a minute nothing of the attack is left: no connection but the bystander's, and no more to do than before it. */
async function calms(daemon: DaemonProcess, before: Rest): Promise<void> {
  const deadlineMs = performance.now() + CALM_MS_MAX;
  for (;;) {
    const now = await restOf(daemon);
    if (now.descriptors <= before.descriptors && now.wakeUps <= before.wakeUps + WAKE_UPS_SPARE) return;
    assert.ok(
      performance.now() < deadlineMs,
      `after a minute ${JSON.stringify(now)}, before ${JSON.stringify(before)}`,
    );
  }
}

function tellRatio(t: TestContext, quietMs: number, underAttackMs: number): void {
  const ratio = (underAttackMs / quietMs).toFixed(2);
  t.diagnostic(`a decision took ${quietMs.toFixed(1)} ms, under attack ${underAttackMs.toFixed(1)} ms: ${ratio} times`);
}

const ATTACKS: readonly { what: string; words: Uint8Array; slowly?: Uint8Array }[] = [
  { what: 'connections that say nothing', words: new Uint8Array(0) },
  { what: 'handshakes that never begin', words: Buffer.concat([PREINIT, START_TLS]) },
  { what: 'half messages', words: HALF_FRAME },
  { what: 'early data', words: Buffer.concat([PREINIT, START_TLS, EARLY_DATA]) },
  { what: 'a byte now and then', words: PREINIT.subarray(0, 1), slowly: PREINIT.subarray(1) },
];

for (const { what, words, slowly = new Uint8Array(0) } of ATTACKS) {
  test(`${SIZE} x ${what}: others decide, memory is bounded, everybody is sent away`, {
    timeout: 300_000,
  }, async (t) => {
    const daemon = await daemonOf(t);
    const bystander = await Bystander.join(() => daemon.introduced());
    t.after(() => bystander.leave());
    const quietMs = middle(await decisions(bystander));
    const before = await restOf(daemon);
    const idleKb = residentKb(daemon);
    const said = { words: Buffer.from(words).toString('base64'), slowly: Buffer.from(slowly).toString('base64') };
    const attackers = await Attackers.start(t, { do: 'crowd', port: daemon.options.port, size: SIZE, ...said });
    const underAttackMs = middle(await decisions(bystander));
    const grownKb = residentKb(daemon) - idleKb;
    tellRatio(t, quietMs, underAttackMs);
    t.diagnostic(`${grownKb} KB more, ${(grownKb / SIZE).toFixed(1)} KB for each`);
    assert.ok(grownKb < SIZE * KB_PER_CONNECTION_MAX + KB_SPARE, `${grownKb} KB more`);
    const deadlineMs = performance.now() + CALM_MS_MAX;
    // Of those that say nothing some only believe that they are connected: the kernel had no room for more to be accepted.
    while (descriptors(daemon) > before.descriptors && performance.now() < deadlineMs) await pause(50);
    assert.ok(descriptors(daemon) <= before.descriptors, 'nobody of them is still there');
    await attackers.end();
    await calms(daemon, before);
    await bystander.split();
  });
}

test('floods of list changes by a cluster with a certificate: others decide, and nothing of it is left', async (t) => {
  const daemon = await daemonOf(t);
  const bystander = await Bystander.join(() => daemon.introduced());
  t.after(() => bystander.leave());
  const quietMs = middle(await decisions(bystander));
  const before = await restOf(daemon);
  const pair = authority.issue({ commonName: 'evil' });
  const flood = { do: 'flood', port: daemon.options.port, nodes: 4, caPem: authority.certPem, ...pair } as const;
  const attackers = await Attackers.start(t, flood);
  await pause(CREDIT_SPENT_MS);
  const underAttackMs = middle(await decisions(bystander));
  assert.ok(!attackers.isOver, 'it floods to the end');
  await attackers.end();
  tellRatio(t, quietMs, underAttackMs);
  await calms(daemon, before);
  await bystander.split();
});

test('an address whose handshakes fail again and again is refused, and its neighbours are not', async (t) => {
  const daemon = await daemonOf(t);
  const bystander = await Bystander.join(() => daemon.introduced());
  t.after(() => bystander.leave());
  const attempt = async (): Promise<'answered' | 'refused'> => {
    const socket = net.connect({ port: daemon.options.port, host: '127.0.0.1', localAddress: '127.77.0.1' });
    socket.on('error', () => undefined);
    const end = new Promise<'refused'>((resolve) => socket.once('close', () => resolve('refused')));
    const answer = new Promise<'answered'>((resolve) => socket.once('data', () => resolve('answered')));
    socket.write(PREINIT);
    const outcome = await Promise.race([answer, end]);
    if (outcome === 'answered') {
      socket.write(START_TLS);
      const stranger = tls.connect({ socket, rejectUnauthorized: false });
      stranger.on('error', () => undefined);
      await new Promise((resolve) => stranger.once('close', resolve));
    }
    socket.destroy();
    return outcome;
  };
  let answered = 0;
  for (let at = 0; at < 200 && (await attempt()) === 'answered'; at += 1) answered += 1;
  assert.ok(answered > 80 && answered < 140, `${answered} attempts were answered`);
  (await daemon.introduced()).destroy();
  await bystander.split();
});
