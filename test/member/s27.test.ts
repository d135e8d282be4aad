/**
 * The node's halves of lms, 2nodelms and test, with an arbiter that is scripted: S27 as recorded from corosync-qdevice
 * 3.0.3 (`upstream`), and what holds instead by default (`strict`). T is 4 s: a heartbeat of 3.2 s, a cast every 2 s.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DISCONNECT, type DisconnectReason } from '../../src/member/disconnect-reasons.ts';
import { derivedTimes, type MemberSettings, type VoteSafety } from '../../src/member/settings.ts';
import type { DecisionAlgorithm } from '../../src/protocol/enums.ts';
import { ring, Scripted } from './scripted.ts';

const RING = ring(1, 5n);
const NEXT_RING = ring(1, 9n);

interface Kind {
  readonly name: string;
  readonly algorithm: DecisionAlgorithm;
  readonly voteSafety: VoteSafety;
  readonly waitForAll?: true;
}

const KINDS: readonly Kind[] = [
  { name: 'lms', algorithm: 'lms', voteSafety: 'upstream' },
  { name: 'lms + wait_for_all', algorithm: 'lms', voteSafety: 'upstream', waitForAll: true },
  { name: '2nodelms', algorithm: 'twoNodeLms', voteSafety: 'upstream' },
  { name: 'test', algorithm: 'test', voteSafety: 'upstream' },
  { name: 'strict lms', algorithm: 'lms', voteSafety: 'strict' },
  { name: 'strict lms + wait_for_all', algorithm: 'lms', voteSafety: 'strict', waitForAll: true },
  { name: 'strict 2nodelms', algorithm: 'twoNodeLms', voteSafety: 'strict' },
  { name: 'strict test', algorithm: 'test', voteSafety: 'strict' },
];

function start({ algorithm, voteSafety, waitForAll }: Kind): Scripted {
  const times = { timeoutMs: 4_000, ...derivedTimes(4_000), connectTimeoutMs: 3_200 };
  const settings: Partial<MemberSettings> = { ...times, algorithm, voteSafety };
  const script = new Scripted(settings, waitForAll === true);
  script.nodeList(RING, [1]);
  script.quorum(false);
  return script;
}

/** Quorate by the arbiter's vote, which it gives in its answer to the list as lms and 2nodelms do. */
function voting(kind: Kind): Scripted {
  const script = start(kind);
  script.accepts();
  script.says('nodeListReply', {
    msgSeqNumber: script.seqOf('nodeList'),
    nodeListType: 'membership',
    ringId: RING,
    vote: 'ack',
  });
  script.quorum(true);
  script.takeTrace();
  return script;
}

const casts = (script: Scripted): string[] => script.takeTrace().filter((each) => each.startsWith('cast'));

/** The names of the kinds of which it holds. */
const holdsFor = (holds: (kind: Kind) => boolean): string[] => KINDS.filter(holds).map(({ name }) => name);

const STRICT = ['strict lms', 'strict lms + wait_for_all', 'strict 2nodelms', 'strict test'];

test('never connected: all but 2nodelms and test withhold aloud from the first failed attempt on', () => {
  const withheld = holdsFor((kind) => {
    const script = start(kind);
    script.takeTrace();
    script.disconnects('connectFailed');
    const said = casts(script);
    assert.ok(said.length === 0 || said.join() === 'cast nack 1.5');
    return said.length > 0;
  });
  assert.deepEqual(withheld, ['lms', 'lms + wait_for_all', ...STRICT]);
});

test('the arbiter closes and stays away for 15 s: who keeps the vote it has', () => {
  const kept = holdsFor((kind) => {
    const script = voting(kind);
    script.disconnects('arbiterClosed');
    const first = casts(script);
    script.until(15_000);
    const later = new Set(casts(script));
    assert.equal(later.size, 1, 'the vote goes on being said, the same every time');
    assert.deepEqual(first, later.has('cast ack 1.5') ? [] : ['cast nack 1.5']);
    return later.has('cast ack 1.5');
  });
  assert.deepEqual(kept, ['lms + wait_for_all', '2nodelms', 'test']);
});

describe('a kept vote does not outlive a change that the arbiter has not judged', () => {
  const CHANGES: Readonly<Record<string, (script: Scripted) => void>> = {
    'a new ring': (script) => script.nodeList(NEXT_RING, [1, 2]),
    quorum: (script) => script.quorum(false),
  };
  for (const kind of KINDS.slice(1, 4)) {
    for (const [what, change] of Object.entries(CHANGES)) {
      test(`${what}, ${kind.name}`, () => {
        const script = voting(kind);
        script.disconnects('arbiterClosed');
        script.takeTrace();
        change(script);
        assert.match(casts(script)[0] ?? '', /^cast nack/);
      });
    }
  }
});

test('lms with wait_for_all that is not quorate keeps nothing', () => {
  const script = voting({ name: '', algorithm: 'lms', voteSafety: 'upstream', waitForAll: true });
  script.quorum(false);
  script.disconnects('arbiterClosed');
  assert.deepEqual(casts(script), ['cast nack 1.5']);
});

test('heartbeats unanswered: who leaves the link, when, and with which last words to corosync', () => {
  const seen = KINDS.map((kind) => {
    const script = voting(kind);
    const left = (): boolean => script.reports.some(({ what }) => what === 'disconnected');
    for (let ms = 3_200; ms <= 20_000 && !left(); ms += 1) script.until(ms);
    const last = casts(script).at(-1);
    const echoes = script.said.filter(({ name }) => name === 'echoRequest').length;
    return [kind.name, left() ? script.nowMs : 'stays', last, echoes];
  });
  assert.deepEqual(seen, [
    ['lms', 6_400, 'cast nack 1.5', 1],
    ['lms + wait_for_all', 'stays', 'cast ack 1.5', 1],
    ['2nodelms', 6_400, 'cast ack 1.5', 1],
    ['test', 6_400, 'cast ack 1.5', 1],
    // One heartbeat after INIT, the last thing known to be heard; the first was sent and a farewell, to nobody's ears.
    ['strict lms', 3_200, 'cast nack 1.5', 2],
    ['strict lms + wait_for_all', 3_200, 'cast nack 1.5', 2],
    ['strict 2nodelms', 3_200, 'cast nack 1.5', 2],
    ['strict test', 3_200, 'cast nack 1.5', 2],
  ]);
});

test('connected again to an arbiter that only says wait: nothing is cast, or the vote is withheld after 3.2 s', () => {
  const withheld = holdsFor((kind) => {
    const script = voting(kind);
    script.disconnects('arbiterClosed');
    script.until(script.nowMs + 1);
    script.accepts();
    script.says('nodeListReply', { msgSeqNumber: 9, nodeListType: 'membership', ringId: RING, vote: 'waitForReply' });
    script.takeTrace();
    const answer = (): void => {
      if (script.said.at(-1)?.name === 'echoRequest') {
        script.says('echoReply', { msgSeqNumber: script.seqOf('echoRequest') });
      }
    };
    for (let ms = script.nowMs; ms < 12_000; ms += 100) {
      script.until(ms);
      answer();
    }
    const said = new Set(casts(script));
    assert.ok(!said.has('cast ack 1.5'));
    return said.has('cast nack 1.5');
  });
  assert.deepEqual(withheld, STRICT);
});

test('an error of the arbiter ends the daemon, except with lms', () => {
  const exits = holdsFor((kind) => {
    const script = voting(kind);
    script.says('serverError', { replyErrorCode: 14 });
    return script.exited === 1;
  });
  assert.deepEqual(exits, ['2nodelms', 'test', 'strict 2nodelms', 'strict test']);
});

test('a stop ends every daemon well, and who withholds the vote first', () => {
  const withheld = holdsFor((kind) => {
    const script = voting(kind);
    script.feed({ kind: 'stop' });
    assert.equal(script.exited, 0);
    return casts(script).join() === 'cast nack 1.5';
  });
  assert.deepEqual(withheld, ['lms', ...STRICT]);
});

test('lms tries again whatever it was, unless corosync or somebody else asked for the end', () => {
  let reason: DisconnectReason;
  const ended: DisconnectReason[] = [];
  for (reason in DISCONNECT) {
    const script = voting({ name: '', algorithm: 'lms', voteSafety: 'strict' });
    script.member.disconnect(reason, '');
    if (script.member.nextDeadlineMs() === undefined) ended.push(reason);
  }
  assert.deepEqual(ended, ['castFailed', 'stopped']);
});
