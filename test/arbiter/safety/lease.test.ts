/** Times from algorithms.md, section 7, and what S13 measured against Debian's programs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeAtMs, leaseMs } from '../../../src/arbiter/safety/lease.ts';

const stock = { heartbeatMs: 8_000, castBoundMs: undefined, algorithm: 'ffsplit' } as const;

test('a stock node that fell silent: two heartbeats until it notices, and the longest that corosync keeps a cast', () => {
  assert.equal(leaseMs(stock), 16_000 + 10_002 + 1_000);
  assert.equal(freeAtMs(stock, 'broken', 100, 12_100), 100 + leaseMs(stock));
});

test('a stock node whose kernel closed the connection casts for as long as corosync keeps the last cast', () => {
  assert.equal(freeAtMs(stock, 'finished', 100, 5_000), 5_000 + 10_002 + 1_000);
});

test('what was measured on real nodes with a timeout of 10 s lies below', () => {
  assert.ok(leaseMs(stock) > 16_100, 'silent link');
  assert.ok(freeAtMs(stock, 'finished', 0, 0) > 9_100, 'killed');
  assert.ok(leaseMs(stock) > 7_600 + 9_600, 'frozen 7.6 s after its last message');
});

test('a heartbeat that may have been cut to the longest says little of the timeout', () => {
  assert.ok(leaseMs({ ...stock, heartbeatMs: 120_000 }) > 36_000_000);
  assert.ok(leaseMs({ ...stock, heartbeatMs: 1_000 }) >= 2_000 + 1_250 + 500);
});

test('without ffsplit a stock node may cast without a connection: no time ends it', () => {
  for (const algorithm of ['lms', 'twoNodeLms', 'test'] as const) {
    assert.equal(leaseMs({ ...stock, algorithm }), Number.POSITIVE_INFINITY);
    assert.equal(freeAtMs({ ...stock, algorithm }, 'finished', 0, 0), Number.POSITIVE_INFINITY);
  }
});

test('a node that says its bound is held to it, under any algorithm and however it went', () => {
  for (const algorithm of ['ffsplit', 'lms', 'twoNodeLms', 'test'] as const) {
    const own = { heartbeatMs: 8_000, castBoundMs: 12_000, algorithm };
    assert.equal(freeAtMs(own, 'finished', 100, 5_000), 100 + 12_000 + 1_000);
    assert.equal(freeAtMs(own, 'broken', 100, 12_100), 100 + 12_000 + 1_000);
  }
});

test('a bound that cannot be meant is none', () => {
  for (const castBoundMs of [0, 999, 36_000_001]) assert.equal(leaseMs({ ...stock, castBoundMs }), leaseMs(stock));
});
