/** Every deliberate difference, shown on both sides: a difference that is gone is news as well. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clusterNameOf } from '../scenarios/files.ts';
import type { CommandRecord } from '../scenarios/run-case.ts';
import { runCase } from '../scenarios/run-case.ts';
import { SocketWire } from '../scenarios/socket-wire.ts';
import type { DaemonKind } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import type { Difference } from './differences.ts';
import { DIFFERENCES } from './differences.ts';

interface Observed {
  readonly outcome: readonly (readonly [command: string, lines: readonly string[]])[];
  /** How the daemon ended, if it did. */
  readonly ended: number | NodeJS.Signals | 'alive';
}

/** Each on a daemon of its own: upstream's may not survive. */
async function observe(kind: DaemonKind, { scenario }: Difference): Promise<Observed> {
  const daemon = await startDaemon(kind);
  try {
    let records: readonly CommandRecord[] = [];
    const name = clusterNameOf(scenario);
    const run = runCase(scenario, new SocketWire(daemon), name).then((done) => {
      records = done;
      return 'alive' as const;
    });
    // A daemon that dies takes the scenario with it.
    const ended = await run.catch(() => daemon.ended);
    return { outcome: records.map(({ command, outcome }) => [command, outcome]), ended };
  } finally {
    await daemon.stop();
  }
}

describe('deliberate differences', { concurrency: 2 }, () => {
  for (const difference of DIFFERENCES) {
    const { scenario, reason, upstream } = difference;
    test(`${scenario.title}: ${reason}`, async () => {
      const recorded = scenario.commands.map(({ text, outcome }) => [text, outcome] as const);
      const theirs = await observe('upstream', difference);
      if (upstream === 'SIGSEGV') {
        assert.equal(theirs.ended, 'SIGSEGV');
      } else {
        assert.deepEqual(
          theirs.outcome,
          recorded.map(([text, outcome]) => [text, upstream[text] ?? outcome]),
        );
      }
      assert.deepEqual(await observe('ours', difference), { outcome: recorded, ended: 'alive' });
    });
  }
});
