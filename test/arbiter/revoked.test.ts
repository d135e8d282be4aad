/** Certificates that an operator has revoked: who is closed, who is not let in, and what becomes of the vote. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from './world.ts';

const certificate = (fingerprint: string) => ({ commonName: 'tst', dnsNames: [], ipAddresses: [], fingerprint });

function joined(world: World, client: number, nodeId: number, fingerprint: string, cluster = 'tst'): void {
  world.connect(client);
  world.secured(client, certificate(fingerprint));
  world.preinit(client, cluster);
  world.heard(client);
  world.init(client, nodeId, { cluster });
}

const revokedIn = (world: World) =>
  world.reports.flatMap((report) => (report.what === 'certificateRevoked' ? [[report.client, report.nodeId]] : []));

test('who has the certificate is closed, member or not, and nobody else is', () => {
  const world = new World({ voteSafety: 'strict' });
  joined(world, 1, 1, 'stolen');
  joined(world, 2, 2, 'own');
  joined(world, 3, 1, 'other', 'another');
  world.connect(4);
  world.secured(4, certificate('stolen'));
  world.connect(5);
  world.revoke('stolen', 'never seen');
  assert.deepEqual([...world.closed], [1, 4]);
  assert.deepEqual(revokedIn(world), [
    [1, 1],
    [4, undefined],
  ]);
});

test('whoever comes with it later is closed before a word of his is read; the list is always the whole one', () => {
  const world = new World({ voteSafety: 'strict' });
  world.revoke('stolen');
  world.connect(1);
  world.secured(1, certificate('stolen'));
  assert.ok(world.closed.has(1));
  world.preinit(1);
  assert.deepEqual(world.heard(1), []);
  world.revoke();
  joined(world, 2, 1, 'stolen');
  assert.equal(world.code(2), 0);
});

test('what a revoked node was granted is a lease: the other half waits until it can be casting no more', () => {
  const world = new World({ voteSafety: 'strict' });
  for (const [client, fingerprint] of [
    [1, 'stolen'],
    [2, 'own'],
  ] as const) {
    joined(world, client, client, fingerprint);
    world.config(client, [1, 2]);
    world.membership(client, [1, 8n], [1, 2]);
  }
  const confirmAll = () => {
    const votes: string[] = [];
    for (const client of [1, 2]) {
      for (const { name, options } of world.closed.has(client) ? [] : world.heard(client)) {
        if (name !== 'voteInfo') continue;
        votes.push(`${client} ${options.vote}`);
        world.confirm(client, options.msgSeqNumber ?? 0);
      }
    }
    return votes;
  };
  confirmAll();
  world.membership(2, [2, 12n], [2]);
  world.membership(1, [1, 12n], [1]);
  for (let round = 0; round < 3; round += 1) confirmAll();
  world.revoke('stolen');
  assert.deepEqual(confirmAll(), []);
  const held = world.arbiter.snapshot(world.nowMs).clusters[0]?.vote.held;
  assert.deepEqual(
    held?.waitsFor.map(({ nodeId, reason }) => [nodeId, reason]),
    [[1, 'lease']],
  );
});
