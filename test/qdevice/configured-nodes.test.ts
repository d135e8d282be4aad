/** Which entries of the node list count, and which ids they have. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CmapValue } from '../../src/corosync/port.ts';
import { readConfiguration, rereadConfiguration } from '../../src/qdevice/configuration.ts';
import { DEFAULT_QDEVICE_OPTIONS } from '../../src/qdevice/options.ts';
import { fakeCorosync, PLAIN } from './fake-corosync.ts';

type Entry = Readonly<Record<string, CmapValue>>;

function source(entries: Readonly<Record<number, Entry>>, more: Entry = {}) {
  const changes: Record<string, CmapValue | undefined> = { ...more };
  for (const key of Object.keys(PLAIN)) if (key.startsWith('nodelist.node.')) changes[key] = undefined;
  for (const [index, entry] of Object.entries(entries)) {
    for (const [name, value] of Object.entries(entry)) changes[`nodelist.node.${index}.${name}`] = value;
  }
  return fakeCorosync(changes);
}

function ids(...args: Parameters<typeof source>): number[] {
  return readConfiguration(source(...args), DEFAULT_QDEVICE_OPTIONS).settings.nodes.map(({ nodeId }) => nodeId);
}

function problem(...args: Parameters<typeof source>): string {
  const found = rereadConfiguration(source(...args), DEFAULT_QDEVICE_OPTIONS);
  return 'problem' in found ? found.problem : '';
}

test('a node counts by its id, its name or its address alone', () => {
  assert.deepEqual(ids({ 0: { nodeid: 1 } }), [1]);
  assert.deepEqual(
    ids({ 0: { nodeid: 1, name: 'a' }, 1: { nodeid: 2, ring0_addr: 'b' }, 2: { nodeid: 3 } }),
    [1, 2, 3],
  );
  assert.deepEqual(ids({ 0: { nodeid: 1 }, 1: { quorum_votes: 1, ring1_addr: '192.0.2.1' } }), [1]);
});

test("the order is corosync's: by text", () => {
  assert.deepEqual(ids({ 2: { nodeid: 2 }, 10: { nodeid: 10 }, 1: { nodeid: 1 } }), [1, 10, 2]);
});

test('without an id the address is the id, and nothing else is', () => {
  assert.deepEqual(ids({ 0: { ring0_addr: '192.0.2.1' } }), [0xc000_0201]);
  assert.deepEqual(ids({ 0: { ring0_addr: '192.0.2.1' } }, { 'totem.clear_node_high_bit': 'yes' }), [0x4000_0201]);
  assert.deepEqual(ids({ 0: { ring0_addr: '10.0.2.1' } }, { 'totem.clear_node_high_bit': 'yes' }), [0x0a00_0201]);
  assert.deepEqual(ids({ 0: { ring0_addr: '192.0.2.1' } }, { 'totem.clear_node_high_bit': 'on' }), [0xc000_0201]);
  for (const address of ['n1.example', '::1', '']) {
    const sentence = problem({ 0: { nodeid: 5 }, 1: { ring0_addr: address } });
    assert.match(sentence, /^nodelist\.node\.1\.nodeid is not set, and must be a number from 1 to 4294967295 \(/);
    assert.ok(sentence.includes(`"${address}", is no IPv4 address`), sentence);
  }
  assert.match(problem({ 0: { name: 'n1' } }), /^nodelist\.node\.0\.nodeid is not set.*from 1 to 4294967295\.$/);
});

test('of two nodes with one id the first counts, and it is noted', () => {
  const { settings, notes } = readConfiguration(
    source({ 0: { nodeid: 1, name: 'a' }, 1: { nodeid: 1, name: 'b' }, 2: { nodeid: 2 } }),
    DEFAULT_QDEVICE_OPTIONS,
  );
  assert.deepEqual(settings.nodes, [
    { nodeId: 1, dataCenterId: 0 },
    { nodeId: 2, dataCenterId: 0 },
  ]);
  assert.match(notes[0]?.text ?? '', /^nodelist\.node\.1 has the id 1 of another node/);
});

test('no node at all is refused', () => {
  assert.match(problem({}), /^The nodelist of corosync\.conf has no node/);
});

test('a data centre that is written as text is none, as to upstream', () => {
  const of = (datacenterid: CmapValue) =>
    readConfiguration(source({ 0: { nodeid: 1, datacenterid } }), DEFAULT_QDEVICE_OPTIONS).settings.nodes;
  assert.deepEqual(of('7'), [{ nodeId: 1, dataCenterId: 0 }]);
  assert.deepEqual(of(7), [{ nodeId: 1, dataCenterId: 7 }]);
});
