/** Every deliberate difference, shown on both sides: a difference that is gone is news as well. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { FakeNode } from '../scenarios/fake-node.ts';
import { clusterNameOf } from '../scenarios/files.ts';
import { hex } from '../scenarios/outcome.ts';
import type { CommandRecord } from '../scenarios/run-case.ts';
import { runCase } from '../scenarios/run-case.ts';
import { askLocalSocket, connectTo, SocketWire } from '../scenarios/socket-wire.ts';
import type { DaemonKind } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import type { Difference } from './differences.ts';
import { DIFFERENCES } from './differences.ts';
import { init, preinit } from './init-conversations.ts';

interface Observed {
  readonly outcome: readonly (readonly [command: string, lines: readonly string[]])[];
  /** How the daemon ended, if it did. */
  readonly ended: number | NodeJS.Signals | 'alive';
}

/** A process that died is reported within this; whoever still lives then failed in another way. */
const DEATH_MS_MAX = 5_000;

async function afterwards(error: unknown): Promise<never> {
  await sleep(DEATH_MS_MAX, undefined, { ref: false });
  throw error;
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
    // A daemon that dies takes the scenario with it; one that lives has to answer.
    const ended = await run.catch((error: unknown) => Promise.race([daemon.ended, afterwards(error)]));
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

test('deliberate difference: an interval that SET_OPTION refuses is not stored; upstream shows it from then on', async () => {
  // Upstream's timers end at 18000000 ms, twice this interval is beyond.
  const switches = ['-S', 'dpd_interval_coefficient=2,heartbeat_interval_max=20000000'];
  const shown = await Promise.all(
    (['upstream', 'ours'] as const).map(async (kind) => {
      const daemon = await startDaemon(kind, switches);
      try {
        const node = new FakeNode('1', await connectTo(daemon));
        node.sendRaw(preinit('interval'));
        node.sendRaw(init({ heartbeatIntervalMs: 60_000 }));
        node.sendRaw(encodeMessage('setOption', { msgSeqNumber: 3, heartbeatIntervalMs: 9_000_001 }));
        await node.barrier();
        const refusal = encodeMessage('serverError', { msgSeqNumber: 3, replyErrorCode: 13 });
        assert.deepEqual(node.take().map(hex).at(-1), hex(refusal));
        const list = await askLocalSocket(daemon.localSocket, 'list verbose \n');
        node.close();
        return /HB interval:\s+(\w+)/.exec(list)?.[1];
      } finally {
        await daemon.stop();
      }
    }),
  );
  assert.deepEqual(shown, ['9000001ms', '60000ms']);
});
