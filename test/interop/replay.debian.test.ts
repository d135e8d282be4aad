/**
 * The same conversations with Debian's corosync-qnetd and with ours, in the clear: scenarios, the recorded frames, and
 * everything a client can get wrong. What comes back has to be the same, byte for byte. Where it is meant to differ is
 * in differences.debian.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CoreWire } from '../scenarios/core-wire.ts';
import { allCases, clusterNameOf, killsUpstream } from '../scenarios/files.ts';
import { runCase } from '../scenarios/run-case.ts';
import { SocketWire } from '../scenarios/socket-wire.ts';
import type { Conversation } from './conversation.ts';
import { converse } from './conversation.ts';
import type { Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import { ERROR_CONVERSATIONS } from './error-conversations.ts';
import { INIT_CONVERSATIONS, initMatrix } from './init-conversations.ts';
import { conversationOf, expectedAnswers, VECTOR_CONVERSATIONS } from './vector-conversations.ts';

let upstream: Daemon;
let ours: Daemon;

before(async () => {
  [upstream, ours] = await Promise.all([startDaemon('upstream'), startDaemon('ours')]);
});

after(async () => {
  await Promise.all([upstream.stop(), ours.stop()]);
});

/** Below the listen backlog and the status clients of a daemon, which are 10. */
const AT_ONCE = { concurrency: 6 };

describe('scenarios', AT_ONCE, () => {
  for (const scenario of allCases().filter((each) => !killsUpstream(each))) {
    const name = clusterNameOf(scenario);
    test(name, async () => {
      const [theirs, own] = await Promise.all(
        [upstream, ours].map((daemon) => runCase(scenario, new SocketWire(daemon), name)),
      );
      const recorded = scenario.commands.map(({ line, text: command, outcome }) => ({ line, command, outcome }));
      const shown = theirs?.map(({ line, command, outcome }) => ({ line, command, outcome }));
      assert.deepEqual(shown, recorded, 'upstream does what is recorded');
      assert.deepEqual(own, theirs, 'ours does what upstream does');
    });
  }
});

async function sameOnBoth(conversation: Conversation): Promise<void> {
  const cluster = `conversation: ${conversation.title}`;
  const theirs = await converse(conversation, new SocketWire(upstream), cluster);
  assert.deepEqual(await converse(conversation, new CoreWire(), cluster), theirs, 'the core says what upstream says');
  assert.deepEqual(await converse(conversation, new SocketWire(ours), cluster), theirs, 'ours says what upstream says');
}

/** One after the other: all of them speak for the same cluster. */
describe('recorded frames', () => {
  for (const vector of VECTOR_CONVERSATIONS) {
    test(vector.title, async () => {
      for (const daemon of [upstream, ours]) {
        const turns = await converse(conversationOf(vector), new SocketWire(daemon), 'labcluster');
        assert.deepEqual(
          turns.map(({ received }) => received),
          expectedAnswers(vector),
        );
      }
    });
  }
});

describe('what does not fit', AT_ONCE, () => {
  for (const conversation of [...INIT_CONVERSATIONS, ...ERROR_CONVERSATIONS]) {
    test(conversation.title, () => sameOnBoth(conversation));
  }
});

test('INIT with every combination of missing and bad options', async () => {
  for (const conversation of initMatrix()) await sameOnBoth(conversation);
});
