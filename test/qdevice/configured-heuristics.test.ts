/** The heuristics section: modes, times and commands. What upstream does with each was tried with 3.0.3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfiguration, rereadConfiguration } from '../../src/qdevice/configuration.ts';
import { DEFAULT_QDEVICE_OPTIONS } from '../../src/qdevice/options.ts';
import { type Changes, fakeCorosync } from './fake-corosync.ts';

function read(section: Changes) {
  const changes = Object.fromEntries(
    Object.entries(section).map(([key, value]) => [`quorum.device.heuristics.${key}`, value]),
  );
  const { settings, notes } = readConfiguration(fakeCorosync(changes), DEFAULT_QDEVICE_OPTIONS);
  return { ...settings.heuristics, notes };
}

test('modes in any case, commands in the order of their names', () => {
  const commands = { exec_b: '/bin/true b', exec_a: '/bin/true a' };
  for (const [mode, expected] of [
    ['on', 'on'],
    ['YES', 'on'],
    ['1', 'on'],
    ['Sync', 'sync'],
  ]) {
    const heuristics = read({ mode, ...commands });
    assert.equal(heuristics.mode, expected);
    assert.deepEqual(heuristics.commands, [
      { name: 'a', line: '/bin/true a' },
      { name: 'b', line: '/bin/true b' },
    ]);
    assert.deepEqual(heuristics.notes, []);
  }
  for (const mode of ['off', 'No', undefined]) assert.deepEqual(read({ mode, ...commands }).commands, []);
});

test('times of its own', () => {
  const { timeoutMs, syncTimeoutMs, intervalMs } = read({
    timeout: '1000',
    sync_timeout: '120000',
    interval: '3600000',
  });
  assert.deepEqual([timeoutMs, syncTimeoutMs, intervalMs], [1_000, 120_000, 3_600_000]);
});

test('keys that name no command are noted and passed over', () => {
  const wrong: Changes = { 'exec_a.b': '/bin/true', exec_: '/bin/true', exec_n: 5 };
  const { mode, commands, notes } = read({ mode: 'on', exec_ok: '/bin/true', ...wrong });
  assert.equal(mode, 'on');
  assert.deepEqual(commands, [{ name: 'ok', line: '/bin/true' }]);
  assert.deepEqual(
    notes.map(({ level, text }) => [level, text.split(' ', 1)[0]]),
    Object.keys(wrong)
      .map((key) => ['warn', `quorum.device.heuristics.${key}`])
      .sort(([, one = ''], [, other = '']) => (one < other ? -1 : 1)),
  );
});

test('no command and too many commands switch heuristics off', () => {
  const none = read({ mode: 'on' });
  assert.deepEqual([none.mode, none.commands, none.notes[0]?.level], ['off', [], 'info']);
  const names = Array.from({ length: 33 }, (_, at) => [`exec_${at}`, '/bin/true'] as const);
  const many = read({ mode: 'on', ...Object.fromEntries(names) });
  assert.deepEqual([many.mode, many.commands, many.notes[0]?.level], ['off', [], 'error']);
  assert.match(many.notes[0]?.text ?? '', /^33 heuristics commands are more than the 32 allowed/);
  assert.equal(read({ mode: 'on', ...Object.fromEntries(names.slice(1)) }).commands.length, 32);
});

test('a command without a word is refused', () => {
  for (const line of ['', ' ', '""', '"" /bin/true', '\n']) {
    const source = fakeCorosync({ 'quorum.device.heuristics.mode': 'on', 'quorum.device.heuristics.exec_x': line });
    const found = rereadConfiguration(source, DEFAULT_QDEVICE_OPTIONS);
    const problem = 'problem' in found ? found.problem : '';
    assert.match(problem, /^quorum\.device\.heuristics\.exec_x is .*, and must be a command with its arguments\.$/);
  }
});
