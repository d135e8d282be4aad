import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corosyncQnetdCommandLine } from '../../src/cli/corosync-qnetd.ts';
import { runOptions } from '../../src/cli/qnetd-run.ts';
import { assertServing, groupId } from '../../src/cli/qnetd-settings.ts';
import { defaultQnetdOptions, SYSTEM_DIRECTORIES, userDirectories } from '../../src/qnetd/options.ts';
import { OperatorError } from '../../src/runtime/errors.ts';

const HERE = { stateDir: './var/state', runDir: './var/run' };
const run = (choice: Parameters<typeof runOptions>[0]) => runOptions(choice, HERE, () => 90);

test('nothing said gives the defaults, and TLS is required', () => {
  const { options, warnings } = run({});
  assert.deepEqual(options, defaultQnetdOptions(HERE));
  assert.equal(options.arbiter.tls, 'required');
  assert.equal(options.lockFile, './var/run/corosync-qnetd.pid');
  assert.equal(options.localSocket.path, './var/run/corosync-qnetd.sock');
  assert.deepEqual(warnings, []);
});

test('what was said comes out typed', () => {
  const { options } = run({
    listen: '::1',
    port: '1',
    tls: 'on',
    clientCert: 'off',
    maxClients: '9',
    voteSafety: 'upstream',
    logLevel: 'debug',
  });
  const { listenAddress, port, logLevel, arbiter } = options;
  assert.deepEqual([listenAddress, port, logLevel], ['::1', 1, 'debug']);
  assert.deepEqual([arbiter.tls, arbiter.clientCertRequired, arbiter.maxClients], ['supported', false, 9]);
  assert.equal(arbiter.voteSafety, 'upstream');
  assert.equal(run({ tls: 'off' }).options.arbiter.tls, 'unsupported');
});

test('every advanced setting finds its place', () => {
  const { options, warnings } = run({
    advanced: [
      'listen_backlog=1,max_client_send_buffers=2,max_client_send_size=16,max_client_receive_size=17,nss_db_dir=/n',
      'cert_nickname=c,heartbeat_interval_min=3,heartbeat_interval_max=4,dpd_enabled=off,dpd_interval_coefficient=5',
      'lock_file=/l,local_socket_file=/s,local_socket_umask=7,local_socket_gid=g,local_socket_backlog=6,dpd_interval=1',
      'ipc_max_clients=7,ipc_max_receive_size=1024,ipc_max_send_size=1025,keep_active_partition_tie_breaker=on',
      'vote_safety=upstream,vote_record_dir=/v,max_client_receive_size_before_tls=18,max_clients_per_cluster=8',
      'handshake_timeout=9,max_tls_handshakes=10,max_clients_before_init=11,max_clients_per_address=12',
      'penalty_failures=13,penalty_time=14,reserved_descriptors=15,reserved_for_known_percent=19',
      'max_percent_of_stranger=20',
    ],
  });
  assert.equal(warnings.length, 1);
  assert.deepEqual(options, {
    ...defaultQnetdOptions(HERE),
    listenBacklog: 1,
    maxSendBuffers: 2,
    reservedDescriptors: 15,
    admission: {
      handshakeMs: 9,
      handshakesMax: 10,
      newcomersMax: 11,
      clientsPerAddressMax: 12,
      failuresMax: 13,
      penaltyMs: 14,
      reservedForKnownPercent: 19,
      strangerPercentMax: 20,
      connectionsMax: undefined,
    },
    stateDir: '/n',
    certNickname: 'c',
    recordDir: '/v',
    lockFile: '/l',
    localSocket: {
      path: '/s',
      umask: 7,
      gid: 90,
      backlog: 6,
      maxClients: 7,
      maxReceiveBytes: 1_024,
      maxSendBytes: 1_025,
    },
    arbiter: {
      tls: 'required',
      clientCertRequired: true,
      maxClients: 0,
      maxSendBytes: 16,
      maxReceiveBytes: 17,
      maxReceiveBytesBeforeTls: 18,
      clusterNodesMax: 8,
      heartbeatMsMin: 3,
      heartbeatMsMax: 4,
      deadPeerDetection: false,
      deadPeerHeartbeats: 5,
      keepActivePartition: true,
      voteSafety: 'upstream',
    },
  });
  const back = run({
    advanced: ['local_socket_umask=7,local_socket_gid=g', 'local_socket_umask=,local_socket_gid=-1'],
  });
  assert.deepEqual([back.options.localSocket.umask, back.options.localSocket.gid], [undefined, undefined]);
});

test('bad numbers and settings are told in two sentences', () => {
  for (const choice of [{ port: '0' }, { port: '65536' }, { port: '' }, { maxClients: '-1' }, { advanced: ['x=1'] }]) {
    assert.throws(
      () => run(choice),
      (error) => error instanceof OperatorError && /\.$/.test(error.problem),
    );
  }
});

test('settings that would serve nobody are refused at the start', () => {
  assert.throws(
    () => run({ advanced: ['heartbeat_interval_min=5000,heartbeat_interval_max=4000'] }),
    /no node could join/,
  );
  assert.throws(() => run({ advanced: ['dpd_interval_coefficient=150.1'] }), /at most 150/);
  run({ advanced: ['dpd_interval_coefficient=150'] });
  run({ advanced: ['dpd_interval_coefficient=1000,dpd_enabled=off'] });
});

test("upstream's switches lead to upstream's places, whoever runs it, and away from the terminal", () => {
  const read = corosyncQnetdCommandLine([], groupId);
  assert.ok(read.kind === 'run');
  assert.deepEqual(read.options, { ...defaultQnetdOptions(SYSTEM_DIRECTORIES), foreground: false });
  assertServing(read.options);
  const args = ['-4', '-fd', '-l', 'host', '-p5404', '-s', 'on', '-c', 'off', '-m', '3', '-S', 'lock_file=/l', '-d'];
  const all = corosyncQnetdCommandLine(args, groupId);
  assert.ok(all.kind === 'run');
  const { family, foreground, logLevel, syslogDebugAsInfo, listenAddress, port, arbiter, lockFile } = all.options;
  assert.deepEqual([family, foreground, logLevel, syslogDebugAsInfo], [4, true, 'debug', true]);
  assert.deepEqual([listenAddress, port, lockFile], ['host', 5_404, '/l']);
  assert.deepEqual([arbiter.tls, arbiter.clientCertRequired, arbiter.maxClients], ['supported', false, 3]);
});

test("a user's own arbiter follows the XDG directories, absolute ones alone", () => {
  assert.deepEqual(userDirectories({ XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' }, '/home/u'), {
    stateDir: '/s/qdevice/qnetd',
    runDir: '/r/corosync-qnetd',
  });
  assert.deepEqual(userDirectories({ XDG_STATE_HOME: 's' }, '/home/u'), {
    stateDir: '/home/u/.local/state/qdevice/qnetd',
    runDir: '/home/u/.local/state/qdevice/run/corosync-qnetd',
  });
});

test('groups of the machine are known by name', () => {
  assert.equal(groupId('root'), 0);
  assert.equal(groupId('no-such-group-here'), undefined);
  assert.equal(groupId('--help'), undefined);
});
