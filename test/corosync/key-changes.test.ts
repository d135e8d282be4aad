import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeyChange, KeyChanges } from '../../src/corosync/key-changes.ts';

const RELOADING = 'config.reload_in_progress';
const STATUS = 'config.reload_status';

function told(changes: KeyChanges, ...pushed: readonly (readonly [string, number?])[]): (readonly string[])[] {
  const all = pushed.map(([key, value]): KeyChange => ({ key, value }));
  return all.map((change) => changes.push(change)).filter((keys) => keys !== undefined);
}

const nothingYet = () => undefined;

test('outside a reload every key is told at once', () => {
  const changes = new KeyChanges(nothingYet);
  assert.deepEqual(told(changes, ['logging.debug'], ['logging.debug']), [['logging.debug'], ['logging.debug']]);
});

test('the keys of a good reload are told once, at its end, also when corosync has said "good" before', () => {
  const changes = new KeyChanges(nothingYet);
  const reload = [
    [RELOADING, 1],
    ['nodelist.node.1.name'],
    ['nodelist.local_node_pos'],
    ['nodelist.node.1.name'],
  ] as const;
  assert.deepEqual(told(changes, ...reload, [STATUS, 1]), []);
  assert.deepEqual(told(changes, [RELOADING, 0]), [['nodelist.node.1.name']]);
  assert.deepEqual(told(changes, ...reload, [RELOADING, 0]), [['nodelist.node.1.name']], 'no second status is sent');
});

test('keys that a refused reload deleted wait for the next good one, later changes do not', () => {
  const changes = new KeyChanges((key) => (key === STATUS ? 1 : 0));
  assert.deepEqual(told(changes, [RELOADING, 1], ['quorum.device.votes'], [STATUS, 7], [RELOADING, 0]), []);
  assert.deepEqual(told(changes, ['logging.debug']), [['logging.debug']]);
  assert.deepEqual(told(changes, [RELOADING, 1], [STATUS, 1], [RELOADING, 0]), [['quorum.device.votes']]);
});

test('a reload under way when the daemon comes is recognised', () => {
  const changes = new KeyChanges((key) => (key === RELOADING ? 1 : undefined));
  assert.deepEqual(told(changes, ['logging.debug'], [STATUS, 1], [RELOADING, 0]), [['logging.debug']]);
});

test('a reload that changes nothing of interest is told with no keys', () => {
  assert.deepEqual(told(new KeyChanges(nothingYet), [RELOADING, 1], [STATUS, 1], [RELOADING, 0]), [[]]);
});
