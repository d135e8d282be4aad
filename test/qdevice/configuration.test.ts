/** Every key of corosync-qdevice(8) with right and wrong values. What upstream refuses was tried with 3.0.3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CmapValue } from '../../src/corosync/port.ts';
import type { MemberSettings } from '../../src/member/settings.ts';
import { DEFAULT_LIMITS } from '../../src/member/settings.ts';
import { hasDevice, readConfiguration, rereadConfiguration } from '../../src/qdevice/configuration.ts';
import { DEFAULT_QDEVICE_OPTIONS, type QdeviceOptions } from '../../src/qdevice/options.ts';
import { OperatorError } from '../../src/runtime/errors.ts';
import { type Changes, fakeCorosync } from './fake-corosync.ts';
import { REFUSED } from './refused-values.ts';

const read = (changes: Changes = {}, options: QdeviceOptions = DEFAULT_QDEVICE_OPTIONS) =>
  readConfiguration(fakeCorosync(changes), options);

test('the least configuration gives the documented defaults', () => {
  const { notes, ...rest } = read();
  assert.deepEqual(notes, []);
  const expected: MemberSettings = {
    nodeId: 1,
    clusterName: 'lab',
    host: 'arbiter.example',
    port: 5_403,
    forceIpVersion: 0,
    tls: 'on',
    algorithm: 'ffsplit',
    tieBreaker: { mode: 'lowest' },
    voteSafety: 'strict',
    keepActivePartition: true,
    timeoutMs: 10_000,
    syncTimeoutMs: 30_000,
    heartbeatMs: 8_000,
    castIntervalMs: 5_000,
    connectTimeoutMs: 8_000,
    heuristics: { mode: 'off', timeoutMs: 5_000, syncTimeoutMs: 15_000, intervalMs: 30_000, commands: [] },
    nodes: [
      { nodeId: 1, dataCenterId: 0 },
      { nodeId: 2, dataCenterId: 0 },
    ],
    configVersion: 7n,
    limits: DEFAULT_LIMITS,
  };
  const beside = { debug: false, waitForAll: false, deviceName: 'Qdevice', masterWins: false };
  assert.deepEqual(rest, { settings: expected, ...beside });
});

for (const [key, values, allowed] of REFUSED) {
  for (const value of values) {
    test(`${key}: ${value === undefined ? 'missing' : JSON.stringify(String(value))} is refused`, () => {
      const { problem, exitCode } = refusal({ [key]: value });
      assert.ok(problem.startsWith(`${key} is `), problem);
      assert.ok(problem.endsWith(`, and must be ${allowed}.`), problem);
      assert.equal(problem.split(/\.(?: |$)/).length, 2, `one sentence: ${problem}`);
      if (typeof value === 'string' && value !== '') assert.ok(problem.includes(value), problem);
      assert.equal(exitCode, 1);
    });
  }
}

function refusal(changes: Changes, options = DEFAULT_QDEVICE_OPTIONS): OperatorError {
  try {
    read(changes, options);
  } catch (error) {
    assert.ok(error instanceof OperatorError);
    return error;
  }
  return assert.fail(`${JSON.stringify(changes)} is accepted`);
}

/** Key, value, and what becomes of it. */
const ACCEPTED: readonly (readonly [string, CmapValue, Partial<MemberSettings>])[] = [
  ['runtime.votequorum.this_node_id', 4_294_967_295, { nodeId: 4_294_967_295 }],
  [
    'quorum.device.timeout',
    1_000,
    {
      timeoutMs: 1_000,
      heartbeatMs: 1_000,
      castIntervalMs: 500,
      connectTimeoutMs: 1_000,
      heuristics: { mode: 'off', timeoutMs: 500, syncTimeoutMs: 15_000, intervalMs: 3_000, commands: [] },
    },
  ],
  [
    'quorum.device.sync_timeout',
    4_294_967_295,
    {
      syncTimeoutMs: 4_294_967_295,
      heuristics: { mode: 'off', timeoutMs: 5_000, syncTimeoutMs: 2_147_483_647, intervalMs: 30_000, commands: [] },
    },
  ],
  ['quorum.device.net.tls', 'OFF', { tls: 'off' }],
  ['quorum.device.net.tls', 'Required', { tls: 'required' }],
  ['quorum.device.net.tls', '1', { tls: 'on' }],
  ['quorum.device.net.host', '::1', { host: '::1' }],
  ['quorum.device.net.port', '65535', { port: 65_535 }],
  ['quorum.device.net.port', ' +1', { port: 1 }],
  ['quorum.device.net.algorithm', 'lms', { algorithm: 'lms' }],
  ['quorum.device.net.algorithm', '2nodelms', { algorithm: 'twoNodeLms' }],
  ['quorum.device.net.tie_breaker', 'highest', { tieBreaker: { mode: 'highest' } }],
  ['quorum.device.net.tie_breaker', '4294967295', { tieBreaker: { mode: 'nodeId', nodeId: 4_294_967_295 } }],
  ['quorum.device.net.tie_breaker', '99', { tieBreaker: { mode: 'nodeId', nodeId: 99 } }],
  ['quorum.device.net.connect_timeout', '120000', { connectTimeoutMs: 120_000 }],
  ['quorum.device.net.force_ip_version', '04', { forceIpVersion: 4 }],
  ['quorum.device.net.force_ip_version', '6', { forceIpVersion: 6 }],
  ['quorum.device.net.keep_active_partition_tie_breaker', 'No', { keepActivePartition: false }],
  ['totem.cluster_name', 'b\u00fcro', { clusterName: 'b\u00c3\u00bcro' }],
  ['totem.config_version', 2n ** 63n, { configVersion: 2n ** 63n }],
];

for (const [key, value, changed] of ACCEPTED) {
  test(`${key}: ${value} is taken`, () => {
    const { settings } = read({ [key]: value });
    assert.deepEqual(settings, { ...read().settings, ...changed });
  });
}

test('a key of another type than corosync gives it counts as not set, and is noted', () => {
  const kinds: readonly [string, CmapValue][] = [
    ['quorum.device.timeout', '5000'],
    ['quorum.device.timeout', -1],
    ['quorum.device.sync_timeout', 'x'],
    ['quorum.device.net.port', 5_404],
    ['quorum.device.net.tls', 0],
    ['quorum.device.heuristics.timeout', 2_000],
  ];
  for (const [key, value] of kinds) {
    const { settings, notes } = read({ [key]: value });
    assert.deepEqual(settings, read().settings);
    assert.equal(notes.length, 1);
    assert.ok(notes[0]?.level === 'warn' && notes[0].text.startsWith(`${key} is `), notes[0]?.text);
  }
  assert.equal(read({ 'totem.config_version': 'x' }).settings.configVersion, undefined);
  assert.equal(read({ 'totem.config_version': undefined }).settings.configVersion, undefined);
});

test('a heartbeat outside its limits is moved inside, and noted', () => {
  const { settings, notes } = read({ 'quorum.device.timeout': 200_000 });
  assert.equal(settings.heartbeatMs, 120_000);
  assert.match(notes[0]?.text ?? '', /160000 ms is out of range: 120000 ms/);
});

test('logging keys that are wrong are noted; the one of the subsystem wins', () => {
  const [general, own] = ['logging.debug', 'logging.logger_subsys.QDEVICE.debug'];
  const table: readonly [CmapValue | undefined, CmapValue | undefined, boolean, number][] = [
    ['on', undefined, true, 0],
    ['TRACE', undefined, true, 0],
    ['on', 'off', false, 0],
    ['off', 'trace', true, 0],
    ['x', undefined, false, 1],
    ['on', 'x', true, 1],
    [1, undefined, false, 1],
  ];
  for (const [first, second, debug, notes] of table) {
    const configuration = read({ [general ?? '']: first, [own ?? '']: second });
    assert.equal(configuration.debug, debug);
    assert.equal(configuration.notes.length, notes);
  }
  assert.equal(read({ 'logging.debug': 'off' }, { ...DEFAULT_QDEVICE_OPTIONS, debug: true }).debug, true);
});

test('2nodelms is for two nodes, and test says what it is', () => {
  const third = { 'nodelist.node.2.nodeid': 3, 'nodelist.node.2.ring0_addr': '192.0.2.3' };
  const two = { 'quorum.device.net.algorithm': '2nodelms', 'quorum.device.votes': 3 };
  assert.equal(read(two).settings.algorithm, 'twoNodeLms');
  assert.throws(() => read({ ...two, ...third }), /is "2nodelms", and must be lms or ffsplit for a cluster of 3 nodes/);
  const ranges = { ...DEFAULT_QDEVICE_OPTIONS.ranges, testAlgorithmEnabled: true };
  const { notes } = read({ 'quorum.device.net.algorithm': 'test' }, { ...DEFAULT_QDEVICE_OPTIONS, ranges });
  assert.match(notes[0]?.text ?? '', /^The algorithm test gives its vote to every partition/);
});

test('quorum.wait_for_all is read for lms alone', () => {
  const lms = { 'quorum.device.net.algorithm': 'lms' };
  assert.equal(read({ ...lms, 'quorum.wait_for_all': 1 }).waitForAll, true);
  assert.equal(read({ ...lms, 'quorum.wait_for_all': 'yes' }).waitForAll, false);
  assert.equal(read(lms).waitForAll, false);
  assert.equal(read({ 'quorum.wait_for_all': 1 }).waitForAll, false);
});

test('the ranges of advanced settings hold', () => {
  const ranges = { ...DEFAULT_QDEVICE_OPTIONS.ranges, connectTimeoutMsMax: 2_000, testAlgorithmEnabled: true };
  const options = { ...DEFAULT_QDEVICE_OPTIONS, ranges, masterWins: true, deviceName: 'D' };
  assert.match(refusal({ 'quorum.device.net.connect_timeout': '2001' }, options).problem, /from 1000 to 2000/);
  const { settings, masterWins, deviceName } = read({ 'quorum.device.net.algorithm': 'test' }, options);
  assert.deepEqual([settings.algorithm, masterWins, deviceName], ['test', true, 'D']);
});

test('F63: ffsplit with an odd number of nodes is noted, lms is not', () => {
  const third = { 'nodelist.node.2.nodeid': 3, 'nodelist.node.2.ring0_addr': '192.0.2.13' };
  assert.match(String(read(third).notes[0]?.text), /ffsplit runs with 3 nodes, an odd number.* Run qdevice sync/);
  assert.deepEqual(read({ ...third, 'quorum.device.net.algorithm': 'lms', 'quorum.device.votes': 2 }).notes, []);
});

test('ffsplit needs one vote a node and one for the device', () => {
  const nodes = (changes: Changes, infos: Parameters<typeof fakeCorosync>[1]) =>
    rereadConfiguration(fakeCorosync(changes, infos), DEFAULT_QDEVICE_OPTIONS);
  const problem = (infos: Parameters<typeof fakeCorosync>[1]) => {
    const found = nodes({}, infos);
    return 'problem' in found ? found.problem : '';
  };
  assert.equal(
    problem({ 1: {}, 2: { nodeVotes: 3 } }),
    'Node 2 has quorum_votes 3, and must have 1 for the algorithm ffsplit.',
  );
  assert.match(
    problem({ 1: { deviceVotes: 0 } }),
    /^Corosync counts 0 votes for the quorum device on node 1, and must/,
  );
  assert.equal(problem({ 1: {} }), '', 'a node that votequorum does not know is not judged');
  const others = { 1: { nodeVotes: 2, deviceVotes: 4 } };
  for (const algorithm of ['lms', '2nodelms']) {
    const found = nodes({ 'quorum.device.net.algorithm': algorithm, 'quorum.device.votes': 4 }, others);
    assert.ok('configuration' in found);
  }
});

test('a reload with a wrong value is a problem to log, no end', () => {
  const found = rereadConfiguration(fakeCorosync({ 'quorum.device.net.port': 'x' }), DEFAULT_QDEVICE_OPTIONS);
  assert.deepEqual(found, { problem: 'quorum.device.net.port is "x", and must be a number from 1 to 65535.' });
  const good = rereadConfiguration(fakeCorosync({ 'quorum.device.net.port': '7' }), DEFAULT_QDEVICE_OPTIONS);
  assert.equal('configuration' in good && good.configuration.settings.port, 7);
});

test('a defect of the program is no problem of the operator', () => {
  const broken = { ...fakeCorosync(), get: () => assert.fail('broken') };
  assert.throws(() => rereadConfiguration(broken, DEFAULT_QDEVICE_OPTIONS), assert.AssertionError);
});

test('whether there is a device at all can be asked', () => {
  assert.equal(hasDevice(fakeCorosync()), true);
  assert.equal(hasDevice(fakeCorosync({ 'quorum.device.model': undefined })), false);
});

test('whatever stands in a text key, it is taken or refused in one line that a terminal can show', () => {
  const keys = [...new Set(REFUSED.map(([key]) => key))];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.string({ unit: 'binary', maxLength: 300 }), (key, value) => {
      const found = rereadConfiguration(fakeCorosync({ [key]: value }), DEFAULT_QDEVICE_OPTIONS);
      if ('problem' in found) assert.match(found.problem, /^[^\p{C}\p{Zl}\p{Zp}]{1,500}$/u);
    }),
  );
});
