/** What becomes of a list of effects when corosync does not take a vote, and of events that come in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Effect } from '../../src/member/effects.ts';
import type { MemberEvent } from '../../src/member/events.ts';
import { Driver } from '../../src/qdevice/driver.ts';

const RING = { nodeId: 1, seq: 5n };
const cast = { kind: 'castVote', ringId: RING, cast: false } as const;
const send = { kind: 'send', link: 1, bytes: Uint8Array.of(1) } as const;

interface Stage {
  readonly driver: Driver;
  readonly done: string[];
  readonly events: string[];
}

/** `answers` are the effects of each kind of event. */
function stage(answers: Readonly<Partial<Record<MemberEvent['kind'], readonly Effect[]>>>, castFails = false): Stage {
  const done: string[] = [];
  const events: string[] = [];
  const driver: Driver = new Driver({
    core: {
      handle: (event) => {
        events.push(event.kind);
        return answers[event.kind] ?? [];
      },
      nextDeadlineMs: () => undefined,
    },
    nowMs: () => 0,
    ports: {
      connect: (link) => {
        done.push(`connect ${link}`);
        return {
          send: () => done.push('send'),
          startTls: () => done.push('startTls'),
          flush: () => done.push('flush'),
          close: () => done.push('close'),
        };
      },
      castVote: () => {
        done.push('cast');
        if (castFails) throw new Error('no');
        return true;
      },
      runHeuristics: () => done.push('run'),
      abandonHeuristics: () => done.push('abandon'),
      report: () => done.push('report'),
      exit: (code) => done.push(`exit ${code}`),
    },
    failed: (error) => done.push(`failed ${String(error)}`),
  });
  return { driver, done, events };
}

test('a vote is cast before its confirmation leaves', () => {
  const { driver, done } = stage({ tick: [{ kind: 'connect', link: 1 }], bytes: [cast, send, send] });
  driver.feed({ kind: 'tick', jitter: 0 });
  driver.feed({ kind: 'bytes', link: 1, bytes: new Uint8Array() });
  assert.deepEqual(done, ['connect 1', 'cast', 'send', 'send', 'flush']);
});

test('what says that a vote was taken is said only if it was', () => {
  const farewell = { ...send, ifCast: true } as const;
  const { driver, done } = stage({ tick: [{ kind: 'connect', link: 1 }, farewell], bytes: [cast, farewell] });
  driver.feed({ kind: 'tick', jitter: 0 });
  driver.feed({ kind: 'bytes', link: 1, bytes: new Uint8Array() });
  assert.deepEqual(done, ['connect 1', 'cast', 'send', 'flush']);
});

test('the log comes after what others wait for, and before the end', () => {
  const report = { kind: 'report', report: { what: 'connecting' } } as const;
  const { driver, done } = stage({
    tick: [{ kind: 'connect', link: 1 }],
    bytes: [report, send, cast],
    stop: [report, { kind: 'exit', code: 0 }],
  });
  driver.feed({ kind: 'tick', jitter: 0 });
  driver.feed({ kind: 'bytes', link: 1, bytes: new Uint8Array() });
  driver.feed({ kind: 'stop' });
  assert.deepEqual(done, ['connect 1', 'send', 'cast', 'flush', 'report', 'report', 'exit 0']);
});

test('a vote that cannot be cast ends the list and is told at once, ahead of what waits', () => {
  const answers = { tick: [{ kind: 'connect', link: 1 } as const], bytes: [cast, send] };
  const { driver, done, events } = stage(answers, true);
  driver.feed({ kind: 'tick', jitter: 0 });
  driver.feed({ kind: 'bytes', link: 1, bytes: new Uint8Array() });
  assert.deepEqual(done, ['connect 1', 'cast']);
  assert.deepEqual(events, ['tick', 'bytes', 'castFailed']);
});

test('on the way out nothing is left undone because of it', () => {
  const leaving = [cast, { kind: 'close', link: 1 }, { kind: 'exit', code: 1 }] as const;
  const { driver, done, events } = stage({ stop: leaving }, true);
  driver.feed({ kind: 'stop' });
  assert.deepEqual(done, ['cast', 'exit 1']);
  assert.deepEqual(events, ['stop']);
});

test('what a closed attempt still says is not heard, and a stopped driver closes and feeds nothing', () => {
  const { driver, done, events } = stage({
    tick: [{ kind: 'connect', link: 1 }],
    quorum: [{ kind: 'close', link: 1 }],
    expectedVotes: [{ kind: 'connect', link: 2 }],
  });
  driver.feed({ kind: 'tick', jitter: 0 });
  driver.feed({ kind: 'quorum', quorate: true, nodes: [] });
  driver.disconnected(1, 'arbiterClosed', '');
  driver.feed({ kind: 'expectedVotes', votes: 3 });
  driver.stop();
  driver.feed({ kind: 'stop' });
  assert.deepEqual(done, ['connect 1', 'close', 'connect 2', 'close']);
  assert.deepEqual(events, ['tick', 'quorum', 'expectedVotes']);
});
