import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCluster } from '../../../src/setup/conf/cluster.ts';
import { type DeviceSettings, removeDevice, setDevice } from '../../../src/setup/conf/device.ts';
import { ConfError, parseConf, serialise, valueAtPath } from '../../../src/setup/conf/document.ts';
import { addSection, raiseConfigVersion, removeKey, removeSection, setKey } from '../../../src/setup/conf/edit.ts';
import { anyConf, BY_HAND, PROXMOX, soundConf } from './confs.ts';

const FFSPLIT: DeviceSettings = {
  votes: 1,
  net: [
    ['algorithm', 'ffsplit'],
    ['host', '192.0.2.9'],
    ['tls', 'on'],
  ],
};

/** Lines that `after` has and `before` has not, and the other way round. */
function difference(before: string, after: string): { gone: string[]; added: string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return { gone: old.filter((line) => !now.includes(line)), added: now.filter((line) => !old.includes(line)) };
}

function problemOf(text: string): string {
  try {
    readCluster(parseConf(text));
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfError);
    return error.message;
  }
}

test('whatever can be read is written back byte for byte', () => {
  fc.assert(
    fc.property(fc.oneof(soundConf, fc.constantFrom(PROXMOX, BY_HAND, '')), (text) => {
      assert.equal(serialise(parseConf(text)), text);
    }),
  );
});

test('whatever it is, it is read or refused by the number of a line', () => {
  fc.assert(
    fc.property(fc.oneof(anyConf, fc.string({ unit: 'binary' })), (text) => {
      assert.match(problemOf(text), /^$|^line \d+: /);
    }),
  );
});

test('the cluster is read as corosync reads it', () => {
  const cluster = readCluster(parseConf(PROXMOX));
  assert.equal(cluster.clusterName, 'lab');
  assert.equal(cluster.configVersion, 4n);
  assert.deepEqual(cluster.nodes, [
    { nodeId: 1, name: 'pve1', ringAddresses: ['192.0.2.1', '198.51.100.1'], quorumVotes: 1 },
    { nodeId: 2, name: 'pve2', ringAddresses: ['192.0.2.2', '198.51.100.2'], quorumVotes: 1 },
  ]);
  assert.equal(cluster.device, undefined);
  const byHand = readCluster(parseConf(BY_HAND));
  assert.equal(byHand.clusterName, 'by hand');
  assert.equal(byHand.configVersion, 9n);
  assert.equal(byHand.quorum.provider, 'corosync_votequorum');
  assert.deepEqual(byHand.quorum.keys.get('two_node'), { value: '1', line: 11 });
  assert.deepEqual(byHand.nodes[0]?.ringAddresses, ['a:b::c']);
});

test('of two lines with one key, and of two sections with one name, the last counts', () => {
  const text = 'totem {\nabc: 1\nabc: 2\n}\nother {\n}\ntotem {\nabc: 3\n}\n';
  assert.equal(valueAtPath(parseConf(text), 'totem.abc'), '3');
  const set = setKey(parseConf(text), 'totem.abc', '4');
  assert.equal(serialise(set), text.replace('3', '4'));
  assert.equal(serialise(removeKey(set, 'totem.abc')), 'totem {\n}\nother {\n}\ntotem {\n}\n');
});

test('a wrong file is refused in the words of corosync, with the line', () => {
  assert.equal(problemOf('totem {\n'), 'line 1: Missing closing brace');
  assert.equal(problemOf('a {\n}\n}\n'), 'line 3: Unexpected closing brace');
  assert.equal(problemOf('net { host: x }\n'), "line 1: Extra characters after opening bracket '{'");
  assert.equal(
    problemOf('quorum {\n two_node: yes\n}\n'),
    'line 2: Value of key "quorum.two_node" is expected to be integer in range (0..255), but "yes" was given',
  );
  // Older versions of corosync keep such a key under the name ":".
  assert.equal(problemOf('totem {\n: x\n}\n'), "line 2: Key name can't be empty");
  assert.match(problemOf('totem {\nconfig_version: x\n}\n'), /^line 2: .*config_version/);
  assert.match(problemOf('totem {\nname: \u00a0x\n}\n'), /^line 2: A byte 0xA0/);
});

test('a device is put in as its neighbours are written, and nothing else changes', () => {
  const after = serialise(raiseConfigVersion(setDevice(parseConf(PROXMOX), FFSPLIT)));
  assert.deepEqual(difference(PROXMOX, after), {
    gone: ['  config_version: 4'],
    added: [
      '  device {',
      '    model: net',
      '    votes: 1',
      '    net {',
      '      algorithm: ffsplit',
      '      host: 192.0.2.9',
      '      tls: on',
      '    }',
      '  config_version: 5',
    ],
  });
  const device = readCluster(parseConf(after)).device;
  assert.equal(device?.votes, 1);
  assert.deepEqual([...(device?.net ?? [])], FFSPLIT.net);
});

test('two_node is set aside beside a device, and comes back with its removal', () => {
  const document = setDevice(parseConf(BY_HAND), FFSPLIT);
  const text = serialise(document);
  assert.ok(text.includes('\t# two_node: 1\t # set aside while there is a quorum device\n'), text);
  assert.equal(readCluster(document).quorum.keys.has('two_node'), false);
  assert.equal(serialise(removeDevice(document)), BY_HAND);
  assert.equal(serialise(removeDevice(setDevice(document, FFSPLIT))), BY_HAND);
});

const settings: fc.Arbitrary<DeviceSettings> = fc.record({
  votes: fc.option(fc.nat(9), { nil: undefined }),
  timeoutMs: fc.option(fc.nat(99_999), { nil: undefined }),
  net: fc.array(fc.tuple(fc.constantFrom('host', 'tls', 'port'), fc.constantFrom('a', 'on', '5403')), { maxLength: 3 }),
  heuristics: fc.option(fc.constant([['mode', 'on'] as const]), { nil: undefined }),
});

test('taking out what was put in gives the file back', () => {
  const files = fc
    .tuple(
      soundConf,
      fc.constantFrom(PROXMOX, BY_HAND, 'quorum {\n}\n', 'quorum {\r\n\ttwo_node: 1\r\n}\r\n'),
      soundConf,
    )
    .map(([before, middle, after]) => `${before}${middle.endsWith('\n') ? middle : `${middle}\n`}${after}`);
  fc.assert(
    fc.property(files, settings, (text, chosen) => {
      const put = setDevice(parseConf(text), chosen);
      assert.equal(readCluster(put).device?.votes, chosen.votes);
      assert.equal(serialise(removeDevice(put)), text);
    }),
  );
});

test('a key that is added and removed leaves nothing behind', () => {
  for (const text of [PROXMOX, BY_HAND]) {
    for (const path of ['totem.extra', 'quorum.extra', 'nodelist.extra']) {
      const set = setKey(parseConf(text), path, 'yes');
      assert.equal(valueAtPath(set, path), 'yes');
      assert.equal(serialise(removeKey(set, path)), text);
    }
  }
});

test('a value that corosync would not read as it is meant is refused', () => {
  for (const value of ['a{', 'a\nb: c', ' a', 'a ', '\u00a0']) {
    assert.throws(() => setKey(parseConf(PROXMOX), 'totem.cluster_name', value), ConfError, value);
  }
  assert.throws(() => setKey(parseConf(PROXMOX), 'absent.key', 'x'), /no section absent/);
  assert.throws(() => addSection(parseConf(PROXMOX), 'absent', { name: 'x', keys: [] }), /no section absent/);
  assert.throws(() => raiseConfigVersion(parseConf('totem {\n}\n')), /no totem.config_version/);
  assert.throws(() => raiseConfigVersion(parseConf(`totem {\nconfig_version: ${2n ** 64n - 1n}\n}\n`)), ConfError);
});

test('an empty value gets one, and a section goes with all that is in it', () => {
  assert.equal(serialise(setKey(parseConf('abc {\nkey:\n}\n'), 'abc.key', 'v')), 'abc {\nkey: v\n}\n');
  const text = 'abc {\n x.yyy: 1\n x {\n  y {\n  }\n }\n z: 2\n}\n';
  assert.equal(serialise(removeSection(parseConf(text), 'abc.x')), 'abc {\n z: 2\n}\n');
});
