/** The bridge with a scripted core and links that only remember. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Effect } from '../../src/arbiter/effects.ts';
import type { ArbiterEvent } from '../../src/arbiter/events.ts';
import { type Core, Driver } from '../../src/qnetd/driver.ts';
import { memoryRecords } from '../../src/qnetd/records.ts';
import type { LinkPort } from '../../src/qnetd/run-effects.ts';

class MemoryLink implements LinkPort {
  readonly done: string[] = [];
  full = false;

  send(frame: Uint8Array): boolean {
    this.done.push(this.full ? 'dropped' : `queued ${frame.join(',')}`);
    return !this.full;
  }

  startTls(alreadyRead: Uint8Array): void {
    this.done.push(`tls ${alreadyRead.join(',')}`);
  }

  flush(): void {
    this.done.push('flushed');
  }

  pauseReading(): void {
    this.done.push('paused');
  }

  resumeReading(): void {
    this.done.push('resumed');
  }

  close(): void {
    this.done.push('closed');
  }
}

interface Stage {
  readonly driver: Driver;
  readonly links: readonly [MemoryLink, MemoryLink];
  readonly seen: ArbiterEvent[];
  readonly failures: unknown[];
  readonly overflows: [number, number][];
}

/** Two connected clients, 1 and 2, and a core that answers with `script`. */
function stage(
  script: (event: ArbiterEvent) => Effect[],
  nextDeadlineMs: () => number | undefined = () => undefined,
  report: () => void = () => undefined,
) {
  const seen: ArbiterEvent[] = [];
  const failures: unknown[] = [];
  const overflows: [number, number][] = [];
  const core: Core = {
    handle: (event) => {
      seen.push(event);
      return event.kind === 'connected' ? [] : script(event);
    },
    nextDeadlineMs,
  };
  const driver = new Driver({
    core,
    nowMs: () => performance.now(),
    report,
    records: memoryRecords(),
    overflowed: (blame, to) => overflows.push([blame, to]),
    failed: (error) => failures.push(error),
  });
  const links = [new MemoryLink(), new MemoryLink()] as const;
  driver.connected(1, 'a', links[0]);
  driver.connected(2, 'b', links[1]);
  return { driver, links, seen, failures, overflows } satisfies Stage;
}

const send = (to: number, byte: number): Effect => ({ kind: 'send', to, bytes: Uint8Array.of(byte), blame: 1 });
const bytes = (client: number): ArbiterEvent => ({ kind: 'bytes', client, bytes: Uint8Array.of(0) });

test('effects run in order, and what is sent to one link during an event is flushed once at its end', () => {
  const { driver, links } = stage(() => [send(1, 1), send(2, 2), send(1, 3)]);
  driver.feed(bytes(1));
  assert.deepEqual(links[0].done, ['queued 1', 'queued 3', 'flushed']);
  assert.deepEqual(links[1].done, ['queued 2', 'flushed']);
});

test('the log comes after what the nodes wait for', () => {
  const unstable: Effect = { kind: 'report', report: { what: 'unstable', cluster: 'a' } };
  const doneBefore: string[][] = [];
  const { driver, links } = stage(
    () => [unstable, send(1, 1)],
    () => undefined,
    () => doneBefore.push([...links[0].done]),
  );
  driver.feed(bytes(1));
  assert.deepEqual(doneBefore, [['queued 1', 'flushed']]);
});

test('over-read bytes travel with startTls', () => {
  const { driver, links } = stage(() => [{ kind: 'startTls', on: 1, alreadyRead: Uint8Array.of(22, 3) }]);
  driver.feed(bytes(1));
  assert.deepEqual(links[0].done, ['tls 22,3']);
});

test('a closed link gets nothing any more and nothing is heard of it', () => {
  const { driver, links, seen } = stage((event) =>
    event.kind === 'bytes' ? [{ kind: 'close', on: 1 }, send(1, 9)] : [],
  );
  driver.feed(bytes(1));
  driver.disconnected(1, 'late');
  assert.deepEqual(links[0].done, ['closed']);
  assert.equal(
    seen.some(({ kind }) => kind === 'disconnected'),
    false,
  );
});

test('a full queue closes the client to blame, once, after the effects of the event are done', () => {
  const { driver, links, seen, overflows } = stage((event) =>
    event.kind === 'bytes' ? [send(2, 1), send(2, 2), send(1, 3)] : [],
  );
  links[1].full = true;
  driver.feed(bytes(1));
  assert.deepEqual(links[0].done, ['closed']);
  assert.deepEqual(links[1].done, ['dropped', 'dropped']);
  assert.deepEqual(overflows, [[1, 2]]);
  assert.deepEqual(
    seen.slice(2).map((event) => event.kind),
    ['bytes', 'disconnected'],
  );
});

test('an event raised while effects run waits for their end', () => {
  const order: string[] = [];
  const staged: Stage = stage((event) => {
    order.push(event.kind);
    return event.kind === 'bytes' ? [{ kind: 'startTls', on: 1, alreadyRead: new Uint8Array() }, send(2, 1)] : [];
  });
  staged.links[0].startTls = () => {
    staged.driver.disconnected(1, 'the handshake cannot start');
    order.push('startTls returned');
  };
  staged.links[1].flush = () => order.push('flushed');
  staged.driver.feed(bytes(1));
  assert.deepEqual(order, ['bytes', 'startTls returned', 'flushed', 'disconnected']);
});

test('the core is woken at the moment it named', async () => {
  let woken = (): void => undefined;
  const waking = new Promise<void>((resolve) => {
    woken = resolve;
  });
  const dueMs = performance.now() + 20;
  let due: number | undefined = dueMs;
  const { driver } = stage(
    (event) => {
      if (event.kind === 'tick' && performance.now() >= dueMs) {
        due = undefined;
        woken();
      }
      return [];
    },
    () => due,
  );
  driver.feed(bytes(1));
  await waking;
  driver.stop();
});

test('a failing core is told of once and fed no more', () => {
  const { driver, seen, failures, links } = stage(() => {
    throw new Error('a defect');
  });
  driver.feed(bytes(1));
  driver.feed(bytes(2));
  driver.connected(3, 'c', links[0]);
  assert.equal(failures.length, 1);
  assert.equal(seen.length, 3);
  assert.deepEqual(links[0].done, ['closed']);
});
