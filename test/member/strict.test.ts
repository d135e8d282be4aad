/**
 * What a node promises an arbiter in `strict` mode: how long its vote can count after its last message, whatever befalls
 * it. T is 10 s, so an interval is 8 s, a heartbeat leaves every 2.666 s, a vote is cast on a word of at most 2 s.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { derivedTimes } from '../../src/member/settings.ts';
import { ring, Scripted } from './scripted.ts';

const RING = ring(1, 5n);
const EVERY_MS = 2_666;
const CAST_EVERY_MS = 5_000;
const BOUND_MS = 12_000;

function voting(): Scripted {
  const script = new Scripted();
  script.nodeList(RING, [1]);
  script.quorum(true);
  script.accepts();
  script.vote('ack', RING, 1);
  return script;
}

const answer = (script: Scripted): void => script.says('echoReply', { msgSeqNumber: script.seqOf('echoRequest') });
const acks = (script: Scripted): number => script.takeTrace().filter((each) => each.startsWith('cast ack')).length;

test('the bound is told with INIT, and again when it changes; in upstream mode nobody hears of it', () => {
  const script = voting();
  assert.equal(script.lastSaid('init').castBoundMs, BOUND_MS);
  assert.equal(script.lastSaid('setOption').castBoundMs, undefined);
  script.feed({ kind: 'settings', settings: { ...script.member.settings, timeoutMs: 5_000, ...derivedTimes(5_000) } });
  assert.equal(script.lastSaid('setOption').castBoundMs, 6_000);
  assert.equal(script.lastSaid('setOption').heartbeatIntervalMs, 4_000);

  const upstream = new Scripted({ voteSafety: 'upstream' });
  upstream.nodeList(RING, [1]);
  upstream.accepts();
  upstream.feed({ kind: 'stop' });
  assert.ok(upstream.said.every(({ options }) => options.castBoundMs === undefined));
  assert.ok(upstream.said.every(({ options }) => options.voteWithdrawn === undefined));
});

test('a bound that changes before the lists are sent is told with them', () => {
  const commands = [{ name: 'x', line: '/bin/true' }];
  const heuristics = { mode: 'sync', intervalMs: 30_000, timeoutMs: 5_000, syncTimeoutMs: 15_000, commands } as const;
  const script = new Scripted({ heuristics });
  script.nodeList(RING, [1]);
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.accepts();
  script.feed({
    kind: 'settings',
    settings: { ...script.member.settings, timeoutMs: 20_000, ...derivedTimes(20_000) },
  });
  assert.ok(!script.said.some(({ name }) => name === 'setOption'));
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  assert.equal(script.lastSaid('setOption').castBoundMs, 24_000);
});

test('a longer bound is used only when the arbiter has heard of it', () => {
  const script = voting();
  script.until(EVERY_MS);
  answer(script);
  script.takeTrace();
  script.feed({
    kind: 'settings',
    settings: { ...script.member.settings, timeoutMs: 20_000, ...derivedTimes(20_000) },
  });
  script.vote('ack', RING, 2);
  assert.deepEqual(script.takeTrace(), ['setOption', 'echoRequest', 'voteInfoReply'], 'asked, not cast');
  answer(script);
  assert.equal(acks(script), 1);
});

test('every answer repeats the vote, and nothing else does', () => {
  const script = voting();
  script.takeTrace();
  for (let beat = 1; beat <= 10; beat += 1) {
    script.until(beat * EVERY_MS);
    assert.deepEqual(script.takeTrace(), ['echoRequest']);
    answer(script);
    assert.deepEqual(script.takeTrace(), ['cast ack 1.5']);
  }
});

test('between two heartbeats nothing wants to wake the process', () => {
  const script = voting();
  script.until(EVERY_MS);
  answer(script);
  for (let beat = 2; beat <= 10; beat += 1) {
    script.until(beat * EVERY_MS);
    assert.equal(script.member.nextDeadlineMs(), (beat + 1) * EVERY_MS, 'sent');
    answer(script);
    assert.equal(script.member.nextDeadlineMs(), (beat + 1) * EVERY_MS, 'answered');
  }
});

test('a vote that is taken away is repeated within an interval, however late the one before was to be', () => {
  const script = voting();
  script.until(EVERY_MS);
  answer(script);
  script.vote('nack', RING, 2);
  script.takeTrace();
  script.until(EVERY_MS + CAST_EVERY_MS);
  assert.equal(script.takeTrace().filter((each) => each.startsWith('cast nack')).length, 1);
});

test('a grant on an old word is asked about before it is cast', () => {
  const script = voting();
  script.vote('nack', RING, 2);
  script.until(EVERY_MS);
  answer(script);
  script.until(EVERY_MS + 2_001);
  script.takeTrace();
  script.vote('ack', RING, 3);
  assert.deepEqual(script.takeTrace(), ['echoRequest', 'voteInfoReply']);
  answer(script);
  assert.deepEqual(script.takeTrace(), ['cast ack 1.5']);
});

test('an answer that took too long is no young word: the arbiter is asked again', () => {
  const script = voting();
  script.until(EVERY_MS);
  script.until(EVERY_MS + 2_001);
  script.takeTrace();
  answer(script);
  assert.deepEqual(script.takeTrace(), ['echoRequest']);
  answer(script);
  assert.deepEqual(script.takeTrace(), ['cast ack 1.5']);
});

test('silence is left one interval after the last thing that was heard, vote first, with a farewell', () => {
  const script = voting();
  script.until(EVERY_MS);
  answer(script);
  script.until(EVERY_MS + 7_999);
  assert.ok(!script.takeTrace().includes('close'));
  script.until(EVERY_MS + 8_000);
  assert.deepEqual(script.takeTrace().slice(0, 3), ['cast nack 1.5', 'farewell', 'close']);
});

test('a process that stood still casts nothing before it withdraws the vote', () => {
  const script = voting();
  script.takeTrace();
  script.nowMs = 60_000;
  script.feed({ kind: 'tick', jitter: 0 });
  assert.deepEqual(script.takeTrace().slice(0, 3), ['cast nack 1.5', 'farewell', 'close']);
});

test('a grant found in the socket after standing still is not cast either', () => {
  const script = voting();
  script.vote('nack', RING, 2);
  script.takeTrace();
  script.nowMs = 7_000;
  script.vote('ack', RING, 3);
  assert.deepEqual(script.takeTrace(), ['echoRequest', 'voteInfoReply']);
});

test('nobody is told a farewell where the arbiter closed, or corosync refused the vote', () => {
  for (const end of ['arbiterClosed', 'castFailed'] as const) {
    const script = voting();
    script.takeTrace();
    if (end === 'castFailed') script.feed({ kind: 'castFailed', detail: '' });
    else script.disconnects(end);
    const farewells = script.takeTrace().filter((each) => each === 'farewell');
    // Of a refused vote the farewell is in the list, and the shell leaves it out: nothing was cast before it.
    assert.equal(farewells.length, end === 'castFailed' ? 1 : 0);
  }
});

/** What happens next, and after how long. */
const anyHappening = fc.record({
  afterMs: fc.integer({ min: 0, max: 4_000 }),
  what: fc.constantFrom('answer', 'ack', 'nack', 'ring', 'stall', 'close', 'accept', 'wait'),
});

test('whatever happens, corosync counts the vote no longer than the bound after the last message it answered for', () => {
  fc.assert(
    fc.property(fc.array(anyHappening, { maxLength: 60 }), (happenings) => {
      const script = voting();
      script.takeTrace();
      let seq = 2n;
      let ringId = RING;
      /** The arbiter has certainly heard what was sent then. */
      let heardMs = 0;
      const sentMs: number[] = [];
      const check = (): void => {
        const said = script.said.filter(({ name }) => name === 'echoRequest').length;
        while (sentMs.length < said) sentMs.push(script.nowMs);
        if (acks(script) === 0) return;
        assert.ok(script.nowMs + 10_000 <= heardMs + BOUND_MS, `cast at ${script.nowMs}, heard ${heardMs}`);
      };
      for (const { afterMs, what } of happenings) {
        if (what === 'stall') script.nowMs += afterMs * 4;
        else script.until(script.nowMs + afterMs);
        check();
        const link = script.member.link;
        if (what === 'answer' && link?.heartbeat?.answered === false) {
          heardMs = Math.max(heardMs, sentMs.at(-1) ?? 0);
          answer(script);
        } else if ((what === 'ack' || what === 'nack') && script.member.isReady) {
          heardMs = Math.max(heardMs, link?.lastSentRing?.sentMs ?? 0);
          seq += 1n;
          script.vote(what, ringId, Number(seq));
        } else if (what === 'ring') {
          ringId = ring(1, seq + 100n);
          seq += 1n;
          script.nodeList(ringId, [1]);
        } else if (what === 'close' && link !== undefined) {
          script.disconnects('arbiterClosed');
        } else if (what === 'accept' && link?.state === 'connecting') {
          heardMs = Math.max(heardMs, script.nowMs);
          script.accepts();
        }
        check();
      }
    }),
    { numRuns: 300 },
  );
});
