/**
 * A node loses its power and is back while the arbiter still holds its connection: how long it then takes until its vote counts
 * again, on upstream's programs, on ours, and with our arbiter for Debian's nodes. The end of the old connection gets lost with the
 * cable; when the node comes again its kernel knows nothing of it.
 *
 * Always our arbiter with Debian's nodes. REBOOT_LAB=all: all three side by side; the figures are printed. REBOOT_TIMEOUT_MS:
 * quorum.device.timeout; by default long enough that no node is taken for dead before it is back, however slow the machine.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { arbiterProgram } from './arbiter.ts';
import { Lab } from './lab.ts';
import { nodePrograms } from './node-program.ts';
import { HEALTHY, settled } from './settled.ts';
import { until } from './wait.ts';

const STACKS = [
  { name: "our arbiter, Debian's nodes", arbiter: 'ours', nodes: 'debian' },
  { name: 'ours', arbiter: 'ours', nodes: 'ours' },
  { name: 'upstream', arbiter: 'debian', nodes: 'debian' },
] as const;
const TIMEOUT_MS = Number(process.env['REBOOT_TIMEOUT_MS'] ?? 30_000);
const OUTAGE_MS = 2_500;
const BACK_MS_MAX = 120_000;
const START_MS_MAX = 40_000;
const HOLD_MS = 1_500;
const REBOOTED = 2;

type Stack = (typeof STACKS)[number];

/** From the start of its daemons until every node shows its vote, and the arbiter's log. */
async function reboot({ arbiter, nodes }: Stack): Promise<{ backMs: number; log: string }> {
  const lab = await Lab.create(arbiterProgram(arbiter));
  try {
    const settings = { deviceTimeoutMs: TIMEOUT_MS };
    const cluster = await lab.addCluster('pair', 2, settings, nodePrograms(nodes));
    const startedMs = Date.now();
    await cluster.start();
    const line = () => cluster.watch.line(REBOOTED, startedMs);
    const whole = () => (line() === HEALTHY[1] ? undefined : line());
    await until('both vote', whole, { deadlineMs: START_MS_MAX, holdMs: HOLD_MS });
    const host = cluster.host(REBOOTED);
    // A machine without power sends no FIN again either.
    await host.exec('sysctl', '-q', '-w', 'net.ipv4.tcp_orphan_retries=1');
    await lab.network.cut(host, lab.arbiter.host);
    await host.crash();
    await pause(OUTAGE_MS);
    await lab.network.join(host, lab.arbiter.host);
    const backAtMs = Date.now();
    await cluster.startNode(REBOOTED);
    const seen = () => {
      const now = cluster.watch.line(REBOOTED, backAtMs);
      return now === HEALTHY[1] ? undefined : now;
    };
    await until('it votes again', seen, { deadlineMs: BACK_MS_MAX });
    const backMs = Date.now() - backAtMs;
    await settled(cluster, HEALTHY);
    return { backMs, log: lab.arbiter.host.logTails() };
  } finally {
    await lab.destroy();
  }
}

const stacks = process.env['REBOOT_LAB'] === 'all' ? STACKS : STACKS.slice(0, 1);

describe('a rebooted node', { concurrency: STACKS.length }, () => {
  for (const stack of stacks) {
    test(`${stack.name}: its vote counts again`, async (t) => {
      const { backMs, log } = await reboot(stack);
      t.diagnostic(`${stack.name}: ${(backMs / 1_000).toFixed(1)} s after its start`);
      if (stack.arbiter !== 'ours') return;
      assert.match(log, /the first connection is asked whether it is still there/);
      assert.doesNotMatch(log, /node silent for too long/, 'nobody waited for dead-peer detection');
    });
  }
});
