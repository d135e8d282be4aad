import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advancedSettings, onOff, wholeNumber } from '../../src/runtime/advanced-settings.ts';

/** Ranges and texts are held against Debian's daemon in test/cli/corosync-qnetd.debian.test.ts. */
const groups = (name: string) => (name === 'haclient' ? 90 : undefined);

test('values come out typed, a later one wins', () => {
  const { settings, warnings, problem } = advancedSettings(
    'Listen_Backlog=7,dpd_enabled=no,dpd_interval_coefficient=2.5,lock_file=/a=b,listen_backlog=8,dpd_interval=3',
    groups,
  );
  assert.equal(problem, undefined);
  assert.deepEqual(warnings, ["Option 'dpd_interval' is deprecated and has no effect anymore"]);
  assert.deepEqual(settings, {
    listen_backlog: 8,
    dpd_enabled: false,
    dpd_interval_coefficient: 2.5,
    lock_file: '/a=b',
  });
});

test('the socket mask is octal, empty leaves it alone', () => {
  const umask = (text: string) => advancedSettings(`local_socket_umask=${text}`, groups);
  assert.equal(umask('077').settings.local_socket_umask, 0o077);
  assert.equal(umask('777').settings.local_socket_umask, 0o777);
  assert.equal(umask('0').settings.local_socket_umask, 0);
  assert.equal(umask('').settings.local_socket_umask, 'unchanged');
  for (const bad of ['8', '1000', '-1', 'x', '07 ', '0o7']) {
    assert.equal(umask(bad).problem, `Invalid value '${bad}' for option 'local_socket_umask'`);
  }
});

test('the socket group is a name or a number, empty or -1 leaves it alone', () => {
  const gid = (text: string) => advancedSettings(`local_socket_gid=${text}`, groups);
  assert.equal(gid('haclient').settings.local_socket_gid, 90);
  assert.equal(gid('0').settings.local_socket_gid, 0);
  assert.equal(gid('').settings.local_socket_gid, 'unchanged');
  assert.equal(gid('-1').settings.local_socket_gid, 'unchanged');
  for (const bad of ['nosuchgroup', '4294967295', '99999999999']) assert.notEqual(gid(bad).problem, undefined, bad);
});

test('what stands before a mistake is still told', () => {
  const { settings, warnings, problem } = advancedSettings(
    'listen_backlog=7,dpd_interval,nonsense=1,ipc_max_clients=3',
    groups,
  );
  assert.equal(problem, "Unknown option 'nonsense'");
  assert.deepEqual(settings, { listen_backlog: 7 });
  assert.equal(warnings.length, 1);
});

test('numbers are those of strtoll, words those of upstream', () => {
  assert.equal(wholeNumber(' \t+12'), 12n);
  assert.equal(wholeNumber('-9223372036854775808'), -(2n ** 63n));
  for (const bad of ['', ' ', '1 ', '1x', '0x1', '--1', '9223372036854775808', '-9223372036854775809', '\u00a05']) {
    assert.equal(wholeNumber(bad), undefined, bad);
  }
  assert.deepEqual(['on', 'YES', '1', 'off', 'No', '0', 'true'].map(onOff), [
    true,
    true,
    true,
    false,
    false,
    false,
    undefined,
  ]);
});
