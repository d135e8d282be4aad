/** One line per change of state, and none for a failure that just happens again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberReport } from '../../src/member/effects.ts';
import { ReportLog } from '../../src/qdevice/log-lines.ts';
import { keptLog } from '../qnetd/rig.ts';

const refused = (inMs: number): MemberReport => ({
  what: 'disconnected',
  reason: 'connectFailed',
  detail: `192.0.2.1:5403 did not answer within ${inMs} ms`,
  retryInMs: inMs,
});

function loudLines(tell: (log: ReportLog) => void): string[] {
  const { lines, sink } = keptLog();
  tell(new ReportLog(sink));
  return lines.filter(({ level }) => level !== 'debug').map(({ level, message }) => `${level} ${message}`);
}

test('an arbiter that stays away is told of once, and again when something else is wrong with it', () => {
  const lines = loudLines((log) => {
    for (const inMs of [250, 500, 1_000]) {
      log.report({ what: 'connecting' });
      log.report(refused(inMs));
    }
    log.report({ what: 'disconnected', reason: 'tlsFailed', detail: 'expired', retryInMs: 5 });
    log.report({ what: 'accepted' });
    log.report(refused(250));
  });
  assert.deepEqual(lines, [
    'info connecting to the arbiter',
    'warn not connected to the arbiter',
    'warn not connected to the arbiter',
    'info the arbiter accepted this node',
    'warn not connected to the arbiter',
  ]);
});

test('waiting for a word is no vote, and what ends the daemon is an error unless it was wished for', () => {
  const ended = { what: 'disconnected', detail: '', retryInMs: undefined } as const;
  const lines = loudLines((log) => {
    log.report({ what: 'vote', vote: 'waitForReply', cause: 'newMembership', ringId: undefined });
    log.report({ what: 'vote', vote: 'ack', cause: 'arbiter', ringId: { nodeId: 1, seq: 29n } });
    log.report({ ...ended, reason: 'serverError' });
    log.report({ ...ended, reason: 'stopped' });
  });
  assert.deepEqual(lines, ['info vote', 'error this daemon ends', 'info this daemon ends']);
});

test('heuristics that fail again and again in the same way are told of once', () => {
  const lines = loudLines((log) => {
    log.heuristicsFailed('ping', 'ended with status 1');
    log.heuristicsFailed('ping', 'ended with status 1');
    log.report({ what: 'heuristics', result: 'pass' });
    log.heuristicsFailed('ping', 'ended with status 1');
  });
  assert.deepEqual(lines, ['warn heuristics failed', 'info heuristics result changed', 'warn heuristics failed']);
});
