/** What a node does with each turn of a scripted arbiter: S26 and S28 as recorded from corosync-qdevice 3.0.3, and S29. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivedTimes } from '../../src/member/settings.ts';
import { ring, Scripted } from './scripted.ts';

const FOUR_SECONDS = {
  voteSafety: 'upstream' as const,
  timeoutMs: 4000,
  syncTimeoutMs: 30_000,
  ...derivedTimes(4000),
  connectTimeoutMs: 3200,
};

function up(): Scripted {
  const script = new Scripted(FOUR_SECONDS);
  script.nodeList(ring(1, 5n), [1]);
  script.quorum(false);
  script.accepts();
  return script;
}

function voting(): Scripted {
  const script = up();
  script.vote('ack', ring(1, 5n), 1);
  script.takeTrace();
  return script;
}

test('the times follow from the timeout', () => {
  assert.deepEqual(derivedTimes(4000), { heartbeatMs: 3200, castIntervalMs: 2000 });
  assert.deepEqual(derivedTimes(10_000), { heartbeatMs: 8000, castIntervalMs: 5000 });
  assert.equal(derivedTimes(1000).heartbeatMs, 1000);
  assert.equal(derivedTimes(1_000_000).heartbeatMs, 120_000);
});

test('before any connection nothing is said; from the first failed attempt on the vote is withheld aloud', () => {
  const script = new Scripted(FOUR_SECONDS);
  script.nodeList(ring(1, 5n), [1]);
  script.quorum(false);
  assert.deepEqual(script.takeTrace(), ['connect']);
  script.disconnects('connectFailed');
  assert.deepEqual(script.takeTrace(), ['cast nack 1.5', 'close']);
  script.until(2000);
  assert.ok(script.takeTrace().includes('cast nack 1.5'), 'and again at the cast interval');
});

test('failed attempts follow each other ever more slowly, at last once in each connect timeout', () => {
  const script = new Scripted(FOUR_SECONDS);
  script.nodeList(ring(1, 5n), [1]);
  const pauses: number[] = [];
  let last = 0;
  for (let attempt = 0; attempt < 8; attempt += 1) {
    script.disconnects('connectFailed');
    const before = script.link;
    for (let wakes = 0; wakes < 100 && script.link === before; wakes += 1) {
      script.until(script.member.nextDeadlineMs() ?? Number.NaN);
    }
    pauses.push(script.nowMs - last);
    last = script.nowMs;
  }
  assert.deepEqual(pauses, [125, 250, 500, 1000, 1600, 1600, 1600, 1600]);
});

test("the connection sequence is upstream's, and the vote waits for an answer", () => {
  const script = up();
  assert.deepEqual(script.takeTrace(), ['connect', 'preinit', 'init', 'setOption', 'nodeList', 'nodeList', 'nodeList']);
  assert.deepEqual(
    script.said.map(({ name, options }) => [name, options.nodeListType, options.msgSeqNumber]),
    [
      ['preinit', undefined, 1],
      ['init', undefined, 2],
      ['setOption', undefined, 3],
      ['nodeList', 'initialConfig', 4],
      ['nodeList', 'membership', 5],
      ['nodeList', 'quorum', 6],
    ],
  );
  assert.equal(script.member.snapshot(0).vote, 'waitForReply');
});

test('without a decision the vote is withheld aloud before corosync gives the device up', () => {
  const script = up();
  script.takeTrace();
  script.until(3199);
  assert.deepEqual(script.takeTrace(), []);
  script.until(3200);
  assert.deepEqual(
    script.takeTrace().filter((each) => each.startsWith('cast')),
    ['cast nack 1.5'],
  );
});

test('votes are followed for the ring last sent, confirmed always', () => {
  const script = voting();
  script.vote('nack', ring(9, 9n), 2);
  assert.deepEqual(script.takeTrace(), ['voteInfoReply']);
  assert.equal(script.member.snapshot(0).vote, 'ack');
  script.vote('nack', ring(1, 5n), 3);
  assert.deepEqual(script.takeTrace(), ['cast nack 1.5', 'voteInfoReply'], 'withdrawn first, confirmed after');
  script.vote('ack', ring(1, 5n), 4);
  assert.deepEqual(script.takeTrace(), ['cast ack 1.5', 'voteInfoReply']);
  assert.equal(script.seqOf('voteInfoReply'), 4);
});

test('a dead link is left two heartbeats after the last answered echo was sent, vote first', () => {
  const script = voting();
  script.until(3200);
  script.says('echoReply', { msgSeqNumber: 1 });
  script.until(6400);
  script.takeTrace();
  script.until(9599);
  assert.ok(!script.takeTrace().includes('close'));
  script.until(9600);
  const trace = script.takeTrace();
  assert.deepEqual(trace.slice(0, 2), ['cast nack 1.5', 'close']);
});

test('the main numbers go on after a reconnect, PREINIT repeats the last, echoes start again at 1', () => {
  const script = voting();
  script.until(3200);
  script.says('echoReply', { msgSeqNumber: 1 });
  script.disconnects('arbiterClosed');
  assert.deepEqual(script.takeTrace().slice(-2), ['cast nack 1.5', 'close']);
  script.until(script.nowMs + 1);
  script.accepts();
  assert.deepEqual(
    script.said.slice(-6).map(({ options }) => options.msgSeqNumber),
    [6, 7, 8, 9, 10, 11],
  );
  script.until(script.nowMs + 3200);
  assert.equal(script.seqOf('echoRequest'), 1);
});

test('an error of the arbiter ends the daemon, vote first', () => {
  const script = voting();
  script.says('serverError', { replyErrorCode: 14 });
  assert.deepEqual(script.takeTrace(), ['cast nack 1.5', 'close', 'exit 1']);
});

for (const code of [15, 16, 17]) {
  test(`INIT refused with ${code} is tried again`, () => {
    const script = new Scripted(FOUR_SECONDS);
    script.nodeList(ring(1, 5n), [1]);
    script.connects();
    script.answersPreinit();
    script.answersInit({ replyErrorCode: code });
    assert.equal(script.exited, undefined);
    assert.ok(script.takeTrace().includes('close'));
    assert.notEqual(script.member.nextDeadlineMs(), undefined);
  });
}

for (const [what, change] of [
  ['another error', { replyErrorCode: 12 }],
  ['another number', { msgSeqNumber: 77 }],
  ['messages too small', { serverMaximumRequestSize: 32_767 }],
  ['messages too large', { serverMaximumReplySize: 16_777_217 }],
  ['messages smaller than any', { serverMaximumReplySize: 5 }],
  ['an algorithm missing', { supportedDecisionAlgorithms: [0, 2, 3] }],
] as const) {
  test(`INIT answered with ${what} ends the daemon`, () => {
    const script = new Scripted(FOUR_SECONDS);
    script.nodeList(ring(1, 5n), [1]);
    script.connects();
    script.answersPreinit();
    script.answersInit(change);
    assert.equal(script.exited, 1);
  });
}

test('required TLS is not stripped by an arbiter that says it has none', () => {
  const script = new Scripted({ ...FOUR_SECONDS, tls: 'required' });
  script.nodeList(ring(1, 5n), [1]);
  script.connects();
  script.answersPreinit('unsupported');
  assert.equal(script.exited, 1);
  assert.ok(!script.takeTrace().includes('init'));
});

test('with TLS, INIT is the first thing said inside', () => {
  const script = new Scripted({ ...FOUR_SECONDS, tls: 'on' });
  script.nodeList(ring(1, 5n), [1]);
  script.connects();
  script.answersPreinit('required');
  assert.deepEqual(script.takeTrace().slice(-2), ['startTls', 'startTls'], 'the message, then the handshake');
  script.feed({ kind: 'secured', link: script.link, certificateSent: true });
  assert.deepEqual(script.takeTrace(), ['init']);
  assert.equal(script.seqOf('init'), 3);
});

const CHECKED = {
  ...FOUR_SECONDS,
  heuristics: {
    mode: 'on' as const,
    intervalMs: 12_000,
    timeoutMs: 2000,
    syncTimeoutMs: 15_000,
    commands: [{ name: 'x', line: '/bin/true' }],
  },
};

test('a vote that comes before the lists were sent is confirmed and not followed', () => {
  const script = new Scripted(CHECKED);
  script.nodeList(ring(1, 5n), [1]);
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.quorum(false);
  script.accepts();
  script.takeTrace();
  script.vote('ack', ring(1, 5n), 1);
  assert.deepEqual(script.takeTrace(), ['voteInfoReply']);
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'fail' });
  assert.equal(script.lastSaid('nodeList').nodeListType, 'quorum');
  assert.equal(
    script.said.findLast(({ options }) => options.nodeListType === 'membership')?.options.heuristics,
    'fail',
  );
});

test('while the heuristics of a new ring run nothing is cast; then the list goes out and the vote waits', () => {
  const script = new Scripted(CHECKED);
  script.nodeList(ring(1, 5n), [1, 2]);
  assert.deepEqual(script.takeTrace(), ['heuristics within 15000'], 'the long limit during a synchronisation');
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.quorum(true);
  script.accepts();
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.vote('ack', ring(1, 5n), 1);
  script.takeTrace();
  script.nodeList(ring(1, 8n), [1]);
  assert.deepEqual(script.takeTrace(), ['heuristics within 15000']);
  script.vote('ack', ring(1, 5n), 2);
  assert.deepEqual(script.takeTrace(), ['voteInfoReply'], 'remembered, confirmed, not cast');
  script.until(5000);
  assert.ok(!script.takeTrace().some((each) => each.startsWith('cast')), 'the timer casts nothing either');
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  assert.deepEqual(script.takeTrace(), ['nodeList']);
  assert.equal(script.member.snapshot(0).vote, 'waitForReply');
  script.vote('ack', ring(1, 5n), 3);
  assert.deepEqual(script.takeTrace(), ['voteInfoReply'], 'for the old ring: out of date');
  script.vote('ack', ring(1, 8n), 4);
  assert.deepEqual(script.takeTrace(), ['cast ack 1.8', 'voteInfoReply']);
});

test('a periodic result is told when it differs from the latest of any kind', () => {
  const script = new Scripted(CHECKED);
  script.nodeList(ring(1, 5n), [1]);
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.quorum(false);
  script.accepts();
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.vote('ack', ring(1, 5n), 1);
  const echo = () => script.says('echoReply', { msgSeqNumber: script.seqOf('echoRequest') });
  const quietly = (untilMs: number) => {
    while (script.nowMs < untilMs) {
      script.until(Math.min(untilMs, script.nowMs + 3200));
      if (script.said.at(-1)?.name === 'echoRequest') echo();
    }
  };
  script.until(3200);
  echo();
  quietly(12_000);
  const first = script.run;
  script.feed({ kind: 'heuristicsDone', run: first, result: 'pass' });
  assert.equal(
    script.said.some(({ name }) => name === 'heuristicsChange'),
    false,
  );
  quietly(24_100);
  assert.notEqual(script.run, first);
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'fail' });
  assert.equal(script.lastSaid('heuristicsChange').heuristics, 'fail');
});

test('a ring that comes while the arbiter is away is answered with a withheld vote at once', () => {
  const script = voting();
  script.disconnects('arbiterClosed');
  script.takeTrace();
  script.nodeList(ring(1, 8n), [1, 2]);
  assert.deepEqual(script.takeTrace(), ['cast nack 1.8']);
});
