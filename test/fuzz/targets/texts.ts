/** What is configured and typed: corosync's table of keys, advanced settings, command lines. */
import assert from 'node:assert/strict';
import { readRecord, recordText } from '../../../src/arbiter/safety/record-text.ts';
import { parseNodeCertutil, parseQnetdCertutil } from '../../../src/cli/certutil-arguments.ts';
import { switches } from '../../../src/cli/getopt.ts';
import { assertUsable, QDEVICE_SETTINGS, withQdeviceSettings } from '../../../src/cli/qdevice-settings.ts';
import { assertServing, withAdvancedSettings } from '../../../src/cli/qnetd-settings.ts';
import type { CmapValue } from '../../../src/corosync/port.ts';
import { commandWords } from '../../../src/member/command-line.ts';
import { readConfiguration } from '../../../src/qdevice/configuration.ts';
import { DEFAULT_QDEVICE_OPTIONS } from '../../../src/qdevice/options.ts';
import { defaultQnetdOptions, SYSTEM_DIRECTORIES } from '../../../src/qnetd/options.ts';
import { recordFileName } from '../../../src/qnetd/records.ts';
import { advancedSettings, settingList } from '../../../src/runtime/advanced-settings.ts';
import { OperatorError } from '../../../src/runtime/errors.ts';
import { fakeCorosync, PLAIN } from '../../qdevice/fake-corosync.ts';
import { bytesOf, type FuzzTarget, latin1 } from '../target.ts';

const QNETD_LETTERS = '46dfhvVc:C:l:m:p:s:S:';

const line = (key: string, value: CmapValue): string =>
  `${key}=${typeof value === 'string' ? '' : typeof value === 'number' ? '#' : '~'}${value}`;
const MORE: Readonly<Record<string, CmapValue>> = {
  'quorum.device.timeout': 3000,
  'quorum.device.sync_timeout': 9000,
  'quorum.device.net.algorithm': 'lms',
  'quorum.device.net.tls': 'required',
  'quorum.device.net.port': '5403',
  'quorum.device.net.tie_breaker': '2',
  'quorum.device.net.connect_timeout': '2000',
  'quorum.device.net.force_ip_version': '6',
  'quorum.device.net.keep_active_partition_tie_breaker': 'off',
  'quorum.device.heuristics.mode': 'on',
  'quorum.device.heuristics.interval': '3000',
  'quorum.device.heuristics.exec_ping': '/bin/ping -q "a b"',
  'quorum.wait_for_all': 1,
  'logging.debug': 'trace',
};
const table = (values: Readonly<Record<string, CmapValue>>): string =>
  Object.entries(values)
    .map(([key, value]) => line(key, value))
    .join('\n');

export const configuration: FuzzTarget = {
  name: 'configuration',
  seeds: [table(PLAIN), table(MORE), ...Object.entries(MORE).map(([key, value]) => line(key, value))].map(bytesOf),
  bytesMax: 2048,
  run(input) {
    const changes = Object.fromEntries(latin1(input).split('\n').flatMap(readLine));
    asOperator(() => {
      const { settings, notes } = readConfiguration(fakeCorosync(changes), DEFAULT_QDEVICE_OPTIONS);
      for (const ms of [settings.heartbeatMs, settings.castIntervalMs, settings.connectTimeoutMs]) {
        assert.ok(Number.isSafeInteger(ms) && ms > 0, 'every time is usable');
      }
      assert.ok(settings.port >= 1 && settings.port <= 65_535 && notes.length < 1000);
    });
  },
};

/** Who may be casting a vote, as an earlier process wrote it down. */
export const voteRecords: FuzzTarget = {
  name: 'vote-records',
  seeds: [
    recordText({ cluster: 'lab', grants: [{ nodeId: 1, members: [1, 2], leaseMs: 27_000 }] }),
    recordText({ cluster: 'b\xfc"', grants: [{ nodeId: 7, members: [], leaseMs: Number.POSITIVE_INFINITY }] }),
  ].map(bytesOf),
  bytesMax: 1024,
  run(input) {
    const record = readRecord(latin1(input));
    if (record === undefined) return;
    assert.match(recordFileName(record.cluster), /^[\w%-]{1,250}\.json$/, 'a file of this directory');
    assert.deepEqual(readRecord(recordText(record)), record, 'what is read is written and read again the same');
  },
};

export const commandLines: FuzzTarget = {
  name: 'command-lines',
  seeds: [
    '-d -S heartbeat_interval_min=2000,dpd_interval_coefficient=1.5e1,local_socket_umask=077',
    '-dfp5403 -s required -S nss_db_dir=/a,ipc_max_clients=0x -- x',
    '-i -c file -n name --state=/x -G',
    '-S net_heartbeat_interval_min=1,votequorum_device_name=,master_wins=Model',
    '/bin/x "a \\" b" \'c\' \\ d',
  ].map(bytesOf),
  bytesMax: 1024,
  run(input) {
    const text = latin1(input);
    const words = commandWords(text);
    assert.ok(
      words.every((word) => word !== ''),
      'no word is empty',
    );
    parseQnetdCertutil(text.split(' '));
    parseNodeCertutil(text.split(' '));
    const found = [...switches(text.split(' '), QNETD_LETTERS)];
    for (const each of found) {
      if (each.kind === 'switch' && each.letter === 'S') checkSettings(each.value);
    }
  },
};

function checkSettings(list: string): void {
  const groups = (): number => 7;
  const server = advancedSettings(list, groups);
  const node = settingList(list, QDEVICE_SETTINGS, groups);
  asOperator(() => assertServing(withAdvancedSettings(defaultQnetdOptions(SYSTEM_DIRECTORIES), server.settings)));
  asOperator(() => assertUsable(withQdeviceSettings(DEFAULT_QDEVICE_OPTIONS, node.settings)));
}

/** `key=text`, `key=#number`, `key=~integer of 64 bits`. */
function readLine(text: string): [string, CmapValue][] {
  const [, key = '', kind = '', value = ''] = /^([^=]+)=([#~]?)(.*)$/s.exec(text) ?? [];
  if (key === '') return [];
  if (kind === '#') return [[key, Number(value)]];
  if (kind === '~') return /^-?\d{1,19}$/.test(value) ? [[key, BigInt(value)]] : [];
  return [[key, value]];
}

/** What an operator got wrong is told to the operator. */
export function asOperator(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    assert.ok(error.problem !== '' && !error.problem.includes('\n'), 'one sentence');
  }
}
