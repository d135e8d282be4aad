/** A configuration that changes under a daemon that is connected, is not, or is busy. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivedTimes, type MemberSettings } from '../../src/member/settings.ts';
import { settingsOf } from './pair.ts';
import { ring, Scripted } from './scripted.ts';

const CHECKED = { mode: 'on', intervalMs: 30_000, timeoutMs: 5_000, syncTimeoutMs: 15_000 } as const;
const commands = (line: string) => ({ ...CHECKED, commands: [{ name: 'x', line }] });

function voting(change: Partial<MemberSettings> = {}): Scripted {
  const script = new Scripted(change);
  script.nodeList(ring(1, 5n), [1, 2]);
  if (change.heuristics !== undefined) script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.quorum(true);
  script.accepts();
  if (change.heuristics !== undefined) script.feed({ kind: 'heuristicsDone', run: script.run, result: 'pass' });
  script.vote('ack', ring(1, 5n), 1);
  script.takeTrace();
  return script;
}

const change = (script: Scripted, next: Partial<MemberSettings>, nodes = [1, 2]): string[] => {
  const { voteSafety } = script.member.settings;
  script.feed({ kind: 'settings', settings: settingsOf(1, nodes, { voteSafety, ...next }) });
  return script.takeTrace();
};

test('the same again, or a new version number alone, is no news', () => {
  const script = voting();
  assert.deepEqual(change(script, {}), []);
  assert.deepEqual(change(script, { configVersion: 2n }), []);
  assert.deepEqual(change(script, {}, [2, 1]), [], 'nor is another order');
});

test('another node list goes to the arbiter as changed configuration', () => {
  const script = voting();
  assert.deepEqual(change(script, { configVersion: 2n }, [1, 2, 3]), ['nodeList']);
  const said = script.lastSaid('nodeList');
  assert.equal(said.nodeListType, 'changedConfig');
  assert.equal(said.configVersion, 2n);
  assert.deepEqual(
    said.nodeInfo?.map(({ nodeId }) => nodeId),
    [1, 2, 3],
  );
});

const NEW_CONNECTION: readonly Partial<MemberSettings>[] = [
  { host: '192.0.2.10' },
  { port: 5404 },
  { tls: 'required' },
  { forceIpVersion: 6 },
  { clusterName: 'renamed' },
  { algorithm: 'lms' },
  { tieBreaker: { mode: 'highest' } },
  { tieBreaker: { mode: 'nodeId', nodeId: 2 } },
];

for (const next of NEW_CONNECTION) {
  test(`${Object.keys(next)[0]} takes a new connection, the vote is withheld before the old one is closed`, () => {
    const script = voting();
    assert.deepEqual(change(script, next), ['cast nack 1.5', 'farewell', 'close']);
    script.until(script.nowMs + 10);
    assert.ok(script.takeTrace().includes('connect'), 'and it is tried at once');
  });
}

test('the same tie-breaker node is no change, another one is', () => {
  const script = voting({ tieBreaker: { mode: 'nodeId', nodeId: 2 } });
  assert.deepEqual(change(script, { tieBreaker: { mode: 'nodeId', nodeId: 2 } }), []);
  assert.deepEqual(change(script, { tieBreaker: { mode: 'nodeId', nodeId: 1 } }), [
    'cast nack 1.5',
    'farewell',
    'close',
  ]);
});

test('a shorter timeout is told to the arbiter and counts here at once', () => {
  const script = voting({ voteSafety: 'upstream' });
  const next = { timeoutMs: 4000, ...derivedTimes(4000) };
  assert.deepEqual(change(script, next), ['setOption']);
  assert.equal(script.lastSaid('setOption').heartbeatIntervalMs, 3200);
  script.until(2000);
  assert.deepEqual(script.takeTrace(), ['cast ack 1.5'], 'cast again after half of the new timeout');
  script.until(3200);
  assert.ok(script.takeTrace().includes('echoRequest'), 'asked for a sign of life after the new interval');
});

test('the keep-active tie-breaker alone is told without an interval', () => {
  const script = voting();
  assert.deepEqual(change(script, { keepActivePartition: false }), ['setOption']);
  const said = script.lastSaid('setOption');
  assert.equal(said.keepActivePartition, 'disabled');
  assert.equal(said.heartbeatIntervalMs, undefined);
});

test('while not connected a changed node list says nothing, and what was withheld stays so', () => {
  const script = voting();
  script.disconnects('arbiterClosed');
  script.takeTrace();
  assert.deepEqual(change(script, {}, [1, 2, 3]), []);
  assert.equal(script.member.snapshot(script.nowMs).vote, 'nack');
  assert.deepEqual(change(script, { host: '192.0.2.10' }), [], 'there is no connection to leave');
});

test('before the arbiter has accepted, a changed node list goes out with the first lists', () => {
  const script = new Scripted();
  script.nodeList(ring(1, 5n), [1, 2]);
  script.quorum(true);
  script.connects();
  script.takeTrace();
  assert.deepEqual(change(script, { timeoutMs: 4000, ...derivedTimes(4000) }, [1, 2, 3]), []);
  script.answersPreinit();
  assert.equal(script.lastSaid('init').heartbeatIntervalMs, 3200);
  script.answersInit();
  const first = script.said.find(({ options }) => options.nodeListType === 'initialConfig');
  assert.equal(first?.options.nodeInfo?.length, 3);
});

test('new commands start a run that is out anew; its old result counts for nothing', () => {
  const script = voting({ heuristics: commands('/bin/true') });
  script.nodeList(ring(1, 8n), [1]);
  const old = script.run;
  script.takeTrace();
  assert.deepEqual(change(script, { heuristics: commands('/bin/false') }), [
    'abandonHeuristics',
    'heuristics within 15000',
  ]);
  script.feed({ kind: 'heuristicsDone', run: old, result: 'pass' });
  assert.deepEqual(script.takeTrace(), []);
  script.feed({ kind: 'heuristicsDone', run: script.run, result: 'fail' });
  assert.equal(script.lastSaid('nodeList').heuristics, 'fail');
});

test('heuristics switched off while a run is out: the answer is there at once, and it is undefined', () => {
  const script = voting({ heuristics: commands('/bin/true') });
  script.nodeList(ring(1, 8n), [1]);
  script.takeTrace();
  assert.deepEqual(change(script, {}), ['abandonHeuristics', 'nodeList']);
  assert.equal(script.lastSaid('nodeList').heuristics, undefined);
  assert.equal(script.lastSaid('nodeList').ringId?.seq, 8n);
});

test('heuristics switched on are looked at periodically from then on', () => {
  const script = voting({ voteSafety: 'upstream' });
  assert.deepEqual(change(script, { heuristics: commands('/bin/true') }), []);
  for (let seq = 1; script.nowMs < 29_000; seq += 1) {
    script.until(script.nowMs + 8000);
    script.says('echoReply', { msgSeqNumber: seq });
  }
  script.until(30_000);
  assert.ok(script.takeTrace().includes('heuristics within 5000'));
});
