/** Our reading of the node daemon's switches beside Debian's: what one refuses the other refuses with the same words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../src/cli/command-result.ts';
import { qdeviceCommandLine } from '../../src/cli/qdevice-command-line.ts';
import { QDEVICE_SETTINGS } from '../../src/cli/qdevice-settings.ts';
import { runProgram } from './beside-debian.ts';

/** Both refuse it: whatever is accepted before it ends here, and no daemon ever starts. */
const STOP_HERE = ['-S', 'no_such_setting'];
const STOPPED = "corosync-qdevice: Unknown option 'no_such_setting'\n";

const debian = (args: readonly string[]) => runProgram('/usr/sbin/corosync-qdevice', ['-f', ...args]);

function ours(args: readonly string[]): CommandResult {
  const read = qdeviceCommandLine(['-f', ...args], () => undefined);
  assert.ok(read.kind === 'exit', `${JSON.stringify(args)} is accepted here`);
  return read.result;
}

async function assertSame(args: readonly string[]): Promise<CommandResult> {
  const theirs = await debian(args);
  assert.deepEqual(ours(args), theirs, JSON.stringify(args));
  assert.equal(theirs.exitCode, 1);
  return theirs;
}

test('bad switches are refused in the same words', async () => {
  const bad = [['-h'], ['-x'], ['-S'], ['--help'], ['-:'], ['-fh'], ['-dx'], ['-h', '-x'], ['-x', '-h'], ['-b\u00fc']];
  for (const args of bad) await assertSame(args);
  await assertSame(['-S', 'foo=1', '-h']);
  await assertSame(['-h', '-S', 'foo=1']);
  await assertSame(['-S', 'max_cs_try_again=5,FOO=2', '-x']);
});

test('good switches are passed over the same', async () => {
  for (const args of [['-d'], ['-d', '-d', '-dd'], ['-f'], ['operand'], ['-fd', 'operand', '-d'], ['-']]) {
    assert.equal((await assertSame([...args, ...STOP_HERE])).stderr, STOPPED);
  }
});

/** The values at and around every limit that a setting may have, and words. */
const VALUES = [
  ...['', ' ', 'x', '-1', '0', '1', '2', '9', '10', '15', '16', '249', '250', '1023', '1024', ' +1024', '1024 '],
  ...['2147483647', '2147483648', '4294967295', '4294967296', '9223372036854775807', '9223372036854775808', '0x400'],
  ...['on', 'OFF', 'Yes', 'model', 'MODEL', 'true', 'a=b', '"1024"'],
];
/** Newer than Debian's program, and ours alone. */
const NOT_THEIRS = new Set(['local_socket_umask', 'local_socket_gid', 'vote_safety']);

for (const name of Object.keys(QDEVICE_SETTINGS).filter((setting) => !NOT_THEIRS.has(setting))) {
  test(`${name} takes the same values`, async () => {
    let accepted = 0;
    for (const value of VALUES) {
      const { stderr } = await assertSame(['-S', `${name.toUpperCase()}=${value}`, ...STOP_HERE]);
      if (stderr === STOPPED) accepted += 1;
    }
    assert.ok(accepted > 0, 'some value is right');
  });
}

test('lists of settings are taken apart the same', async () => {
  const lists = ['', ',', '=', '=5', 'lock_file', 'lock_file=', ',,max_cs_try_again=0', 'max_cs_try_again,lock_file=x'];
  lists.push(
    ' lock_file=x',
    'lock_file =x',
    'lock_file=x,',
    'lock_file=x,=,foo',
    'lock_file=x,foo',
    'foo',
    'lock_file=a=b,foo=1',
  );
  lists.push('max_cs_try_again=1\n2', 'net_nss_qnetd_cn=a\\,foo=1', 'Lock_File=x,MAX_CS_try_again=0', 'b\u00fc=1');
  for (const list of lists) await assertSame(['-S', list, ...STOP_HERE]);
});
