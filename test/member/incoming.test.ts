/** What a node makes of an arbiter that says something wrong: it withholds, leaves, and never guesses. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DISCONNECT } from '../../src/member/disconnect-reasons.ts';
import { ring, Scripted } from './scripted.ts';

function voting(): Scripted {
  const script = new Scripted();
  script.nodeList(ring(1, 5n), [1]);
  script.quorum(false);
  script.accepts();
  script.vote('ack', ring(1, 5n), 1);
  script.takeTrace();
  return script;
}

function says(script: Scripted, hex: string): string[] {
  script.feed({ kind: 'bytes', link: script.link, bytes: Uint8Array.from(Buffer.from(hex, 'hex')) });
  return script.takeTrace();
}

const lastReason = (script: Scripted) => script.member.snapshot(script.nowMs).lastEnd?.reason;

const ROWS: readonly [string, string, keyof typeof DISCONNECT][] = [
  ['a message that cannot be decoded', '000e00000003000000', 'undecodable'],
  ['a message of unknown type', '001200000000', 'unexpectedMessage'],
  ['a message that only a node says', '0008000000080000000400000001', 'unexpectedMessage'],
  ['a vote without a ring', '000e0000000d00000004000000010013000101', 'missingOption'],
  ['the answer to another heartbeat', '0009000000080000000400000063', 'wrongEcho'],
];

for (const [what, hex, reason] of ROWS) {
  test(`${what}: the vote is withheld and the connection left`, () => {
    const script = voting();
    const trace = says(script, hex);
    assert.deepEqual(trace.slice(0, 3), ['cast nack 1.5', 'farewell', 'close']);
    assert.equal(lastReason(script), reason);
    assert.equal(script.exited, DISCONNECT[reason].retry ? undefined : 1);
  });
}

test('a skipped message that was too long ends the connection when it has passed', () => {
  const script = new Scripted({
    limits: { initialReceiveBytes: 16, initialSendBytes: 32_768, sendBytesMin: 32_768, receiveBytesMax: 1 << 24 },
  });
  script.nodeList(ring(1, 5n), [1]);
  script.connects();
  says(script, `0001${'0000000b'}${'00'.repeat(11)}`);
  assert.equal(lastReason(script), 'undecodable');
});

test('an error of the arbiter is kept in words', () => {
  const script = voting();
  script.says('serverError', { replyErrorCode: 14 });
  assert.equal(script.member.snapshot(0).lastEnd?.detail, 'unsupportedDecisionAlgorithmMessage (14)');
  const other = voting();
  other.says('serverError', { replyErrorCode: 999 });
  assert.equal(other.member.snapshot(0).lastEnd?.detail, 'code 999');
});

test('PREINIT answered with another number is refused', () => {
  const script = new Scripted();
  script.nodeList(ring(1, 5n), [1]);
  script.connects();
  script.says('preinitReply', { msgSeqNumber: 77, tlsSupported: 'unsupported', tlsClientCertRequired: 0 });
  assert.equal(lastReason(script), 'wrongSeq');
});

test('TLS that is off here and required there', () => {
  const script = new Scripted({ tls: 'off' });
  script.nodeList(ring(1, 5n), [1]);
  script.connects();
  script.answersPreinit('required');
  assert.equal(lastReason(script), 'tlsRequired');
  assert.equal(script.exited, 1);
});

test('an arbiter without heuristics is of no use where they are on', () => {
  const commands = [{ name: 'x', line: '/bin/true' }];
  const heuristics = { mode: 'sync', intervalMs: 30_000, timeoutMs: 5_000, syncTimeoutMs: 15_000, commands } as const;
  const script = new Scripted({ heuristics });
  script.nodeList(ring(1, 5n), [1]);
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.connects();
  script.answersPreinit();
  script.answersInit({ supportedOptions: [0, 1, 2] });
  assert.equal(lastReason(script), 'heuristicsUnsupported');
});

test('an arbiter that does not know the keep-active tie-breaker is not asked for it', () => {
  const script = new Scripted();
  script.nodeList(ring(1, 5n), [1]);
  script.quorum(false);
  script.connects();
  script.answersPreinit();
  script.answersInit({ supportedOptions: [22] });
  assert.equal(
    script.said.some(({ name }) => name === 'setOption'),
    false,
  );
  assert.equal(script.member.snapshot(0).arbiterSupportsKeepActivePartition, false);
});

test('an attempt that comes to nothing ends at the connect timeout', () => {
  const script = new Scripted();
  script.nodeList(ring(1, 5n), [1]);
  script.connects();
  script.until(7999);
  assert.equal(lastReason(script), undefined);
  script.until(8000);
  assert.equal(lastReason(script), 'connectTimeout');
});

test('a vote that corosync does not take ends the daemon', () => {
  const script = voting();
  script.feed({ kind: 'castFailed', detail: 'error 9' });
  assert.equal(script.exited, 1);
  assert.equal(lastReason(script), 'castFailed');
});

test("what an earlier connection still says is nobody's", () => {
  const script = voting();
  const old = script.link;
  script.disconnects('arbiterClosed');
  script.until(script.nowMs + 1);
  script.connects();
  script.takeTrace();
  script.feed({ kind: 'disconnected', link: old, cause: 'arbiterClosed', detail: '', jitter: 0 });
  script.feed({ kind: 'bytes', link: old, bytes: Uint8Array.of(0, 18, 0, 0, 0, 0) });
  assert.deepEqual(script.takeTrace(), []);
});

test('expected votes are only kept to be shown; after a stop nothing is done any more', () => {
  const script = voting();
  script.feed({ kind: 'expectedVotes', votes: 3 });
  assert.deepEqual(script.takeTrace(), []);
  assert.equal(script.member.snapshot(0).expectedVotes, 3);
  script.feed({ kind: 'stop' });
  script.takeTrace();
  script.vote('ack', ring(1, 5n), 2);
  script.until(100_000);
  assert.deepEqual(script.takeTrace(), []);
  assert.equal(script.member.nextDeadlineMs(), undefined);
});
