/** The gate before a real arbiter: what the shell is told to do, and what the arbiter hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdmissionSettings, DEFAULT_ADMISSION_SETTINGS } from '../../src/arbiter/admission-settings.ts';
import { Arbiter } from '../../src/arbiter/arbiter.ts';
import type { Effect } from '../../src/arbiter/effects.ts';
import { Gate } from '../../src/arbiter/gate.ts';
import { type ArbiterSettings, DEFAULT_ARBITER_SETTINGS } from '../../src/arbiter/settings.ts';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { initOptions } from '../qnetd/wire-options.ts';

function house(admission: Partial<AdmissionSettings> = {}, settings: Partial<ArbiterSettings> = {}) {
  const arbiter = new Arbiter({ ...DEFAULT_ARBITER_SETTINGS, ...settings });
  const gate = new Gate(arbiter, { ...DEFAULT_ADMISSION_SETTINGS, ...admission });
  const connect = (client: number, nowMs = 0) =>
    gate.handle({ kind: 'connected', client, address: `192.0.2.${client}:5` }, nowMs);
  const say = (client: number, nowMs: number, ...frames: Uint8Array[]) =>
    gate.handle({ kind: 'bytes', client, bytes: Buffer.concat(frames) }, nowMs);
  return { arbiter, gate, connect, say };
}

const PREINIT = encodeMessage('preinit', { msgSeqNumber: 1, clusterName: 'tst' });
const START_TLS = encodeMessage('startTls', { msgSeqNumber: 2 });
const kinds = (effects: readonly Effect[]) =>
  effects.map((effect) => (effect.kind === 'report' ? effect.report.what : effect.kind));

test('a handshake beyond the limit is put off unread and begins when another is done', () => {
  const { gate, connect, say } = house({ handshakesMax: 1 });
  connect(1);
  connect(2);
  assert.deepEqual(kinds(say(1, 1, PREINIT, START_TLS)), ['send', 'startTls']);
  assert.deepEqual(kinds(say(2, 1, PREINIT, START_TLS, Uint8Array.of(22, 3, 1))), ['send', 'pauseReading']);
  const effects = gate.handle({ kind: 'secured', client: 1, certificate: undefined }, 2);
  assert.deepEqual(kinds(effects), ['startTls']);
  const [begun] = effects;
  assert.ok(begun?.kind === 'startTls' && begun.on === 2);
  assert.deepEqual([...begun.alreadyRead], [22, 3, 1]);
});

test('one that leaves while it waits for its handshake is forgotten', () => {
  const { gate, connect, say } = house({ handshakesMax: 1 });
  for (const client of [1, 2]) {
    connect(client, client);
    say(client, client, PREINIT, START_TLS);
  }
  gate.handle({ kind: 'disconnected', client: 2, reason: 'gone' }, 2);
  assert.deepEqual(kinds(gate.handle({ kind: 'disconnected', client: 1, reason: 'gone' }, 3)), ['left']);
  assert.equal(gate.counts(3).newcomers, 0);
});

test('whoever does not join in time is closed, told of once a minute, and gone for the arbiter', () => {
  const { arbiter, gate, connect } = house();
  connect(1);
  connect(2);
  assert.equal(gate.nextDeadlineMs(), 10_000);
  const effects = gate.handle({ kind: 'tick' }, 10_000);
  assert.deepEqual(kinds(effects), ['dismissed', 'close', 'left', 'dismissed', 'close', 'left']);
  const told = effects.flatMap((effect) =>
    effect.kind === 'report' && effect.report.what === 'dismissed' ? [effect.report.dismissed] : [],
  );
  assert.deepEqual(told, [1, undefined]);
  assert.equal(arbiter.counts().clients, 0);
  assert.equal(gate.nextDeadlineMs(), undefined);
});

test('the arbiter never hears of a connection that is turned away', () => {
  const { arbiter, connect } = house({ newcomersMax: 4 });
  for (const client of [1, 2, 3, 4]) connect(client);
  assert.deepEqual(kinds(connect(5)), ['dismissed', 'close']);
  assert.equal(arbiter.counts().clients, 4);
});

test('a node that was there before takes the place of a stranger', () => {
  const { arbiter, gate, connect, say } = house({ newcomersMax: 2 }, { tls: 'unsupported' });
  connect(1);
  say(1, 0, PREINIT, encodeMessage('init', initOptions(1)));
  gate.handle({ kind: 'disconnected', client: 1, reason: 'cut' }, 1);
  gate.handle({ kind: 'connected', client: 2, address: '203.0.113.2:1' }, 2);
  gate.handle({ kind: 'connected', client: 3, address: '203.0.113.3:1' }, 2);
  const effects = gate.handle({ kind: 'connected', client: 4, address: '192.0.2.1:9' }, 3);
  assert.deepEqual(kinds(effects), ['dismissed', 'close', 'left', 'connected']);
  assert.equal(arbiter.counts().clients, 2);
});

test('a handshake broken off counts against the address, a member that starts TLS late does not wait', () => {
  const { gate, say } = house({ failuresMax: 1 });
  for (const client of [1, 2]) {
    gate.handle({ kind: 'connected', client, address: '203.0.113.2:1' }, 0);
    say(client, 0, PREINIT, START_TLS);
    gate.handle({ kind: 'disconnected', client, reason: 'gone' }, 0);
  }
  const third = gate.handle({ kind: 'connected', client: 3, address: '203.0.113.2:7' }, 1);
  assert.deepEqual(kinds(third), ['dismissed', 'close']);
  const late = house({ handshakesMax: 1 }, { tls: 'supported' });
  late.connect(1);
  late.connect(2);
  late.say(2, 0, PREINIT, START_TLS);
  late.say(1, 0, PREINIT, encodeMessage('init', initOptions(1)));
  assert.deepEqual(kinds(late.say(1, 1, START_TLS)), ['startTls']);
});

test('a certificate that does not name the cluster counts too', () => {
  const { gate, say } = house({ failuresMax: 1 });
  for (const client of [1, 2]) {
    gate.handle({ kind: 'connected', client, address: '203.0.113.2:1' }, 0);
    say(client, 0, PREINIT, START_TLS);
    gate.handle({ kind: 'secured', client, certificate: undefined }, 0);
    assert.ok(kinds(say(client, 0, encodeMessage('init', initOptions(1)))).includes('certificateRefused'));
  }
  const third = gate.handle({ kind: 'connected', client: 3, address: '203.0.113.2:7' }, 1);
  assert.deepEqual(kinds(third), ['dismissed', 'close']);
});

test('a client over the limit of the arbiter itself leaves nothing behind', () => {
  const { gate, connect } = house({}, { maxClients: 1 });
  connect(1);
  assert.deepEqual(kinds(connect(2)), ['tooManyClients', 'close']);
  assert.equal(gate.counts(0).newcomers, 1);
});

test('before TLS only small messages are taken where it is required, and a cluster can be full', () => {
  const { say, connect } = house();
  connect(1);
  const long = encodeMessage('preinit', { msgSeqNumber: 1, clusterName: 'x'.repeat(5_000) });
  assert.deepEqual(kinds(say(1, 0, long)), ['refused', 'send']);
  const full = house({}, { tls: 'unsupported', clusterNodesMax: 1 });
  full.connect(1);
  full.connect(2);
  assert.deepEqual(kinds(full.say(1, 0, PREINIT, encodeMessage('init', initOptions(1)))), ['send', 'joined', 'send']);
  assert.deepEqual(kinds(full.say(2, 0, PREINIT, encodeMessage('init', initOptions(2)))), ['send', 'refused', 'send']);
});
