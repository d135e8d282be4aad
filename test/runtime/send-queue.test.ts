/** The limit on what may wait for a peer that does not read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SendQueue } from '../../src/runtime/send-queue.ts';

const TURNS_UNTIL_STALLED = 5;

/** An output that takes everything, or holds every write until it is let go. */
class MemoryOutput {
  readonly writes: number[][] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #prompt: boolean;

  constructor(prompt: boolean) {
    this.#prompt = prompt;
  }

  write(bytes: Uint8Array, done: () => void): boolean {
    this.writes.push([...bytes]);
    if (this.#prompt) setImmediate(done);
    else this.#waiting.push(done);
    return this.#prompt;
  }

  letGo(): void {
    this.#waiting.shift()?.();
  }
}

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await turn();
}

function addAll(queue: SendQueue, count: number): boolean[] {
  return Array.from({ length: count }, (_, at) => queue.add(Uint8Array.of(at)));
}

test('frames of one flush go out with one write, in order', () => {
  const output = new MemoryOutput(true);
  const queue = new SendQueue(output, 4);
  addAll(queue, 3);
  queue.flush();
  queue.flush();
  assert.deepEqual(output.writes, [[0, 1, 2]]);
});

test('a peer that reads may be sent any number at once', async () => {
  const queue = new SendQueue(new MemoryOutput(true), 4);
  for (let round = 0; round < 20; round += 1) {
    assert.equal(addAll(queue, 50).includes(false), false);
    queue.flush();
    await turn();
  }
});

test('what one turn brings in is not held against a peer whose write is not reported done yet', () => {
  const queue = new SendQueue(new MemoryOutput(false), 4);
  for (let round = 0; round < 10; round += 1) {
    assert.equal(addAll(queue, 3).includes(false), false);
    queue.flush();
  }
});

test('a peer that takes nothing has its limit of messages and not one more, until it reads again', async () => {
  const output = new MemoryOutput(false);
  const queue = new SendQueue(output, 4);
  assert.equal(queue.add(Uint8Array.of(0)), true);
  queue.flush();
  await turns(TURNS_UNTIL_STALLED);
  assert.deepEqual(addAll(queue, 5), [true, true, true, false, false]);
  queue.flush();
  await turns(TURNS_UNTIL_STALLED);
  assert.equal(queue.add(Uint8Array.of(9)), false);
  output.letGo();
  assert.equal(queue.add(Uint8Array.of(9)), true);
});

test('during a handshake frames wait, up to the limit, and go out behind it', () => {
  const [plain, secured] = [new MemoryOutput(true), new MemoryOutput(true)];
  const queue = new SendQueue(plain, 2);
  queue.add(Uint8Array.of(1));
  queue.hold();
  // The write of frame 1 is not reported done yet and counts.
  assert.deepEqual([queue.add(Uint8Array.of(2)), queue.add(Uint8Array.of(3))], [true, false]);
  queue.flush();
  assert.deepEqual(plain.writes, [[1]]);
  queue.resume(secured);
  assert.deepEqual(secured.writes, [[2]]);
});
