/** What the daemon is told by its switches: corosync-qdevice(8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qdeviceCommandLine } from '../../src/cli/qdevice-command-line.ts';
import { assertUsable } from '../../src/cli/qdevice-settings.ts';
import { DEFAULT_QDEVICE_OPTIONS, type QdeviceOptions } from '../../src/qdevice/options.ts';

function options(...args: string[]): QdeviceOptions {
  const read = qdeviceCommandLine(args, (name) => (name === 'haclient' ? 189 : undefined));
  assert.ok(read.kind === 'run', JSON.stringify(read));
  return read.options;
}

test('without a switch the daemon leaves the terminal and keeps the defaults', () => {
  assert.deepEqual(options(), { ...DEFAULT_QDEVICE_OPTIONS, foreground: false });
});

test('-f stays, -d debugs, a second -d sends debug lines to syslog as info', () => {
  assert.deepEqual(options('-f'), DEFAULT_QDEVICE_OPTIONS);
  assert.equal(options('-d').debug, true);
  assert.equal(options('-d').syslogDebugAsInfo, false);
  assert.deepEqual(options('-dd'), options('-d', '-d'));
  assert.equal(options('-dd').syslogDebugAsInfo, true);
});

test('every advanced setting arrives where it is used', () => {
  const list = [
    'lock_file=/l',
    'local_socket_file=/s',
    'local_socket_umask=027',
    'local_socket_gid=haclient',
    'local_socket_backlog=11',
    'max_cs_try_again=12',
    'votequorum_device_name=D',
    'ipc_max_clients=13',
    'ipc_max_receive_size=1400',
    'ipc_max_send_size=1500',
    'heuristics_ipc_max_send_buffers=16',
    'heuristics_ipc_max_send_receive_size=1700',
    'heuristics_min_timeout=1800',
    'heuristics_max_timeout=1900',
    'heuristics_min_interval=2000',
    'heuristics_max_interval=2100',
    'heuristics_max_execs=22',
    'heuristics_use_execvp=on',
    'heuristics_max_processes=23',
    'heuristics_kill_list_interval=2400',
    'net_nss_db_dir=/n',
    'net_initial_msg_receive_size=25',
    'net_initial_msg_send_size=26',
    'net_min_msg_send_size=27',
    'net_max_msg_receive_size=28',
    'net_max_send_buffers=29',
    'net_nss_qnetd_cn=Q',
    'net_nss_client_cert_nickname=C',
    'net_heartbeat_interval_min=30',
    'net_heartbeat_interval_max=31',
    'net_min_connect_timeout=32',
    'net_max_connect_timeout=33',
    'net_test_algorithm_enabled=yes',
    'master_wins=1',
    'vote_safety=upstream',
  ].join();
  assert.deepEqual(options('-f', '-S', list), {
    foreground: true,
    debug: false,
    syslogDebugAsInfo: false,
    lockFile: '/l',
    localSocket: {
      path: '/s',
      umask: 0o27,
      gid: 189,
      backlog: 11,
      maxClients: 13,
      maxReceiveBytes: 1_400,
      maxSendBytes: 1_500,
    },
    corosyncTriesMax: 12,
    deviceName: 'D',
    masterWins: true,
    voteSafety: 'upstream',
    stateDir: '/n',
    serverName: 'Q',
    certNickname: 'C',
    maxSendBuffers: 29,
    heuristics: { searchPath: true, processesMax: 23, killIntervalMs: 2_400 },
    ranges: {
      heartbeatMsMin: 30,
      heartbeatMsMax: 31,
      connectTimeoutMsMin: 32,
      connectTimeoutMsMax: 33,
      heuristicsTimeoutMsMin: 1_800,
      heuristicsTimeoutMsMax: 1_900,
      heuristicsIntervalMsMin: 2_000,
      heuristicsIntervalMsMax: 2_100,
      heuristicsCommandsMax: 22,
      testAlgorithmEnabled: true,
    },
    limits: { initialReceiveBytes: 25, initialSendBytes: 26, sendBytesMin: 27, receiveBytesMax: 28 },
    serviceName: 'corosync-qdevice',
  });
});

test('a later setting wins, and can take an earlier one back', () => {
  const taken = options('-S', 'local_socket_umask=077,master_wins=on', '-S', 'local_socket_umask=,master_wins=model');
  assert.equal(taken.localSocket.umask, undefined);
  assert.equal(taken.masterWins, false);
});

test('settings that make no sense together are named', () => {
  const crossed = options('-S', 'net_heartbeat_interval_min=5000,net_heartbeat_interval_max=4000');
  assert.throws(() => assertUsable(crossed), /^OperatorError: net_heartbeat_interval_min is above/);
  assert.throws(() => assertUsable(options('-S', 'votequorum_device_name=')), /has 0 bytes/);
  assert.throws(() => assertUsable(options('-S', `votequorum_device_name=${'x'.repeat(255)}`)), /has 255 bytes/);
  assert.doesNotThrow(() => assertUsable(options()));
});
