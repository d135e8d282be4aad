/** Our reading of the daemon's switches beside Debian's daemon: what one refuses the other refuses with the same words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../src/cli/command-result.ts';
import { corosyncQnetdCommandLine } from '../../src/cli/corosync-qnetd.ts';
import { runProgram } from './beside-debian.ts';

/** A port that both refuse: an argument in front of it that is accepted ends in this, and no daemon ever starts. */
const STOP_HERE = ['-p', '0'];
const STOPPED = 'corosync-qnetd: host port must be in range 1-65535\n';

const debian = (args: readonly string[]) => runProgram('/usr/bin/corosync-qnetd', ['-f', ...args]);

function ours(args: readonly string[]): CommandResult {
  const read = corosyncQnetdCommandLine(['-f', ...args], () => undefined);
  assert.ok(read.kind === 'exit', `${JSON.stringify(args)} is accepted here`);
  return read.result;
}

async function assertSame(args: readonly string[]): Promise<CommandResult> {
  const theirs = await debian(args);
  assert.deepEqual(ours(args), theirs, JSON.stringify(args));
  assert.equal(theirs.exitCode, 1);
  return theirs;
}

const BAD_SWITCHES: readonly (readonly string[])[] = [
  ...['0', '65536', 'abc', '12x', '-1', '', ' ', '=5', '0x10', '65536x', '99999999999999999999'].map((port) => [
    '-p',
    port,
  ]),
  ...['foo', '', ' on', 'onn'].map((mode) => ['-s', mode]),
  ...['true', '', '2', ' on'].map((bool) => ['-c', bool]),
  ...['-1', 'x', '', '0x10', '9223372036854775808', '1 ', '1.5'].map((count) => ['-m', count]),
  ...['-p', '-s', '-c', '-m', '-S', '-l'].map((lacking) => [lacking]),
  ...['-x', '-fx', '--help', '--port=5', '-:', '-h', '-fh', '-4h6'].map((option) => [option]),
  ['-p', '5', '-h'],
  ['-x', '-h'],
  ['-h', '-x'],
  ['-p0', '-S', 'foo'],
  ['-S', 'foo', '-p', '0'],
  ['-S', 'dpd_interval=5', '-S', 'DPD_interval,foo'],
  ['-S', 'dpd_interval', '-h'],
];

test('bad switches are refused in the same words', async () => {
  for (const args of BAD_SWITCHES) await assertSame(args);
});

test('good switches are passed over the same', async () => {
  const good = [
    ['-4'],
    ['-6'],
    ['-46'],
    ['-d', '-d'],
    ['-l', 'x'],
    ['-lx'],
    ['-s', 'REQ'],
    ['-s', 'On'],
    ['-soff'],
    ['-c', 'YES'],
  ];
  good.push(
    ['-c0'],
    ['-m', '9223372036854775807'],
    ['-m', ' +5'],
    ['-m', '-0'],
    ['operand'],
    ['-p', '+5'],
    ['-p', ' 7'],
    ['-'],
  );
  for (const args of [...good, ['-S', '']]) {
    assert.equal((await assertSame([...args, ...STOP_HERE])).stderr, STOPPED);
  }
});

const NUMBERS = ['', '0', '1', '2', '15', '16', '1023', '1024', '-1', '+7', ' 8', '8 ', 'x', '1.5', '2147483647'];
NUMBERS.push('2147483648', '4294967295', '4294967296', '9223372036854775807', '9223372036854775808', '0x10', '1e3');
const NUMBER_SETTINGS = [
  'listen_backlog',
  'max_client_send_buffers',
  'max_client_send_size',
  'max_client_receive_size',
];
NUMBER_SETTINGS.push('heartbeat_interval_min', 'heartbeat_interval_max', 'local_socket_backlog', 'ipc_max_clients');
NUMBER_SETTINGS.push('ipc_max_receive_size', 'ipc_max_send_size');

test('every number setting has the same range to the last digit', async () => {
  for (const name of NUMBER_SETTINGS) {
    let accepted = 0;
    for (const value of NUMBERS) {
      const { stderr } = await assertSame(['-S', `${name}=${value}`, ...STOP_HERE]);
      if (stderr === STOPPED) accepted += 1;
    }
    assert.ok(accepted > 0 && accepted < NUMBERS.length, name);
  }
});

test('other settings accept and refuse the same values', async () => {
  const values: Readonly<Record<string, readonly string[]>> = {
    dpd_interval_coefficient: [
      '0.9',
      '1',
      '1.',
      '.5',
      '+2.5',
      ' 2',
      '2 ',
      '1e2',
      '1E+2',
      '1000',
      '1000.1',
      'nan',
      'inf',
      '',
      '1.5x',
      '-2',
      'e5',
    ],
    dpd_enabled: ['on', 'YES', '1', 'off', 'no', '0', 'true', 'false', '', ' on'],
    keep_active_partition_tie_breaker: ['on', 'No', 'maybe', ''],
    cert_nickname: ['', 'x', 'a=b'],
    lock_file: ['', 'a=b=c'],
    local_socket_file: ['', '/x'],
  };
  for (const [name, texts] of Object.entries(values)) {
    for (const value of texts) await assertSame(['-S', `${name}=${value}`, ...STOP_HERE]);
  }
});

test('lists of settings are cut the same', async () => {
  const lists = [
    'foo',
    'foo=bar',
    '=bar',
    ',foo',
    'listen_backlog=5,,foo=1',
    'listen_backlog=5,foo',
    'LISTEN_BACKLOG=x',
    'foo=1=2',
  ];
  lists.push(
    ' listen_backlog=1',
    'listen_backlog =1',
    'listen_backlog',
    'dpd_interval=1,dpd_interval=2',
    'Dpd_Interval,foo',
    'foo\nbar',
    ',',
  );
  lists.push(
    'listen_backlog=5,=,foo',
    '__proto__=1',
    'constructor',
    'f\u00fc=1',
    'toString=x',
    'listen_backlog=f\u00fc',
  );
  for (const list of lists) await assertSame(['-S', list, ...STOP_HERE]);
});

test('what upstream refuses and its manual promises is accepted: -s required', async () => {
  assert.match((await debian(['-s', 'required'])).stderr, /tls must be one of/);
  const read = corosyncQnetdCommandLine(['-s', 'required'], () => undefined);
  assert.ok(read.kind === 'run');
  assert.equal(read.options.arbiter.tls, 'required');
});

test('the version is a text in the same form, and a failure as well', async () => {
  const [theirs, our] = [await debian(['-v']), ours(['-v'])];
  const form = (text: string) => text.replace(/version '.*/, "version ''");
  assert.equal(form(our.stdout), form(theirs.stdout));
  assert.equal(our.exitCode, theirs.exitCode);
});
